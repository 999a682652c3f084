package engine_test

import (
	"os"
	"testing"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// Merges run when nothing else wants the processors, whoever runs the engine.
func TestMergesYield(t *testing.T) {
	threads, err := procfs.AllThreads(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	merging := 0
	for _, thread := range threads {
		if comm, err := thread.Comm(); err != nil || comm != "MergeMutate" {
			continue // another, or one that has ended
		}
		merging++
		attr, err := unix.SchedGetAttr(thread.PID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if attr.Policy != unix.SCHED_IDLE {
			t.Errorf("thread %d merges under policy %d, want %d", thread.PID, attr.Policy, unix.SCHED_IDLE)
		}
	}
	if merging == 0 {
		t.Error("no thread merges")
	}
}
