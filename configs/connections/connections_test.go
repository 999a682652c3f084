package connections

import (
	"io"
	"net"
	"testing"
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

// One client is known on so many connections at once, and gives way with the others.
func TestOneClientDoesNotFillAListener(t *testing.T) {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Listen(plain, 3)
	defer l.Close()
	greedy, greedyServer := pair(t, l)
	greedyServer.KnowAs("greedy", 1)
	second, secondServer := pair(t, l)
	secondServer.KnowAs("greedy", 1)
	other, otherServer := pair(t, l)
	otherServer.KnowAs("other", 1)
	pair(t, l)
	if !isOpen(greedy, greedyServer) || !isOpen(other, otherServer) || isOpen(second, secondServer) {
		t.Error("want the second connection of one client to give way, and no other")
	}
	greedyServer.Know(false)
	if err := otherServer.Close(); err != nil {
		t.Fatal(err)
	}
	if len(l.clients) != 0 {
		t.Errorf("clients %v are counted", l.clients)
	}
}
