package crowd

import (
	"container/list"
	"crypto/tls"
	"net"
	"sync"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// Listener accepts at most a number of connections at once.
type Listener struct {
	net.Listener
	most int

	mu        sync.Mutex
	open      int
	strangers *list.List // of *Conn, the oldest first
}

// Encrypted returns a listener on l with at most that many connections, which speak TLS where
// config is not nil. [Of] finds the Conn of each.
func Encrypted(l net.Listener, most int, config *tls.Config) net.Listener {
	limited := Listen(l, most)
	if config == nil {
		return limited
	}
	return tls.NewListener(limited, config)
}

// Listen returns a Listener on l with at most that many connections.
func Listen(l net.Listener, most int) *Listener {
	return &Listener{Listener: l, most: most, strangers: list.New()}
}

// Accept implements net.Listener. Its connections are of type *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		socket, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &Conn{Conn: socket, crowd: l}
		if l.add(c) {
			return c, nil
		}
		_ = socket.Close() // every connection is of somebody who is known
	}
}

// add makes room for c among the strangers.
func (l *Listener) add(c *Conn) bool {
	var oldest *Conn
	l.mu.Lock()
	if l.open >= l.most {
		front := l.strangers.Front()
		if front == nil {
			l.mu.Unlock()
			return false
		}
		oldest = l.strangers.Remove(front).(*Conn)
		oldest.place = nil
		l.open-- // of oldest, which is closed below
		oldest.gone = true
	}
	l.open++
	c.place = l.strangers.PushBack(c)
	l.mu.Unlock()
	if oldest != nil {
		_ = oldest.Conn.Close() // its server finds the consequence
	}
	return true
}

// Conn is a connection of a Listener.
type Conn struct {
	net.Conn
	crowd *Listener

	// Both are guarded by crowd.mu.
	place *list.Element // among the strangers; nil while the client is known
	gone  bool          // no longer counted
}

// Of returns the Conn that a connection is, also below TLS.
func Of(c net.Conn) (*Conn, bool) {
	if encrypted, is := c.(*tls.Conn); is {
		c = encrypted.NetConn()
	}
	known, is := c.(*Conn)
	return known, is
}

// Know says whether the server knows the connection's client, so that it does not give way to others.
func (c *Conn) Know(known bool) {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	switch {
	case c.gone:
	case known && c.place != nil:
		c.crowd.strangers.Remove(c.place)
		c.place = nil
	case !known && c.place == nil:
		c.place = c.crowd.strangers.PushBack(c)
	}
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.crowd.mu.Lock()
	if !c.gone {
		c.gone = true
		c.crowd.open--
		if c.place != nil {
			c.crowd.strangers.Remove(c.place)
			c.place = nil
		}
	}
	c.crowd.mu.Unlock()
	return c.Conn.Close()
}

// Readers counts what users who only read hold of something that others need too.
type Readers chan struct{}

// NewReaders returns a count of at most that many.
func NewReaders(most int) Readers { return make(Readers, most) }

// Enter takes one, which leave gives back; TOO_MANY_SIMULTANEOUS_QUERIES (202) when they hold all they can.
func (r Readers) Enter() (leave func(), err error) {
	select {
	case r <- struct{}{}:
		return func() { <-r }, nil
	default:
		return nil, exception.Newf(proto.ErrTooManySimultaneousQueries,
			"Too many connections: users who only read have %d at once; close some, or try again later", cap(r))
	}
}
