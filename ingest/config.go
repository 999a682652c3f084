package ingest

import (
	"errors"
	"fmt"
	"time"

	"github.com/citytally/citytally/configs/hostport"
	"github.com/citytally/citytally/configs/tlsfiles"
)

// Config is how the gateway works.
type Config struct {
	// Address is the host and port to listen on; port 0 takes any free one.
	Address string `yaml:"address"`
	// Hosts are names that the gateway is called by besides loopback and its address.
	Hosts []string `yaml:"-"`
	// TLS are the certificate files; without them the gateway speaks plain HTTP.
	TLS tlsfiles.Server `yaml:"tls"`
	// TokensFile is the YAML file with the bearer tokens and their areas. It is
	// read again when it changes.
	TokensFile string `yaml:"tokens_file"`
	// MaxBody is the largest upload, in bytes after decompression. A submission that is larger
	// than a message of the broker (max_payload) is stored in parts, all or none.
	MaxBody int64 `yaml:"max_body"`
	// MaxInFlight is how many uploads are decoded and stored at the same time, and how many
	// of one token may be under way. Four times as many may be arriving. It bounds the
	// memory they take. Uploads that wait for a verdict do not count.
	MaxInFlight int `yaml:"max_in_flight"`
	// MaxRate is how many uploads each second one token may send; twice as many at once.
	MaxRate int `yaml:"max_rate"`
	// MaxUnjudged is how many submissions of one area may wait for their verdict, so that others do
	// not wait long behind them; together they may be 64 MiB. More are refused for
	// a while. Those that the area published to the broker itself wait in DIRECT from a
	// sixteenth of that on.
	MaxUnjudged int `yaml:"max_unjudged"`
	// MaxWait caps how long a request may wait for its verdict (Prefer: wait=N).
	MaxWait time.Duration `yaml:"max_wait"`
	// ReadHeaderTimeout and ReadTimeout bound how long a client may take to send a
	// request's header and the whole request, and IdleTimeout how long a connection may
	// stay open without a request.
	ReadHeaderTimeout time.Duration `yaml:"read_header_timeout"`
	ReadTimeout       time.Duration `yaml:"read_timeout"`
	IdleTimeout       time.Duration `yaml:"idle_timeout"`
	// ShutdownGrace is how long requests under way may take to finish when the
	// program stops.
	ShutdownGrace time.Duration `yaml:"shutdown_grace"`
}

// DefaultConfig returns a gateway on 127.0.0.1:8470 that takes uploads of up to 64 MiB. It
// names no tokens file.
func DefaultConfig() Config {
	return Config{
		Address: "127.0.0.1:8470", MaxBody: maxBodyLimit, MaxInFlight: 32, MaxRate: 1000, MaxUnjudged: 2000, MaxWait: time.Minute,
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute, ShutdownGrace: 10 * time.Second,
	}
}

// maxBodyLimit is the most bytes that an upload may be allowed.
const maxBodyLimit = 64 << 20

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if _, _, err := hostport.Split(c.Address, "127.0.0.1:8470"); err != nil {
		report("ingest.address: %w", err)
	}
	errs = append(errs, c.TLS.Validate("ingest.tls"))
	if c.MaxBody < 1<<10 || c.MaxBody > maxBodyLimit {
		report("ingest.max_body: want 1024 to %d bytes, got %d", maxBodyLimit, c.MaxBody)
	}
	if c.MaxInFlight < 1 {
		report("ingest.max_in_flight: want at least 1, got %d", c.MaxInFlight)
	}
	if c.MaxRate < 1 {
		report("ingest.max_rate: want at least 1 upload each second, got %d", c.MaxRate)
	}
	if c.MaxUnjudged < 1 {
		report("ingest.max_unjudged: want at least 1 submission, got %d", c.MaxUnjudged)
	}
	if c.MaxWait < 0 || c.MaxWait > time.Hour {
		report("ingest.max_wait: want 0s to 1h, got %s", c.MaxWait)
	}
	for _, timeout := range []struct {
		key   string
		value time.Duration
	}{
		{"read_header_timeout", c.ReadHeaderTimeout}, {"read_timeout", c.ReadTimeout},
		{"idle_timeout", c.IdleTimeout}, {"shutdown_grace", c.ShutdownGrace},
	} {
		if timeout.value <= 0 {
			report("ingest.%s: want a positive duration such as 10s, got %s", timeout.key, timeout.value)
		}
	}
	return errors.Join(errs...)
}
