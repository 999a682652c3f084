package chdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/sink/chdb/procgroup"
)

// pipeGrace is how long the child's output may stay open after the child has
// ended.
const pipeGrace = 2 * time.Second

// crash is the end or the silence of a child that has not said why.
type crash struct{ error }

func (c *crash) Unwrap() error { return c.error }

// process is one child.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ready childAnswer
	began time.Time

	exited chan struct{} // closed once end and output are final
	end    error         // nil for exit status 0
	output *childLog
}

// launch starts a child and returns it once it serves, or an error once it has
// ended. The caller stays on its OS thread (runtime.LockOSThread) until the child
// has ended, because on Linux the kernel kills the child when the thread that
// started it ends.
func launch(ctx context.Context, cfg Config, secure *tlsfiles.Material, failedLogins *atomic.Int64, listening *sockets) (*process, error) {
	output := &childLog{log: cfg.Logger, failedLogins: failedLogins}
	answer := make(chan childAnswer, 1)
	stdout := &lineWriter{handle: func(line []byte) {
		var ready childAnswer
		if json.Unmarshal(line, &ready) == nil && ready.PID != 0 {
			select {
			case answer <- ready:
			default:
			}
			return
		}
		output.line(line)
	}}
	stderr := &lineWriter{handle: output.line}
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.ExtraFiles = listening.files()
	cmd.Env = childEnvironment()
	cmd.SysProcAttr = procgroup.Attributes()
	cmd.WaitDelay = pipeGrace
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open pipe to child: %w", err)
	}
	p := &process{cmd: cmd, stdin: stdin, began: time.Now(), exited: make(chan struct{}), output: output}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start child: %w", err)
	}
	go func() {
		defer close(p.exited)
		p.end = cmd.Wait()
		stdout.flush()
		stderr.flush()
	}()
	if err := p.handshake(ctx, cfg, secure, answer); err != nil {
		kill(p)
		return nil, p.withLastOutput(err)
	}
	return p, nil
}

// childEnvironment is the whole environment of a child: SQL that reads files could
// read it, and this process's may hold secrets.
func childEnvironment() []string {
	environment := []string{}
	for _, name := range []string{"TZ", "LANG"} {
		if value, set := os.LookupEnv(name); set {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// handshake sends the child its configuration and waits for its answer.
func (p *process) handshake(ctx context.Context, cfg Config, secure *tlsfiles.Material, answer <-chan childAnswer) error {
	// When the child has ended before it reads this, its exit status, which is
	// awaited below, says more than the broken pipe.
	unread := p.tell(childConfig{
		Library: cfg.Library, Dir: cfg.Dir, Host: cfg.Host, Hosts: cfg.Hosts, Users: cfg.Users, Databases: cfg.Databases, Readable: cfg.Readable, MaxMemory: cfg.MaxMemory,
		LogLevel: cfg.Logger.GetLevel().String(), Confine: cfg.Confine, TLS: secure,
	})
	timeout := time.NewTimer(cfg.StartTimeout)
	defer timeout.Stop()
	select {
	case p.ready = <-answer:
	case <-p.exited:
		// The answer may have arrived just before the exit.
		select {
		case p.ready = <-answer:
		default:
			return &crash{fmt.Errorf("child ended before it served (%s)", exitText(p.end))}
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timeout.C:
		return &crash{errors.Join(fmt.Errorf("child does not serve after %s (clickhouse.embedded.start_timeout)", cfg.StartTimeout), unread)}
	}
	if p.ready.Error != "" {
		return errors.New(p.ready.Error)
	}
	return nil
}

// tell writes a line to the child's standard input. Only one goroutine may at a time.
func (p *process) tell(what any) error { return json.NewEncoder(p.stdin).Encode(what) }

// withLastOutput adds the child's last output to err.
func (p *process) withLastOutput(err error) error {
	if words := p.output.lastOutput(); words != "" {
		return fmt.Errorf("%w; its last words:\n%s", err, words)
	}
	return err
}

// stop asks the child to end, and kills it after timeout. It returns once the
// child has ended.
func (p *process) stop(timeout time.Duration) error {
	// Fails only when the child has ended.
	_ = p.stdin.Close()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-p.exited:
		if p.end != nil {
			return fmt.Errorf("stop ClickHouse engine: %w", p.withLastOutput(p.end))
		}
		return nil
	case <-timer.C:
		kill(p)
		return fmt.Errorf("stop ClickHouse engine: killed, as it had not ended after %s (clickhouse.embedded.stop_timeout)", timeout)
	}
}

// kill kills the child and returns once it has ended.
func kill(p *process) {
	// Fails only when the child has ended.
	_ = procgroup.Kill(p.cmd.Process)
	<-p.exited
}

func exitText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}
