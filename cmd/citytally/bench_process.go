package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// How long a process may take to serve.
const readyLimit = 5 * time.Minute

// runProcess starts citytally run on the loaded log and watches it from outside.
func (b *benchmark) runProcess(ctx context.Context) error {
	dir := filepath.Join(b.dir, "loaded")
	executable, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	args := []string{"run", "--dir", dir, "--http", "127.0.0.1:0", "--nats-port", "0", "--clickhouse-port", "0", "--log-level", "warn"}
	if b.globals.config != "" {
		args = append(args, "--config", b.globals.config)
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
	b.say("ready      %9.0f ms", b.result.Ready)
	pids := append([]int{pid}, childrenOf(pid)...)
	if err := pause(ctx, b.flags.settle); err != nil {
		return err
	}
	before := processorTime(pids)
	if err := pause(ctx, b.flags.idle); err != nil {
		return err
	}
	b.result.Idle = 100 * (processorTime(pids) - before).Seconds() / b.flags.idle.Seconds()
	b.result.memory("idle", pid, residentMemory)
	for _, child := range pids[1:] {
		b.result.memory("engine_idle", child, residentMemory)
	}
	b.say("idle       %.2f %% of a core, memory %v MiB", b.result.Idle, b.result.Memory)
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

// awaitReady returns when the instance on the directory says that it is ready.
func awaitReady(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyLimit, fmt.Errorf("not ready after %s", readyLimit))
	defer cancel()
	for {
		if i, err := findInstance(dir); err == nil {
			response, err := http.Get(i.HTTP + "/readyz")
			if err == nil {
				if err := response.Body.Close(); err == nil && response.StatusCode == http.StatusOK {
					return nil
				}
			}
		}
		if err := pause(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
}

// childrenOf returns the processes that the process has started.
func childrenOf(pid int) []int {
	var children []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue
		}
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				children = append(children, child)
			}
		}
	}
	slices.Sort(children)
	return slices.Compact(children)
}

// What the kernel says of a process's memory: now, and at the most so far.
const (
	residentMemory = "VmRSS:"
	peakMemory     = "VmHWM:"
)

// memory returns a process's memory in MiB. It reports false where the system
// has no /proc.
func memory(pid int, field string) (float64, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, field); ok {
			kib, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kib / 1024, err == nil
		}
	}
	return 0, false
}

// The kernel counts processor time in hundredths of a second, on every platform
// that Go supports.
const clockTick = 10 * time.Millisecond

// processorTime returns what the processes have used together.
func processorTime(pids []int) time.Duration {
	var ticks time.Duration
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// The name in brackets may hold spaces; user and system time are the
		// twelfth and thirteenth fields behind it.
		fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(fields) < 13 {
			continue
		}
		for _, field := range fields[11:13] {
			n, _ := strconv.Atoi(field)
			ticks += time.Duration(n)
		}
	}
	return ticks * clockTick
}
