package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// yieldThreads lets the threads of this process that have the name run when no other wants to, and no longer: one that is
// only nice keeps its processor for its slice. There must be such a thread.
func yieldThreads(name string) error {
	const tasks = "/proc/self/task"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return err
	}
	found := false
	for _, thread := range threads {
		comm, err := os.ReadFile(filepath.Join(tasks, thread.Name(), "comm"))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // it has ended meanwhile
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(string(comm)) != name {
			continue
		}
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetAttr(id, &unix.SchedAttr{Policy: unix.SCHED_IDLE}, 0); err != nil {
			return fmt.Errorf("thread %d: %w", id, err)
		}
		found = true
	}
	if !found {
		return fmt.Errorf("no thread is named %s", name)
	}
	return nil
}
