package engine

import (
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// lowerThreadPriority gives the threads of this process that have that name the scheduling policy SCHED_IDLE: they run while
// no other thread wants the processor. A merely nice thread would keep the processor for its time slice. It is an error
// when no thread has the name.
func lowerThreadPriority(name string) error {
	threads, err := procfs.AllThreads(os.Getpid())
	if err != nil {
		return err
	}
	found := false
	for _, thread := range threads {
		comm, err := thread.Comm()
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // the thread has ended meanwhile
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
