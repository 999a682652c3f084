// Command citytally takes figures from districts and keeps the city's totals.
//
// Every stage of the pipeline, the broker and the database run in this one
// program by default; the settings put real clusters in their place.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit codes, for scripts.
const (
	exitFailure = 1 // the work failed
	exitUsage   = 2 // the command line or the settings are wrong
	exitAbsent  = 3 // nothing runs where it was looked for
	exitRefused = 4 // some of what was submitted was not accepted, or a release was refused
	exitDiffers = 4 // an audit found differences that nothing explains
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run carries out one command line and returns its exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	var e *exitError
	if !errors.As(err, &e) {
		e = &exitError{code: exitFailure, err: err}
	}
	if cause := context.Cause(ctx); cause != nil && (errors.Is(err, cause) || errors.Is(err, context.Canceled)) {
		e = &exitError{code: e.code, err: cause} // where it was interrupted is no news
	}
	if e.err != nil {
		fmt.Fprintf(stderr, "citytally: %v\n", e.err)
	}
	return e.code
}

// exitError is an error that decides the exit code. Without an err, everything
// has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usage(err error) error { return &exitError{code: exitUsage, err: err} }

func absent(err error) error { return &exitError{code: exitAbsent, err: err} }
