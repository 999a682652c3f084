package enginetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

// Passwords of the engine's users: "default" has none, "writer" may do everything, "reader" may only read.
const (
	WriterPassword = "p'ä ss\\"
	ReaderPassword = "look, don't touch"
)

var shared struct {
	once   sync.Once
	dir    string
	engine *engine.Engine
	err    error
}

// Main is the TestMain of a package whose tests call [Open]:
//
//	func TestMain(m *testing.M) { enginetest.Main(m) }
//
// It runs the tests, closes the engine, checks that no goroutine is left and exits.
func Main(m *testing.M) { goleak.VerifyTestMain(closingTests{m}) }

// closingTests closes the shared engine after the tests.
type closingTests struct{ tests *testing.M }

// Run implements goleak.TestingM.
func (c closingTests) Run() int {
	code := c.tests.Run()
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "close engine:", err)
		return 1
	}
	return code
}

func closeShared() error {
	var err error
	if shared.engine != nil {
		err = shared.engine.Close()
	}
	if shared.dir != "" {
		err = errors.Join(err, os.RemoveAll(shared.dir))
	}
	return err
}

// Open returns the engine of this test binary, opened at the first call.
func Open(t testing.TB) *engine.Engine {
	t.Helper()
	shared.once.Do(func() {
		library, err := libchdb.Fetch(context.Background(), libchdb.Config{Progress: libchdb.PrintProgress(os.Stderr)})
		if err != nil {
			shared.err = err
			return
		}
		if shared.dir, shared.err = os.MkdirTemp("", "citytally-enginetest-"); shared.err != nil {
			return
		}
		cfg := engine.Config{Library: library, Dir: filepath.Join(shared.dir, "data"), ConfigDir: filepath.Join(shared.dir, "config"), Users: []engine.User{
			{Name: "default"},
			{Name: "writer", Password: WriterPassword},
			{Name: "reader", Password: ReaderPassword, ReadOnly: true},
		}, Databases: []string{"default", "http*", "odd*"}, Readable: []string{"default.*", "http*.*"}}
		if shared.err = cfg.Prepare(); shared.err == nil {
			shared.engine, shared.err = engine.Open(cfg)
		}
	})
	if shared.err != nil {
		t.Fatalf("open engine: %v", shared.err)
	}
	return shared.engine
}

// Session returns a session that may do everything, closed when the test ends.
func Session(t testing.TB) *engine.Session {
	t.Helper()
	s, err := Open(t).Session(t.Context(), engine.User{}, "")
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

// Query runs a statement on the engine itself, past the server under test, and returns its answer in format TSVRaw.
func Query(t testing.TB, query string) string {
	t.Helper()
	s, err := Open(t).Session(t.Context(), engine.User{}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	result, err := s.Query(t.Context(), query, "TSVRaw")
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return string(result.Data)
}

// Running says whether the engine runs a statement that contains text.
func Running(t testing.TB, text string) bool {
	t.Helper()
	count := Query(t, "SELECT count() FROM system.processes WHERE positionCaseInsensitive(query, '"+text+
		"') > 0 AND query NOT LIKE '%system.processes%'")
	return strings.TrimSpace(count) != "0"
}

// WaitFor fails the test unless the condition holds within 20 s.
func WaitFor(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}
