package crowd

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/citytally/citytally/sink/chdb/exception"
)

// pair connects a client to l and returns both ends.
func pair(t *testing.T, l *Listener) (client net.Conn, server *Conn) {
	t.Helper()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = accepted.Close() })
	return client, accepted.(*Conn)
}

func isOpen(client net.Conn, server *Conn) bool {
	if _, err := server.Write([]byte{1}); err != nil {
		return false
	}
	_, err := io.ReadFull(client, make([]byte, 1))
	return err == nil
}

// The oldest stranger gives way; whoever is known stays, and a stranger again gives way again.
func TestStrangersGiveWay(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(plain, 3)
	defer l.Close()
	known, knownServer := pair(t, l)
	knownServer.Know(true)
	first, firstServer := pair(t, l)
	second, secondServer := pair(t, l)
	third, thirdServer := pair(t, l)
	if isOpen(first, firstServer) {
		t.Error("the oldest stranger is still there")
	}
	for i, c := range []struct {
		client net.Conn
		server *Conn
	}{{known, knownServer}, {second, secondServer}, {third, thirdServer}} {
		if !isOpen(c.client, c.server) {
			t.Errorf("connection %d is closed", i)
		}
	}
	knownServer.Know(false)
	secondServer.Know(true)
	if err := thirdServer.Close(); err != nil {
		t.Fatal(err)
	}
	pair(t, l)
	if !isOpen(known, knownServer) {
		t.Error("a stranger gave way although one connection was free")
	}
	pair(t, l)
	if isOpen(known, knownServer) {
		t.Error("a client that is no longer known is still there")
	}
}

func TestReadersAreCounted(t *testing.T) {
	readers := NewReaders(1)
	leave, err := readers.Enter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := readers.Enter(); !errors.As(err, new(*exception.Error)) {
		t.Errorf("got %v", err)
	}
	leave()
	if _, err := readers.Enter(); err != nil {
		t.Error(err)
	}
}
