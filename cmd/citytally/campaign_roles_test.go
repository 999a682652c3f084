package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/bench"
	"github.com/citytally/citytally/ingest/natsd"
	"github.com/citytally/citytally/sink/chdb"
	"github.com/citytally/citytally/sink/chdb/engine"
)

// Roles that the test binary plays beside the program's own stages: the two
// servers, each a process of its own that can be killed by itself.
const (
	roleBroker     = "broker"
	roleClickHouse = "clickhouse"
)

// hostBroker is the embedded broker on a directory and port, until ctx ends.
func hostBroker(ctx context.Context, args []string) int {
	port, err := strconv.Atoi(args[1])
	if err == nil {
		var server *natsd.Server
		if server, err = natsd.Start(ctx, natsd.Config{Dir: args[0], Port: port}, roleLogger()); err == nil {
			<-ctx.Done()
			err = server.Close()
		}
	}
	return roleEnded(err)
}

// hostClickHouse is the embedded ClickHouse on a directory and a native port,
// with the library named, until ctx ends.
func hostClickHouse(ctx context.Context, args []string) int {
	port, err := strconv.Atoi(args[1])
	if err == nil {
		var server *chdb.Server
		server, err = chdb.Start(ctx, chdb.Config{
			Dir: args[0], NativePort: port, Library: args[2], Users: []engine.User{{Name: "default"}}, Logger: roleLogger(),
		})
		if err == nil {
			<-ctx.Done()
			err = server.Close()
		}
	}
	return roleEnded(err)
}

func roleLogger() zerolog.Logger {
	return zerolog.New(os.Stderr).Level(zerolog.WarnLevel).With().Timestamp().Logger()
}

func roleEnded(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return exitFailure
	}
	return 0
}

// role is a process that is started again whenever it ends, as a container
// platform does, and what it has said in all its lives.
type role struct {
	name        string
	args        []string
	environment []string
	output      *os.File

	mu       sync.Mutex
	cmd      *exec.Cmd
	wanted   bool
	lives    int
	onItsOwn int // how often it ended by itself
	changed  chan struct{}
	done     chan struct{}
}

// newRole prepares a role that writes what it says to a file below dir.
func newRole(t testing.TB, dir, name, kind string, environment []string, args ...string) *role {
	t.Helper()
	output, err := os.OpenFile(filepath.Join(dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	r := &role{
		name: name, args: args, output: output, changed: make(chan struct{}, 1), done: make(chan struct{}),
		environment: append(append(os.Environ(), actAsProgram+"="+kind), environment...),
	}
	ctx, stop := context.WithCancel(context.Background())
	go r.supervise(ctx)
	t.Cleanup(func() {
		stop()
		<-r.done
		_ = output.Close()
	})
	return r
}

// want says whether the role is to run.
func (r *role) want(wanted bool) {
	r.mu.Lock()
	r.wanted = wanted
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// supervise keeps the process as it is wanted until ctx ends.
func (r *role) supervise(ctx context.Context) {
	defer close(r.done)
	for ctx.Err() == nil {
		r.mu.Lock()
		wanted := r.wanted
		r.mu.Unlock()
		if !wanted {
			select {
			case <-ctx.Done():
			case <-r.changed:
			}
			continue
		}
		r.live(ctx)
	}
}

// live is one life of the process.
func (r *role) live(ctx context.Context) {
	cmd := exec.Command(os.Args[0], r.args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = r.environment, r.output, r.output
	r.mu.Lock()
	r.lives++
	err := cmd.Start()
	if err == nil {
		r.cmd = cmd
	}
	r.mu.Unlock()
	ended := make(chan struct{})
	if err == nil {
		go func() { _ = cmd.Wait(); close(ended) }()
	} else {
		close(ended)
	}
	for {
		select {
		case <-ended:
			r.mu.Lock()
			r.cmd = nil
			if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() >= 0 && r.wanted {
				r.onItsOwn++
			}
			r.mu.Unlock()
			// A process that cannot start yet is not tried in a busy loop.
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			return
		case <-r.changed:
			r.mu.Lock()
			if !r.wanted {
				_ = cmd.Process.Signal(syscall.SIGTERM)
			}
			r.mu.Unlock()
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			<-ended
			return
		}
	}
}

// signal reports whether there was a process to send the signal to.
func (r *role) signal(s syscall.Signal) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.cmd != nil && r.cmd.Process.Signal(s) == nil
}

// pid is the process's, 0 while there is none.
func (r *role) pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd == nil {
		return 0
	}
	return r.cmd.Process.Pid
}

// killChild kills the role's child process, on systems that tell it; the
// embedded ClickHouse has one.
func (r *role) killChild() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd == nil {
		return false
	}
	killed := false
	for _, child := range bench.ChildrenOf(r.cmd.Process.Pid) {
		killed = syscall.Kill(child, syscall.SIGKILL) == nil || killed
	}
	return killed
}

// freePort returns a port that nothing listens on, below those that the system
// gives to outgoing connections: one of them, dialling a server that is away,
// could otherwise take its port and speak to itself.
func freePort(t testing.TB) int {
	t.Helper()
	for range 1000 {
		port := 20_000 + rand.IntN(10_000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port between 20000 and 30000")
	return 0
}
