// Package limits holds what the servers of both protocols grant their clients:
// how many connect, for how long a server waits for one, and how much comes
// with a query.
//
// Nothing comes in; out go a struct with defaults and two constants. No limit
// is enforced here.
package limits

import (
	"cmp"
	"time"
)

// Limits of what comes with one query over either protocol, in bytes. ClickHouse holds both in memory.
const (
	// QueryBytes bounds a query's text.
	QueryBytes = 64 << 20
	// ExternalTableBytes bounds the tables sent along with a query, together.
	ExternalTableBytes = 256 << 20
)

// Clients are the limits one server sets its clients. The zero value stands for the defaults named beside each field.
type Clients struct {
	// MaxConnections bounds the clients served at once by one listener
	// (default 1024). When there is one more, the oldest leaves that has not said
	// who it is.
	MaxConnections int
	// MaxReaders bounds those of users who only read (default three quarters of
	// MaxConnections), so that the pipeline always gets in.
	MaxReaders int
	// SpillBytes bounds the answers that are held back on disk (wait_end_of_query), all
	// together (default 1 GiB).
	SpillBytes int64
	// HandshakeTimeout bounds the time from a client's connect to the end of
	// its greeting (default 10 s).
	HandshakeTimeout time.Duration
	// SendTimeout bounds how long one write may wait for a client that does
	// not read (default 5 min).
	SendTimeout time.Duration
	// StopGrace is how long running queries may still finish once the server
	// is told to stop (default 5 s).
	StopGrace time.Duration
}

// Defaults returns c with every unset field at its default.
func (c Clients) Defaults() Clients {
	c.MaxConnections = cmp.Or(c.MaxConnections, 1024)
	return Clients{
		MaxConnections:   c.MaxConnections,
		MaxReaders:       cmp.Or(c.MaxReaders, max(1, c.MaxConnections*3/4)),
		SpillBytes:       cmp.Or(c.SpillBytes, 1<<30),
		HandshakeTimeout: cmp.Or(c.HandshakeTimeout, 10*time.Second),
		SendTimeout:      cmp.Or(c.SendTimeout, 5*time.Minute),
		StopGrace:        cmp.Or(c.StopGrace, 5*time.Second),
	}
}
