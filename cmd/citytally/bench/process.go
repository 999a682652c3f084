package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/procfs"

	"github.com/citytally/citytally/cmd/citytally/app"
)

// readyLimit is how long a process may take until it is ready.
const readyLimit = 5 * time.Minute

// runProcess measures citytally run as a process of its own on the loaded log: how
// long until it is ready, and what it takes without work.
func (b *benchmark) runProcess(ctx context.Context) error {
	dir := filepath.Join(b.dir, loadedDir)
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	args := []string{"run", "--dir", dir, "--http", "127.0.0.1:0", "--nats-port", "0", "--clickhouse-port", "0", "--log-level", "warn"}
	if b.config.SettingsFile != "" {
		args = append(args, "--config", b.config.SettingsFile)
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, executable, args...)
	cmd.Env = append(os.Environ(), "CITYTALLY_CATALOGUE="+b.settings.Catalogue)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = time.Minute
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start citytally run: %w", err)
	}
	err = b.watchProcess(ctx, cmd.Process.Pid, dir, began)
	stopped := cmd.Process.Signal(syscall.SIGTERM)
	if err = errors.Join(err, stopped, cmd.Wait()); err != nil {
		return fmt.Errorf("citytally run: %w\n%s", err, output.String())
	}
	return nil
}

func (b *benchmark) watchProcess(ctx context.Context, pid int, dir string, began time.Time) error {
	if err := awaitReady(ctx, dir); err != nil {
		return err
	}
	b.result.Ready = milliseconds(time.Since(began))
	b.printf("ready      %9.0f ms", b.result.Ready)
	pids := append([]int{pid}, ChildrenOf(pid)...)
	if err := pause(ctx, b.config.Settle); err != nil {
		return err
	}
	before := processorTime(pids)
	if err := pause(ctx, b.config.Idle); err != nil {
		return err
	}
	b.result.Idle = 100 * (processorTime(pids) - before).Seconds() / b.config.Idle.Seconds()
	b.result.memory("idle", pid)
	for _, child := range pids[1:] {
		b.result.memory("engine_idle", child)
	}
	b.printf("idle       %.2f %% of a core, memory %v MiB", b.result.Idle, b.result.Memory)
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// awaitReady waits until the instance on the directory is ready.
func awaitReady(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("not ready after %s", readyLimit))
	defer cancel()
	for {
		if i, err := app.FindInstance(dir); err == nil && ready(ctx, i) {
			return nil
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// ready reports whether the instance's gateway says that it is ready.
func ready(ctx context.Context, i *app.Instance) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, i.HTTP+"/readyz", nil)
	if err != nil {
		return false
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	return response.Body.Close() == nil && response.StatusCode == http.StatusOK
}

// ChildrenOf returns the ids of the processes that a process has started; none where
// the system has no /proc.
func ChildrenOf(pid int) []int {
	var children []int
	all, _ := procfs.AllProcs()
	for _, p := range all {
		// A process that has ended since has no parent.
		if stat, err := p.Stat(); err == nil && stat.PPID == pid {
			children = append(children, p.PID)
		}
	}
	return children
}

// ResidentMemory returns the memory of a process in MiB, now and at its peak. It
// reports false for a process that has ended, and where the system has no /proc.
func ResidentMemory(pid int) (now, peak float64, ok bool) {
	p, err := procfs.NewProc(pid)
	if err != nil {
		return 0, 0, false
	}
	status, err := p.NewStatus()
	return float64(status.VmRSS) / (1 << 20), float64(status.VmHWM) / (1 << 20), err == nil && status.VmRSS > 0
}

// processorTime returns the processor time of the processes, added up.
func processorTime(pids []int) time.Duration {
	var seconds float64
	for _, pid := range pids {
		if p, err := procfs.NewProc(pid); err == nil {
			stat, _ := p.Stat() // a process that has ended has used none
			seconds += stat.CPUTime()
		}
	}
	return time.Duration(seconds * float64(time.Second))
}
