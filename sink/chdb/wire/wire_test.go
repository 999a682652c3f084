package wire

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// Users of the engine under test.
const (
	testPassword   = "p'ä ss\\"
	readerPassword = "look, don't touch"
)

var testUsers = []engine.User{
	{Name: "default"},
	{Name: "writer", Password: testPassword},
	{Name: "reader", Password: readerPassword, ReadOnly: true},
}

// The library serves one engine per process, so all tests of the package share
// it; each keeps to tables of its own name.
var shared struct {
	once   sync.Once
	dir    string
	engine *engine.Engine
	err    error
}

// testEngine returns the package's engine, opened at the first call.
func testEngine(t testing.TB) *engine.Engine {
	t.Helper()
	shared.once.Do(func() {
		library := os.Getenv("CITYTALLY_LIBCHDB")
		if library == "" {
			shared.err = errors.New("CITYTALLY_LIBCHDB: want the path of libchdb, got nothing")
			return
		}
		if shared.dir, shared.err = os.MkdirTemp("", "wire"); shared.err != nil {
			return
		}
		shared.engine, shared.err = engine.Open(engine.Config{Library: library, Dir: shared.dir, Users: testUsers})
	})
	if shared.err != nil {
		t.Fatalf("open engine: %v", shared.err)
	}
	return shared.engine
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.engine != nil {
		if err := shared.engine.Close(); err != nil {
			fmt.Fprintln(os.Stderr, "close engine:", err)
			code = 1
		}
	}
	if shared.dir != "" {
		if err := os.RemoveAll(shared.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}
