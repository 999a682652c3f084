package httpinterface

import (
	"net/http"
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func TestSession(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	in := func(sql string, more ...string) call {
		c := call{path: query("", append([]string{"session_id", "s1"}, more...)...), body: sql}
		return c
	}
	expect := func(t *testing.T, c call, want string) {
		t.Helper()
		if got := c.must(t, base); got != want {
			t.Errorf("%s: %q, want %q", c.body, got, want)
		}
	}
	refused := func(t *testing.T, c call, status int, has string) {
		t.Helper()
		if got := c.send(t, base); got.status != status || !strings.Contains(got.body, has) {
			t.Errorf("%s: status %d, body %q; want %d, %q", c.body, got.status, got.body, status, has)
		}
	}
	refused(t, in("SELECT 1", "session_check", "1"), http.StatusInternalServerError, "Code: 372.")
	expect(t, in("CREATE TEMPORARY TABLE kept (a Int32)"), "")
	expect(t, in("INSERT INTO kept VALUES (4)"), "")
	expect(t, in("SELECT a FROM kept", "session_check", "1"), "4\n")
	refused(t, call{body: "SELECT a FROM kept"}, http.StatusNotFound, "Code: 60.")

	expect(t, in("SET max_threads = 3"), "")
	expect(t, in("SELECT getSetting('max_threads')", "max_threads", "7"), "7\n")
	expect(t, in("SELECT getSetting('max_threads')"), "3\n")
	expect(t, in("SELECT getSetting('max_block_size') = 11", "max_block_size", "11"), "1\n")
	expect(t, in("SELECT getSetting('max_block_size') = 11"), "0\n")

	expect(t, in("SELECT currentDatabase()", "database", "system"), "system\n")
	expect(t, in("SELECT currentDatabase()"), "default\n")
	expect(t, in("USE system"), "")
	expect(t, in("SELECT currentDatabase()"), "system\n")

	get := in("")
	get.body, get.method, get.path = "", http.MethodGet, query("SELECT a FROM kept", "session_id", "s1")
	expect(t, get, "4\n")
	get.path = query("/* no */ INSERT INTO kept VALUES (5)", "session_id", "s1")
	refused(t, get, http.StatusInternalServerError, readonlyHint)
	get.path = query("DROP TABLE kept", "session_id", "s1")
	refused(t, get, http.StatusInternalServerError, readonlyHint)
	expect(t, in("SELECT a FROM kept"), "4\n")

	other := in("SELECT a FROM kept", "session_check", "1")
	other.header = map[string]string{"X-ClickHouse-User": "writer", "X-ClickHouse-Key": enginetest.WriterPassword}
	refused(t, other, http.StatusInternalServerError, "Code: 372.") // another user's session of that name

	refused(t, in("SELECT 1", "session_timeout", "3601"), http.StatusInternalServerError, "Code: 374.")
	refused(t, in("SELECT 1", "session_timeout", "x"), http.StatusInternalServerError, "Code: 374.")
	expect(t, in("SELECT 1", "close_session", "1"), "1\n")
	refused(t, in("SELECT 1", "session_check", "1"), http.StatusInternalServerError, "Code: 372.")
}

// TestSessionExpires checks that an idle session goes by itself.
func TestSessionExpires(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	call{path: query("SELECT 1", "session_id", "short", "session_timeout", "0")}.must(t, base)
	enginetest.WaitFor(t, "the session to expire", func() bool {
		got := call{path: query("SELECT 1", "session_id", "short", "session_check", "1", "session_timeout", "0")}.send(t, base)
		return strings.Contains(got.body, "Code: 372.")
	})
}

// TestSessionLocked checks that a session serves one request at a time.
func TestSessionLocked(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	ended := make(chan string, 1)
	go func() {
		got := call{path: query("SELECT count() FROM system.numbers WHERE 31 = 31", "session_id", "busy", "query_id", "busy query")}.send(t, base)
		ended <- got.body
	}()
	enginetest.WaitFor(t, "the query to run", func() bool { return enginetest.Running(t, "31 = 31") })
	got := call{path: query("SELECT 1", "session_id", "busy")}.send(t, base)
	if !strings.Contains(got.body, "Code: 373.") {
		t.Errorf("second request: %q, want code 373", got.body)
	}
	if got := (call{path: query("SELECT 1", "query_id", "busy query")}).send(t, base); !strings.Contains(got.body, "Code: 216.") {
		t.Errorf("same query id: %q, want code 216", got.body)
	}
	call{body: "KILL QUERY WHERE query LIKE '%31 = 31%' AND query NOT LIKE '%KILL%' ASYNC"}.must(t, base)
	if body := <-ended; !strings.Contains(body, "Code: 394.") {
		t.Errorf("killed query: %q, want code 394", body)
	}
	if got := (call{path: query("SELECT 1", "session_id", "busy")}).must(t, base); got != "1\n" {
		t.Errorf("after it: %q", got)
	}
}
