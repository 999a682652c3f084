package engine_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
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
		raw, err := syscall.Getpriority(syscall.PRIO_PROCESS, thread)
		if nice := 20 - raw; err != nil || nice != 19 { // the kernel answers so that no answer looks like an error
			t.Errorf("thread %d merges at nice %d, %v, want 19", thread, nice, err)
		}
	}
	if merging == 0 {
		t.Error("no thread merges")
	}
}
