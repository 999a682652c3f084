package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

// rivalVariable names the one that makes this test binary a second process, which tries to open the directory in it.
const rivalVariable = "CITYTALLY_ENGINE_TEST_RIVAL"

var users = []engine.User{
	{Name: "default", Password: "main"},
	{Name: "analyst", Password: "数据", ReadOnly: true},
}

// shared is the one engine of the test process; its directory is under TestMain's care.
var shared struct {
	library   string
	engine    *engine.Engine
	dir       string
	databases atomic.Int64
}

func TestMain(m *testing.M) {
	if slices.Contains(os.Args, confinedArgument) {
		if err := beUncheckedEngine(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	library, err := libchdb.Fetch(context.Background(), libchdb.Config{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	shared.library = library
	if dir := os.Getenv(rivalVariable); dir != "" {
		_, err := engine.Open(config(dir))
		fmt.Println(err)
		return
	}
	goleak.VerifyTestMain(testsOnOneEngine{m})
}

// testsOnOneEngine opens the shared engine for the tests and closes it after them.
type testsOnOneEngine struct{ tests *testing.M }

// Run implements goleak.TestingM.
func (o testsOnOneEngine) Run() int {
	dir, err := os.MkdirTemp("", "citytally-engine-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	shared.dir = filepath.Join(dir, "data")
	if err := config(shared.dir).Prepare(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if shared.engine, err = engine.Open(config(shared.dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := o.tests.Run()
	if err := shared.engine.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func config(dir string) engine.Config {
	return engine.Config{Library: shared.library, Dir: dir, ConfigDir: dir + "-config", Users: users, Logger: zerolog.Nop(), MaxMemory: 2 << 30,
		Databases: []string{"test*", "default"}, Readable: []string{"test*.*"}}
}

// open gives a test a session of its own user in a database of its own.
func open(t testing.TB, user engine.User) *engine.Session {
	t.Helper()
	name := fmt.Sprintf("test_%d", shared.databases.Add(1))
	admin := openIn(t, engine.User{}, "")
	exec1(t, admin, "CREATE DATABASE "+name)
	return openIn(t, user, name)
}

func openIn(t testing.TB, user engine.User, database string) *engine.Session {
	t.Helper()
	s, err := shared.engine.Session(t.Context(), user, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func exec1(t testing.TB, s *engine.Session, queries ...string) {
	t.Helper()
	for _, query := range queries {
		if err := s.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

// one returns the answer of a query in TSVRaw, without the last line break.
func one(t testing.TB, s *engine.Session, query string) string {
	t.Helper()
	result, err := s.Query(t.Context(), query, "TSVRaw")
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.TrimSuffix(string(result.Data), "\n")
}

// wantCode fails the test unless err is an *exception.Error of that code.
func wantCode(t testing.TB, err error, code proto.Error) *exception.Error {
	t.Helper()
	var e *exception.Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got error %v, want code %d", err, code)
	}
	return e
}

func TestVersionAndTimezone(t *testing.T) {
	if !strings.HasPrefix(shared.engine.Version(), "26.") {
		t.Errorf("version %q, want 26.something", shared.engine.Version())
	}
	if got, want := shared.engine.Timezone(), one(t, openIn(t, engine.User{}, ""), "SELECT timezone()"); got != want {
		t.Errorf("timezone %q, want %q", got, want)
	}
}

func TestOpenTwiceInOneProcess(t *testing.T) {
	_, err := engine.Open(config(t.TempDir()))
	if err == nil || !strings.Contains(err.Error(), "this process has one open already") {
		t.Fatalf("got %v", err)
	}
}

func TestOpenWhileAnotherProcessHasTheDirectory(t *testing.T) {
	rival := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	rival.Env = append(os.Environ(), rivalVariable+"="+shared.dir)
	out, err := rival.Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := string(out); !strings.Contains(got, "take data directory "+shared.dir) || !strings.Contains(got, "another process using it") {
		t.Fatalf("the second process says %q", got)
	}
	if got := one(t, openIn(t, engine.User{}, ""), "SELECT 1"); got != "1" {
		t.Fatalf("after the rival: got %q", got)
	}
}

func TestOpenRefusesBadConfig(t *testing.T) {
	_, err := engine.Open(engine.Config{Dir: "relative", MaxMemory: -1, Users: []engine.User{{}, {Name: "a"}, {Name: "a"}}})
	for _, want := range []string{
		"library: want the path", "dir: want an absolute path", "config dir: want an absolute path", "max memory: want 0 or more bytes, got -1",
		"users[0]: want a name", `users[2]: "a" is there twice`,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %q", err, want)
		}
	}
}

func TestConfigFilesArePrivate(t *testing.T) {
	for _, name := range []string{"config.xml", "users.xml"} {
		info, err := os.Stat(filepath.Join(config(shared.dir).ConfigDir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o600 {
			t.Errorf("%s has permissions %o, want 600", name, got)
		}
	}
}

// An engine that could write its own grants would have none.
func TestConfigIsOutsideTheDataDirectory(t *testing.T) {
	dir := t.TempDir()
	for inside, wrong := range map[string]bool{dir: true, filepath.Join(dir, "config"): true, dir + "-config": false, filepath.Dir(dir): false} {
		cfg := config(dir)
		cfg.ConfigDir = inside
		if err := cfg.Validate(); (err != nil) != wrong {
			t.Errorf("data in %s, configuration in %s: got %v", dir, inside, err)
		}
	}
}

// ClickHouse ignores a key of its configuration that it does not know.
func TestConfigIsInForce(t *testing.T) {
	s := openIn(t, engine.User{}, "")
	for query, want := range map[string]string{
		"SELECT value FROM system.merge_tree_settings WHERE name = 'min_bytes_for_wide_part'": "134217728",
		"SELECT value FROM system.merge_tree_settings WHERE name = 'merge_selector_base'":     "10",
		"SELECT value FROM system.server_settings WHERE name = 'memory_worker_period_ms'":     "1000",
		"SELECT value FROM system.merge_tree_settings WHERE name = 'auto_statistics_types'":   "",
	} {
		if got := one(t, s, query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	for _, test := range []struct {
		name, password string
		want           string // "" is a refusal
	}{
		{"default", "main", "default"},
		{"", "main", "default"},
		{"analyst", "数据", "analyst"},
		{"analyst", "main", ""},
		{"default", "", ""},
		{"nobody", "main", ""},
	} {
		user, err := shared.engine.Authenticate(test.name, test.password)
		if test.want != "" {
			if err != nil || user.Name != test.want {
				t.Errorf("%q, %q: got user %q and %v", test.name, test.password, user.Name, err)
			}
			continue
		}
		if e := wantCode(t, err, proto.ErrAuthenticationFailed); !strings.Contains(e.Error(), "Authentication failed: password is incorrect, or there is no user with such name") {
			t.Errorf("%q: got %v", test.name, err)
		}
	}
}

// The library resets SIGSEGV to the system's default when told to install no handlers.
func TestNilDereferenceStaysAPanic(t *testing.T) {
	defer func() {
		if recovered := recover(); recovered == nil {
			t.Error("no panic")
		}
	}()
	var nothing *bytes.Buffer
	nothing.WriteByte(0)
}

func TestSessionInUnknownDatabase(t *testing.T) {
	_, err := shared.engine.Session(t.Context(), engine.User{}, "no`where")
	wantCode(t, err, 81)
}

func TestSessionsAreApart(t *testing.T) {
	a, b := open(t, engine.User{}), open(t, engine.User{})
	exec1(t, a, "SET max_threads = 1", "CREATE TEMPORARY TABLE mine (x Int8)", "SET param_name = 'O''Neil'")
	if got := one(t, a, "SELECT getSetting('max_threads'), {name:String}"); got != "1\tO'Neil" {
		t.Errorf("own session: got %q", got)
	}
	exec1(t, b, "SET max_threads = 2")
	if got := one(t, a, "SELECT getSetting('max_threads')"); got != "1" {
		t.Errorf("the other session's setting shows: got %q", got)
	}
	wantCode(t, b.Exec(t.Context(), "SELECT * FROM mine"), 60)
	if one(t, a, "SELECT currentDatabase()") == one(t, b, "SELECT currentDatabase()") {
		t.Error("both sessions are in one database")
	}
}

func TestCancelledBeforeItBegan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := shared.engine.Session(ctx, engine.User{}, ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Session: got %v", err)
	}
	err := openIn(t, engine.User{}, "").Exec(ctx, "SELECT 1")
	wantCode(t, err, proto.ErrQueryWasCancelled)
}
