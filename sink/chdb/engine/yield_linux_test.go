package engine_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Merges run when nothing else wants the processors, whoever runs the engine.
func TestMergesYield(t *testing.T) {
	names, err := filepath.Glob("/proc/self/task/*/comm")
	if err != nil {
		t.Fatal(err)
	}
	merging := 0
	for _, name := range names {
		comm, err := os.ReadFile(name)
		if err != nil {
			continue // the thread has ended
		}
		if strings.TrimSpace(string(comm)) != "MergeMutate" {
			continue
		}
		merging++
		thread, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err != nil {
			t.Fatal(err)
		}
		attr, err := unix.SchedGetAttr(thread, 0)
		if err != nil {
			t.Fatal(err)
		}
		if attr.Policy != unix.SCHED_IDLE {
			t.Errorf("thread %d merges under policy %d, want %d", thread, attr.Policy, unix.SCHED_IDLE)
		}
	}
	if merging == 0 {
		t.Error("no thread merges")
	}
}
