// Package chdbtest starts the embedded ClickHouse for a test: the same one the
// program runs, in a child process of the test binary, on a directory and
// ports of the test's own. In come a test and options; out goes a [chdb.Server]
// that is closed with the test.
//
// The library comes from libchdb.Fetch: the first test on a machine downloads it,
// unless the environment variable CITYTALLY_LIBCHDB names one. What never happens:
// a test needs a ClickHouse server, a fixed port or a directory that exists.
package chdbtest

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/libchdb"
)

const (
	// User may write; [chdb.Server.DSN] gives its address.
	User = "default"
	// Reader may only read.
	Reader = "reader"

	// childArgument makes a test binary the child. [Command] puts it after
	// -test.run=^$, so that a binary whose TestMain does not call BecomeChild
	// runs no tests, instead of all of them again.
	childArgument = "citytally-chdb-child"
)

// RunAtOnce has n parallel tests run at once, on however few processors, unless -parallel says
// how many. Tests of whole servers wait most of their time, for disks, timers and each other.
// [testing.M.Run] comes after it.
func RunAtOnce(n int) {
	const parallel = "test.parallel"
	flag.Parse()
	asked := false
	flag.Visit(func(f *flag.Flag) { asked = asked || f.Name == parallel })
	if !asked {
		if err := flag.Set(parallel, strconv.Itoa(n)); err != nil {
			panic(err)
		}
	}
}

// BecomeChild runs the engine and never returns in a process that [Start] has
// started; in a test binary that runs tests it does nothing. A TestMain calls it
// first.
func BecomeChild() {
	if !slices.Contains(os.Args, childArgument) {
		return
	}
	if err := chdb.Child(context.Background(), os.Stdin, os.Stdout); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// Command is the [chdb.Config] Command that runs this test binary as the child.
func Command() ([]string, error) {
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the test binary: %w", err)
	}
	return []string{executable, "-test.run=^$", childArgument}, nil
}

// Option changes the server's configuration before it starts.
type Option func(*chdb.Config)

// Dir keeps the tables in a directory that outlives the server, for tests that
// close and reopen it.
func Dir(dir string) Option {
	return func(c *chdb.Config) { c.Dir = dir }
}

// Start returns a server on loopback, any free ports and a temporary
// directory, closed when the test ends. Its users are [User] and [Reader],
// each with a password of its own; User may write to [chdb.Database], default and
// databases whose names begin with test or a. Warnings and errors go to the test's log.
// The test binary's TestMain must call [BecomeChild].
func Start(t testing.TB, options ...Option) *chdb.Server {
	t.Helper()
	server, err := chdb.Start(t.Context(), Config(t, options...))
	if err != nil {
		if strings.Contains(err.Error(), "no tests to run") {
			t.Fatal("the test binary ran as a test instead of as the engine: this package needs a TestMain that calls chdbtest.BecomeChild")
		}
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// Config is what [Start] starts with, for tests that start it themselves.
func Config(t testing.TB, options ...Option) chdb.Config {
	t.Helper()
	command, err := Command()
	if err != nil {
		t.Fatal(err)
	}
	cfg := chdb.Config{
		Command: command,
		Logger:  zerolog.New(zerolog.NewTestWriter(t)).Level(zerolog.WarnLevel),
		Users: []engine.User{
			{Name: User, Password: rand.Text()},
			{Name: Reader, Password: rand.Text(), ReadOnly: true},
		},
		Databases: []string{chdb.Database, "default", "test*", "a*"},
		Readable:  []string{chdb.Database + ".*", "test*.*"},
	}
	for _, option := range options {
		option(&cfg)
	}
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	if cfg.Library == "" {
		cfg.Library = library(t)
	}
	return cfg
}

func library(t testing.TB) string {
	t.Helper()
	path, err := libchdb.Fetch(t.Context(), libchdb.Config{Progress: libchdb.PrintProgress(os.Stderr)})
	if err != nil {
		t.Fatal(err)
	}
	return path
}
