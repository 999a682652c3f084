package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/bilingual"
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
	root.SetArgs(withComments(args))
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if said, ok := errors.AsType[silentError](err); ok {
		return int(said)
	}
	code := exitCode(err)
	if cause := context.Cause(ctx); cause != nil && (errors.Is(err, cause) || errors.Is(err, context.Canceled)) {
		err = cause // what was interrupted does not matter
	}
	text := err.Error()
	if languageOf(command) == present.Chinese {
		text = bilingual.Chinese(err)
	}
	fmt.Fprintf(stderr, "citytally: %s\n", text)
	return code
}

// withComments returns a command line's arguments, of which one that begins with a comment of SQL
// is not taken for a flag.
func withComments(args []string) []string {
	args = slices.Clone(args)
	for i, arg := range args {
		if strings.HasPrefix(arg, "-- ") {
			args[i] = "\n" + arg
		}
	}
	return args
}

// exitCode returns the exit code that the kind of an error has.
func exitCode(err error) int {
	if _, ok := errors.AsType[*app.UsageError](err); ok {
		return exitUsage
	}
	if _, ok := errors.AsType[*client.AbsentError](err); ok {
		return exitAbsent
	}
	if _, ok := errors.AsType[*client.RefusedError](err); ok {
		return exitRefused
	}
	return exitFailure
}

// silentError is an exit code without a message: the command has printed why.
type silentError int

func (e silentError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }
