package httpinterface

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// TestStalledClient checks that a client which neither reads nor writes for long loses its connection, and that its
// query ends.
func TestStalledClient(t *testing.T) {
	base := startHTTP(t, limits.Clients{SendTimeout: 100 * time.Millisecond})
	connect := func(t *testing.T, request string) net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	t.Run("does not read", func(t *testing.T) {
		conn := connect(t, "GET "+query(slow+" WHERE 41 = 41")+" HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if _, err := bufio.NewReaderSize(conn, 16).ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		enginetest.WaitFor(t, "the query to end", func() bool { return !enginetest.Running(t, "41 = 41") })
	})
	t.Run("does not write", func(t *testing.T) {
		call{path: "/?query=CREATE+TABLE+IF+NOT+EXISTS+http_stalled+(a+Int8)+ENGINE=Memory", method: http.MethodPost}.must(t, base)
		conn := connect(t, "POST "+query("INSERT INTO http_stalled FORMAT TSV")+" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n1\n")
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("an unfinished insert is a 200")
		}
		if rows := (call{path: query("SELECT count() FROM http_stalled")}).must(t, base); rows != "0\n" {
			t.Errorf("%s rows committed", rows)
		}
	})
	t.Run("waits for its query", func(t *testing.T) { // longer than the timeout, which is about the client alone
		got := call{path: "/", body: "SELECT sleep(0.3)"}.must(t, base)
		if got != "0\n" {
			t.Errorf("%q", got)
		}
	})
}

// TestConnectionLimit checks that a connection beyond the limit is served, and the oldest idle one closed for it.
func TestConnectionLimit(t *testing.T) {
	base := startHTTP(t, limits.Clients{MaxConnections: 1})
	first, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	fmt.Fprint(first, "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
	answers := bufio.NewReader(first)
	if _, err := http.ReadResponse(answers, nil); err != nil {
		t.Fatal(err)
	}
	if got := (call{path: "/ping"}).send(t, base).body; got != "Ok.\n" {
		t.Errorf("the second connection: %q", got)
	}
	if _, err := io.Copy(io.Discard, answers); err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the first connection ends with %v", err)
	}
}

// TestPlayIsSelfContained checks that the page asks no other host for anything.
func TestPlayIsSelfContained(t *testing.T) {
	for _, foreign := range []string{"http:", "https:", "src=", "@import", "url("} {
		if strings.Contains(string(playPage), foreign) {
			t.Errorf("the page contains %q", foreign)
		}
	}
}
