package engine

import (
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// lowerThreadPriority lets the threads of this process that have the name run when no other wants to, and no longer: one that is
// only nice keeps its processor for its slice. There must be such a thread.
func lowerThreadPriority(name string) error {
	threads, err := procfs.AllThreads(os.Getpid())
	if err != nil {
		return err
	}
	found := false
	for _, thread := range threads {
		comm, err := thread.Comm()
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return err
		}
		if comm != name {
			continue
		}
		if err := unix.SchedSetAttr(thread.PID, &unix.SchedAttr{Policy: unix.SCHED_IDLE}, 0); err != nil {
			return fmt.Errorf("thread %d: %w", thread.PID, err)
		}
		found = true
	}
	if !found {
		return fmt.Errorf("no thread is named %s", name)
	}
	return nil
}
