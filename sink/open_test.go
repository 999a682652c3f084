package sink

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
)

func TestOpenRefusesWrongPassword(t *testing.T) {
	dsn, err := url.Parse(engine.start(t).DSN(chdbtest.User))
	if err != nil {
		t.Fatal(err)
	}
	dsn.User = url.UserPassword(chdbtest.User, "wrong-secret")
	_, err = Open(t.Context(), dsn.String(), testConfig(), testLogger(t))
	if !hasCode(err, codeAuthentication) || !strings.Contains(err.Error(), "check user and password") || strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("got %v", err)
	}
}

func TestOpenWaitsForTheServer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	var lines lockedBuffer
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err = Open(ctx, "clickhouse://default:s3cret@"+address+"/citytally", testConfig(), zerolog.New(&lines))
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), address) {
		t.Errorf("got %v", err)
	}
	if lines.count("reach ClickHouse") != 1 || lines.count("start ClickHouse, or correct the address") != 1 || lines.count("s3cret") != 0 {
		t.Errorf("logged:\n%s", lines.b.String())
	}
}

func TestOpenKeepsTheSecretOfABrokenDSN(t *testing.T) {
	_, err := Open(t.Context(), "clickhouse://default:s3cret@host:port:9000/%zz", testConfig(), testLogger(t))
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
}

func TestDatabaseOfSettingsThenDSNThenDefault(t *testing.T) {
	server := engine.start(t)
	for _, tt := range []struct{ path, setting, want string }{
		{"/stats", "", "stats"}, {"", "", "citytally"}, {"/", "", "citytally"}, {"/stats", "other", "other"},
	} {
		dsn, err := url.Parse(server.DSN(chdbtest.User))
		if err != nil {
			t.Fatal(err)
		}
		dsn.Path = tt.path
		if s := openStore(t, dsn.String(), tt.setting); s.database != tt.want {
			t.Errorf("path %q, setting %q: database %q, want %q", tt.path, tt.setting, s.database, tt.want)
		}
	}
}

func overHTTP(t testing.TB, database string) *Store {
	t.Helper()
	server := engine.start(t)
	dsn, err := url.Parse(server.DSN(chdbtest.User))
	if err != nil {
		t.Fatal(err)
	}
	dsn.Scheme, dsn.Host = "http", server.HTTPAddr()
	return openStore(t, dsn.String(), database)
}

// The name of a database in a DSN may need quoting; it is passed on as it is.
func TestMigrateCreatesDatabaseOfAnyName(t *testing.T) {
	for _, scheme := range []string{"clickhouse", "http"} {
		server := engine.start(t)
		dsn, err := url.Parse(server.DSN(chdbtest.User))
		if err != nil {
			t.Fatal(err)
		}
		if dsn.Path = "/a-b c`d"; scheme == "http" {
			dsn.Scheme, dsn.Host = scheme, server.HTTPAddr()
		}
		s, err := Open(t.Context(), dsn.String(), DefaultConfig(), zerolog.Nop())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.createDatabase(t.Context()), s.Close()); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
		var name string
		if err := openStore(t, server.DSN(chdbtest.User), "").conn.QueryRow(t.Context(),
			"SELECT name FROM system.databases WHERE name = ?", "a-b c`d").Scan(&name); err != nil {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

func TestStoreOverHTTP(t *testing.T) {
	t.Parallel()
	s := overHTTP(t, freshDatabase())
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	accepted, verdicts, totals := everything(t)
	put(t, s, &observationBlock{}, 1, accepted...)
	put(t, s, &verdictBlock{}, 1, verdicts...)
	put(t, s, &totalsBlock{}, 1, totals...)
	native := openStore(t, engine.start(t).DSN(chdbtest.User), s.database)
	for view, answer := range snapshot(t, native) {
		if got := query(t, s, "SELECT * FROM "+view+" ORDER BY ALL"); got != answer {
			t.Errorf("%s over HTTP:\n%sand natively:\n%s", view, got, answer)
		}
	}
}
