package configs

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"

	"github.com/citytally/citytally/ingest/natsd"
)

// Operations is what the program tells those who run it, over HTTP: metrics,
// health, readiness.
type Operations struct {
	// Address is the host and port to listen on; port 0 takes any free one, and
	// so does a port that is taken. Empty does not listen.
	Address string `yaml:"address"`
	// PProf adds Go's profiles under /debug/pprof, on a loopback address only.
	PProf bool `yaml:"pprof"`
}

// Tracing is where spans of the pipeline go.
type Tracing struct {
	// Endpoint is the URL of an OpenTelemetry collector that takes OTLP over
	// HTTP; empty traces nothing.
	Endpoint string `yaml:"endpoint"`
}

func (s *Settings) validateOperations() []error {
	var errs []error
	if o := s.Operations; o.Address != "" {
		host, port, err := net.SplitHostPort(o.Address)
		if err != nil {
			errs = append(errs, fmt.Errorf(`operations.address: want host:port such as 127.0.0.1:8471, or "" for none, got %q`, o.Address))
		} else if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			errs = append(errs, fmt.Errorf("operations.address: want a port from 0 to 65535, got %q", port))
		} else if o.PProf && !natsd.IsLoopback(host) {
			errs = append(errs, fmt.Errorf("operations.pprof: want operations.address on loopback, such as 127.0.0.1:8471, got %q; profiles show what is in memory", o.Address))
		}
	} else if o.PProf {
		errs = append(errs, errors.New(`operations.pprof: want operations.address, got ""`))
	}
	if endpoint := s.Tracing.Endpoint; endpoint != "" {
		if u, err := url.Parse(endpoint); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			errs = append(errs, errors.New("tracing.endpoint: want an address such as http://localhost:4318; got another, which is not shown because it may hold a password"))
		}
	}
	return errs
}
