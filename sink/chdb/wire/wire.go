package wire

import (
	"time"

	"github.com/rs/zerolog"
)

// Limits of what comes with one query over either protocol, in bytes: its text,
// and the tables sent along with it, which are held in memory as ClickHouse
// holds them.
const (
	maxQueryBytes    = 64 << 20
	maxExternalBytes = 256 << 20
)

// Config tells the servers how to treat their clients. The zero value serves
// with the defaults named beside each field and logs nothing.
type Config struct {
	// Logger receives lifecycle at Info, a client's own mistakes at Debug and
	// failed work at Error.
	Logger zerolog.Logger
	// MaxConnections bounds the clients served at once by one listener
	// (default 1024). One more waits until another leaves.
	MaxConnections int
	// HandshakeTimeout bounds the time from a client's connect to the end of
	// its greeting (default 10 s).
	HandshakeTimeout time.Duration
	// SendTimeout bounds how long one write may wait for a client that does
	// not read (default 5 min).
	SendTimeout time.Duration
	// Grace is how long running queries may still finish once the server is
	// told to stop (default 5 s).
	Grace time.Duration
}

// withDefaults returns c with every unset field at its default.
func (c Config) withDefaults() Config {
	if c.MaxConnections == 0 {
		c.MaxConnections = 1024
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = 10 * time.Second
	}
	if c.SendTimeout == 0 {
		c.SendTimeout = 5 * time.Minute
	}
	if c.Grace == 0 {
		c.Grace = 5 * time.Second
	}
	return c
}
