// Package linktest puts a network between two processes of a test that can be
// slow, fall silent, or lose its connections without a word.
package linktest

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// Link forwards what connects to its address to a server on loopback.
type Link struct {
	listener net.Listener
	server   string
	ended    chan struct{}
	running  sync.WaitGroup

	mu    sync.Mutex
	open  chan struct{} // closed while the link carries anything
	wires map[*wire]bool
	delay time.Duration
}

// wire is one connection through the link.
type wire struct {
	near, far net.Conn
	lost      chan struct{} // closed once nothing is carried any more
	once      sync.Once
}

// Start returns a link to the server, which need not run yet. It ends with the
// test.
func Start(t testing.TB, server string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, server: server, ended: make(chan struct{}), open: make(chan struct{}), wires: map[*wire]bool{}}
	close(l.open)
	l.running.Go(l.accept)
	t.Cleanup(func() {
		close(l.ended)
		_ = listener.Close()
		l.mu.Lock()
		for w := range l.wires {
			_, _ = w.near.Close(), w.far.Close()
		}
		l.mu.Unlock()
		l.running.Wait()
	})
	return l
}

// Addr is what to connect to, host:port.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Cut stops everything: what is connected stays so, and hears nothing.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
		l.open = make(chan struct{})
	default:
	}
}

// Mend lets everything through again, what was held back first.
func (l *Link) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}

// Lose makes the connections of now carry nothing for good, though neither side
// is told; new ones work. It returns how many there were.
func (l *Link) Lose() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.wires {
		w.once.Do(func() { close(w.lost) })
	}
	return len(l.wires)
}

// Slow makes everything that is sent, in pieces of 32 KiB at the most, take this
// long.
func (l *Link) Slow(delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = delay
}

func (l *Link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		w := &wire{near: near, far: far, lost: make(chan struct{})}
		l.mu.Lock()
		l.wires[w] = true
		select {
		case <-l.ended:
			_, _ = near.Close(), far.Close()
		default:
		}
		l.mu.Unlock()
		l.running.Go(func() { l.carry(w, near, far) })
		l.running.Go(func() { l.carry(w, far, near) })
	}
}

// carry forwards one direction. The end of a connection is told to the other
// side, unless the connection is lost.
func (l *Link) carry(w *wire, from, to net.Conn) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if !l.pass(w) {
			// Whoever still sends is taken in and not answered.
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if n > 0 && err == nil {
			_, err = to.Write(piece[:n])
		}
		if err != nil {
			_, _ = from.Close(), to.Close()
			l.mu.Lock()
			delete(l.wires, w)
			l.mu.Unlock()
			return
		}
	}
}

// pass waits for its turn, and reports false where there is none any more.
func (l *Link) pass(w *wire) bool {
	l.mu.Lock()
	open, delay := l.open, l.delay
	l.mu.Unlock()
	select {
	case <-w.lost:
		return false
	default:
	}
	select {
	case <-open:
	case <-w.lost:
		return false
	case <-l.ended:
		return false
	}
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-l.ended:
			return false
		}
	}
	return true
}
