// Package linktest is a network link for tests between a client and a server. The link
// can be slow, stop carrying anything, or lose connections without telling either side.
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
	open  chan struct{} // closed unless the link is paused
	pairs map[*pair]bool
	delay time.Duration
}

// pair is one connection through the link, with its two ends.
type pair struct {
	near, far net.Conn
	lost      chan struct{} // closed by Blackhole
	once      sync.Once
}

// Start returns a link to the server, which need not run yet. The link ends with the
// test.
func Start(t testing.TB, server string) *Link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &Link{listener: listener, server: server, ended: make(chan struct{}), open: make(chan struct{}), pairs: map[*pair]bool{}}
	close(l.open)
	l.running.Go(l.accept)
	t.Cleanup(func() {
		close(l.ended)
		_ = listener.Close()
		l.mu.Lock()
		for w := range l.pairs {
			_, _ = w.near.Close(), w.far.Close()
		}
		l.mu.Unlock()
		l.running.Wait()
	})
	return l
}

// Addr returns the host and port that clients connect to.
func (l *Link) Addr() string { return l.listener.Addr().String() }

// Pause stops carrying data. Connections stay open on both sides, and are silent.
func (l *Link) Pause() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
		l.open = make(chan struct{})
	default:
	}
}

// Resume carries data again, beginning with what was sent during the pause.
func (l *Link) Resume() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}

// Blackhole makes the present connections carry nothing any more, while both sides
// believe them open; new connections work. It returns how many there were.
func (l *Link) Blackhole() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	for w := range l.pairs {
		w.once.Do(func() { close(w.lost) })
	}
	return len(l.pairs)
}

// SetDelay delays every piece of data, of at most 32 KiB, by so long.
func (l *Link) SetDelay(delay time.Duration) {
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
		w := &pair{near: near, far: far, lost: make(chan struct{})}
		l.mu.Lock()
		l.pairs[w] = true
		select {
		case <-l.ended:
			_, _ = near.Close(), far.Close()
		default:
		}
		l.mu.Unlock()
		l.running.Go(func() { l.forward(w, near, far) })
		l.running.Go(func() { l.forward(w, far, near) })
	}
}

// forward forwards one direction. When one side closes the connection, the other side
// is closed too, unless the connection is lost.
func (l *Link) forward(w *pair, from, to net.Conn) {
	piece := make([]byte, 32<<10)
	for {
		n, err := from.Read(piece)
		if !l.awaitTurn(w) {
			// What is still sent is accepted and dropped.
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if n > 0 && err == nil {
			_, err = to.Write(piece[:n])
		}
		if err != nil {
			_, _ = from.Close(), to.Close()
			l.mu.Lock()
			delete(l.pairs, w)
			l.mu.Unlock()
			return
		}
	}
}

// awaitTurn waits until data may be carried, and reports false when it never will be.
func (l *Link) awaitTurn(w *pair) bool {
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
