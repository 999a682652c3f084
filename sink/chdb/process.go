package chdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/citytally/citytally/sink/chdb/procgroup"
)

// pipeGrace is how long the child's output may stay open once the child has
// gone.
const pipeGrace = 2 * time.Second

// process is one child, from its start to its end.
type process struct {
	cmd   *exec.Cmd
	stdin io.Closer
	ready childAnswer
	began time.Time

	exited chan struct{} // closed after the next two are final
	end    error         // nil for exit status 0
	output *childLog
}

// launch starts a child and returns it once it serves, or nothing once it is
// gone again. The caller keeps its OS thread for the child's life.
func launch(ctx context.Context, cfg Config, listening *sockets, engineDir string) (*process, error) {
	output := &childLog{log: cfg.Logger}
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
	cmd.ExtraFiles = []*os.File{httpDescriptor - 3: listening.http, nativeDescriptor - 3: listening.native}
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
	if err := p.handshake(ctx, stdin, cfg, engineDir, answer); err != nil {
		kill(p)
		return nil, p.withLastOutput(err)
	}
	return p, nil
}

// handshake gives the child its configuration and waits for its answer.
func (p *process) handshake(ctx context.Context, stdin io.Writer, cfg Config, engineDir string, answer <-chan childAnswer) error {
	// A child that ended before it read this says more by how it ended than
	// the broken pipe does; that is waited for below.
	unread := json.NewEncoder(stdin).Encode(childConfig{
		Library: cfg.Library, Dir: engineDir, Users: cfg.Users, MaxMemory: cfg.MaxMemory, LogLevel: cfg.Logger.GetLevel().String(),
	})
	timeout := time.NewTimer(cfg.StartTimeout)
	defer timeout.Stop()
	select {
	case p.ready = <-answer:
	case <-p.exited:
		// The answer may have come just before the end.
		select {
		case p.ready = <-answer:
		default:
			return fmt.Errorf("child ended before it served (%s)", exitText(p.end))
		}
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timeout.C:
		return errors.Join(fmt.Errorf("child does not serve after %s (chdb.start_timeout)", cfg.StartTimeout), unread)
	}
	if p.ready.Error != "" {
		return errors.New(p.ready.Error)
	}
	return nil
}

// withLastOutput adds what the child said last to why it did not serve.
func (p *process) withLastOutput(err error) error {
	if words := p.output.lastOutput(); words != "" {
		return fmt.Errorf("%w; its last words:\n%s", err, words)
	}
	return err
}

// stop asks the child to end in good order and kills it when it takes longer
// than the timeout. It returns once the child is gone.
func (p *process) stop(timeout time.Duration) error {
	// A child that is already gone has closed its end; there is nobody to ask.
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
		return fmt.Errorf("stop ClickHouse engine: killed, as it had not ended after %s (chdb.stop_timeout)", timeout)
	}
}

// kill ends the child at once and returns when it is gone.
func kill(p *process) {
	// The only error is that it has gone already.
	_ = procgroup.Kill(p.cmd.Process)
	<-p.exited
}

func exitText(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
}
