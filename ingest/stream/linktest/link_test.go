package linktest

import (
	"bufio"
	"fmt"
	"net"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestLinkForwards sends a line through a link to a server that echoes it, before and
// after a pause.
func TestLinkForwards(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	t.Cleanup(func() { _ = server.Close(); <-served })
	go func() {
		defer close(served)
		conn, err := server.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		for lines := bufio.NewScanner(conn); lines.Scan(); {
			fmt.Fprintln(conn, lines.Text())
		}
	}()
	link := Start(t, server.Addr().String())
	client, err := net.Dial("tcp", link.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	echoes := bufio.NewReader(client)
	for _, line := range []string{"before\n", "after\n"} {
		if _, err := client.Write([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if line == "after\n" {
			link.Resume()
		}
		if got, err := echoes.ReadString('\n'); err != nil || got != line {
			t.Fatalf("want %q, got %q and %v", line, got, err)
		}
		link.Pause()
	}
	link.Resume()
}
