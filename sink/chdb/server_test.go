package chdb_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func connect(t *testing.T, dsn string) driver.Conn {
	t.Helper()
	options, err := clickhouse.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func execute(t *testing.T, conn driver.Conn, query string) {
	t.Helper()
	if err := conn.Exec(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func count(t *testing.T, conn driver.Conn) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(t.Context(), "SELECT count() FROM figures").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// overHTTP runs a query as curl would.
func overHTTP(t *testing.T, server *chdb.Server, user, password, query string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.HTTPURL(), strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}

func TestServer(t *testing.T) {
	cfg := chdbtest.Config(t)
	server, err := chdb.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	pid := server.PID()

	var database, version string
	conn := connect(t, server.DSN(chdbtest.User))
	if err := conn.QueryRow(t.Context(), "SELECT currentDatabase(), version()").Scan(&database, &version); err != nil {
		t.Fatal(err)
	}
	if database != chdb.Database || version != server.Version() || version == "" {
		t.Errorf("connected to database %q of version %q, want %q of %q", database, version, chdb.Database, server.Version())
	}
	if status, body := overHTTP(t, server, cfg.Users[0].Name, cfg.Users[0].Password, "SELECT 6 * 7"); status != http.StatusOK || body != "42" {
		t.Errorf("over HTTP: %d %q", status, body)
	}
	if status, body := overHTTP(t, server, cfg.Users[0].Name, "wrong", "SELECT 1"); status != http.StatusForbidden && status != http.StatusUnauthorized {
		t.Errorf("wrong password over HTTP: %d %q", status, body)
	}

	reader := connect(t, server.DSN(chdbtest.Reader))
	if err := reader.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := reader.Exec(t.Context(), "CREATE TABLE figures (n UInt64) ENGINE = MergeTree ORDER BY n"); err == nil {
		t.Error("the read-only user creates a table")
	}

	for range 2 {
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !gone(pid) {
		t.Errorf("child %d outlives Close", pid)
	}
	for _, address := range []string{server.NativeAddr(), server.HTTPAddr()} {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			t.Errorf("%s still accepts connections", address)
		}
	}
	if server.Away() == nil || server.PID() != 0 {
		t.Errorf("a closed server claims child %d", server.PID())
	}
}

func TestDataSurvivesReopen(t *testing.T) {
	dir := t.TempDir()
	for i := range 2 {
		server := chdbtest.Start(t, chdbtest.Dir(dir))
		conn := connect(t, server.DSN(chdbtest.User))
		execute(t, conn, "CREATE TABLE IF NOT EXISTS figures (n UInt64) ENGINE = MergeTree ORDER BY n")
		execute(t, conn, "INSERT INTO figures SELECT number FROM numbers(1000)")
		if got, want := count(t, conn), uint64(1000*(i+1)); got != want {
			t.Errorf("start %d: %d rows, want %d", i+1, got, want)
		}
		if err := server.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCrashRestartsOnTheSameAddress(t *testing.T) {
	server := chdbtest.Start(t)
	conn := connect(t, server.DSN(chdbtest.User))
	execute(t, conn, "CREATE TABLE figures (n UInt64) ENGINE = MergeTree ORDER BY n")
	execute(t, conn, "INSERT INTO figures SELECT number FROM numbers(1000)")
	pid := server.PID()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child has died", func() bool { return gone(pid) })

	// A new connection waits for the next child; no client has to try again.
	if got := count(t, connect(t, server.DSN(chdbtest.User))); got != 1000 {
		t.Errorf("%d rows after the crash, want 1000", got)
	}
	eventually(t, "the restart is counted", func() bool { return server.Restarts() == 1 })
	if again := server.PID(); again == pid || again == 0 {
		t.Errorf("child is %d after the crash, was %d", again, pid)
	}
	if err := server.Away(); err != nil {
		t.Error(err)
	}
}

// Rows that were acknowledged before a kill -9 are there after it, and an
// insert that was not is there as a whole or not at all.
func TestCrashLosesNothingAcknowledged(t *testing.T) {
	const batch = 100
	server := chdbtest.Start(t)
	conn := connect(t, server.DSN(chdbtest.User))
	execute(t, conn, "CREATE TABLE figures (n UInt64) ENGINE = MergeTree ORDER BY n")
	killed := false
	acknowledged := uint64(0)
	for !killed {
		finished := make(chan error, 1)
		go func() {
			finished <- conn.Exec(t.Context(), fmt.Sprintf("INSERT INTO figures SELECT number FROM numbers(%d)", batch))
		}()
		if acknowledged == 5*batch {
			killed = true
			if err := syscall.Kill(server.PID(), syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
		}
		switch err := <-finished; {
		case err == nil:
			acknowledged += batch
		case !killed:
			t.Fatal(err)
		}
	}
	got := count(t, connect(t, server.DSN(chdbtest.User)))
	if got != acknowledged && got != acknowledged+batch {
		t.Errorf("%d rows after the crash, %d acknowledged before it, in batches of %d", got, acknowledged, batch)
	}
}

func TestSecondOpenerIsRefused(t *testing.T) {
	dir := t.TempDir()
	first := chdbtest.Start(t, chdbtest.Dir(dir))
	second, err := chdb.Start(t.Context(), chdbtest.Config(t, chdbtest.Dir(dir)))
	if err == nil {
		second.Close()
	}
	if !errors.Is(err, chdb.ErrInUse) {
		t.Fatalf("got %v, want ErrInUse", err)
	}
	for _, want := range []string{dir, fmt.Sprintf("process %d", os.Getpid()), "chdb.dir"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not mention %q", err, want)
		}
	}
	if err := connect(t, first.DSN(chdbtest.User)).Ping(t.Context()); err != nil {
		t.Errorf("the first server is disturbed: %v", err)
	}
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := chdbtest.Config(t)
	cfg.NativePort = taken.Addr().(*net.TCPAddr).Port
	if _, err := chdb.Start(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "chdb.native_port") ||
		!strings.Contains(err.Error(), "address already in use") {
		t.Fatalf("got %v, want it to name the port taken", err)
	}
	cfg.NativePort = 0
	server, err := chdb.Start(t.Context(), cfg) // nothing is held by the failed start
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
}

// A kill -9 of the program leaves no engine behind, and its successor starts
// at once on the same directory.
func TestChildDiesWithItsParent(t *testing.T) {
	dir := t.TempDir()
	cfg := chdbtest.Config(t, chdbtest.Dir(dir))
	parent, pid := startParent(t, cfg)
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Fatal("the parent ended well, want killed")
	}
	// The successor starts at once: nothing has to be cleared away first.
	chdbtest.Start(t, chdbtest.Dir(dir))
	if !gone(pid) {
		t.Errorf("child %d outlives its parent", pid)
	}
}
