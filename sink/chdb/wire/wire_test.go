package wire

import (
	"errors"
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

// FindLibrary returns the path of libchdb. TestMain, in the external test
// package, sets it: the package that fetches the library imports this one.
var FindLibrary func() (string, error)

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
		library, err := FindLibrary()
		if err != nil {
			shared.err = err
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

// CloseEngine closes and removes what testEngine opened.
func CloseEngine() error {
	var err error
	if shared.engine != nil {
		err = shared.engine.Close()
	}
	if shared.dir != "" {
		err = errors.Join(err, os.RemoveAll(shared.dir))
	}
	return err
}
