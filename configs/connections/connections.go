package connections

import (
	"container/list"
	"crypto/tls"
	"net"
	"sync"
)

// Listener accepts at most a number of connections at once.
type Listener struct {
	net.Listener
	most int

	mu        sync.Mutex
	open      int
	strangers *list.List     // of *Conn, the oldest first
	clients   map[string]int // connections of clients who were named to KnowAs
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
	return &Listener{Listener: l, most: most, strangers: list.New(), clients: map[string]int{}}
}

// Accept implements net.Listener. Its connections are of type *Conn.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		socket, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &Conn{Conn: socket, listener: l}
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
	listener *Listener

	// These are guarded by listener.mu.
	place  *list.Element // among the strangers; nil while the client is known
	gone   bool          // no longer counted
	client string        // who was named to KnowAs; "" is nobody
}

// Of returns the Conn that a connection is, also below TLS.
func Of(c net.Conn) (*Conn, bool) {
	if encrypted, is := c.(*tls.Conn); is {
		c = encrypted.NetConn()
	}
	known, is := c.(*Conn)
	return known, is
}

// KnowAs is Know(true) for a client with a name, of whom at most so many connections at once are
// kept from giving way.
func (c *Conn) KnowAs(client string, most int) {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	if c.gone || c.place == nil || c.listener.clients[client] >= most {
		return
	}
	c.listener.clients[client]++
	c.client = client
	c.listener.strangers.Remove(c.place)
	c.place = nil
}

// forget ends what KnowAs has counted. The caller holds listener.mu.
func (c *Conn) forget() {
	if c.client == "" {
		return
	}
	if c.listener.clients[c.client]--; c.listener.clients[c.client] == 0 {
		delete(c.listener.clients, c.client)
	}
	c.client = ""
}

// Know says whether the server knows the connection's client, so that it does not give way to others.
func (c *Conn) Know(known bool) {
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	switch {
	case c.gone:
	case known && c.place != nil:
		c.listener.strangers.Remove(c.place)
		c.place = nil
	case !known && c.place == nil:
		c.forget()
		c.place = c.listener.strangers.PushBack(c)
	}
}

// Close implements net.Conn.
func (c *Conn) Close() error {
	c.listener.mu.Lock()
	if !c.gone {
		c.gone = true
		c.listener.open--
		c.forget()
		if c.place != nil {
			c.listener.strangers.Remove(c.place)
			c.place = nil
		}
	}
	c.listener.mu.Unlock()
	return c.Conn.Close()
}
