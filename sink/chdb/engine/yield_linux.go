package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lowestPriority is the nice value of a thread that runs when no other wants to.
const lowestPriority = 19

// yieldThreads gives the threads of this process that have the name the lowest priority. There must be one.
func yieldThreads(name string) error {
	const tasks = "/proc/self/task"
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return err
	}
	found := false
	for _, thread := range threads {
		comm, err := os.ReadFile(filepath.Join(tasks, thread.Name(), "comm"))
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
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
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, lowestPriority); err != nil {
			return fmt.Errorf("thread %d: %w", id, err)
		}
		found = true
	}
	if !found {
		return fmt.Errorf("no thread is named %s", name)
	}
	return nil
}
