// Package natsdtest starts the embedded NATS server for a test: the same server that the
// program runs, on a directory and a port that only the test uses.
package natsdtest

import (
	"testing"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd"
)

// Option changes the server's configuration before it starts.
type Option func(*natsd.Config)

// Dir keeps the data in a directory that outlives the server, for tests that
// close and reopen it.
func Dir(dir string) Option {
	return func(c *natsd.Config) { c.Dir = dir }
}

// Start returns a server on loopback, with a free port and a temporary directory. It is
// closed when the test ends. It syncs every write, as the program does. Warnings and errors
// of the server go to the test's log.
func Start(t testing.TB, options ...Option) *natsd.Server {
	t.Helper()
	cfg := natsd.Config{}
	for _, option := range options {
		option(&cfg)
	}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	logger := zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel)
	s, err := natsd.Start(t.Context(), cfg, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
