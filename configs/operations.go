package configs

import (
	"errors"
	"fmt"
	"net/url"

	"github.com/citytally/citytally/configs/hostport"
	"github.com/citytally/citytally/configs/tlsfiles"
)

// Operations is the HTTP server for those who run the program: metrics, health and
// readiness.
type Operations struct {
	// Address is the host and port to listen on. With port 0, or when the port is taken, it
	// is any free one. Empty does not listen.
	Address string `yaml:"address"`
	// TLS are the certificate files; without them the server speaks plain HTTP.
	TLS tlsfiles.Server `yaml:"tls"`
	// Hosts are names that the server is called by besides loopback and its address.
	Hosts []string `yaml:"-"`
	// PProf adds Go's profiles under /debug/pprof, on a loopback address only.
	PProf bool `yaml:"pprof"`
}

// Tracing is where the spans of the pipeline are sent.
type Tracing struct {
	// Endpoint is the URL of an OpenTelemetry collector that takes OTLP over
	// HTTP; empty traces nothing.
	Endpoint string `yaml:"endpoint"`
}

func (s *Settings) validateOperations() []error {
	errs := []error{s.Operations.TLS.Validate("operations.tls")}
	if o := s.Operations; o.Address != "" {
		host, _, err := hostport.Split(o.Address, `127.0.0.1:8471, or "" for none`)
		if err != nil {
			errs = append(errs, fmt.Errorf("operations.address: %w", err))
		} else if o.PProf && !hostport.IsLoopback(host) {
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
