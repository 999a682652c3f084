package confine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// checkedThreads is how many threads try what must fail.
const checkedThreads = 4

// Check tries, from several threads at once, what the wall must stop, and looks
// at the state of every thread. It returns an error where anything that State
// claims does not hold.
func (s State) Check() error {
	tries := make(chan error, checkedThreads)
	var threads sync.WaitGroup
	threads.Add(checkedThreads)
	for range checkedThreads {
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			threads.Done()
			threads.Wait() // no two of them on one thread
			tries <- s.try()
		}()
	}
	var errs []error
	for range checkedThreads {
		errs = append(errs, <-tries)
	}
	if s.Seccomp {
		errs = append(errs, checkThreads())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("the process is not confined as it should be: %w", err)
	}
	return nil
}

// try tries what must fail, on the calling thread.
func (s State) try() error {
	var errs []error
	if s.Landlock > 0 {
		descriptor, err := unix.Open("/", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Close(descriptor)
		}
		errs = append(errs, mustBe("read the root directory", err, unix.EACCES))
	}
	if s.Seccomp {
		descriptor, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Close(descriptor)
		}
		errs = append(errs, mustBe("make a socket", err, unix.EAFNOSUPPORT))
		// There is no such program, so an unfiltered kernel returns ENOENT.
		errs = append(errs, mustBe("execute a program", unix.Exec("/proc/self/no-program", nil, nil), unix.EPERM))
	}
	return errors.Join(errs...)
}

func mustBe(what string, got, want error) error {
	if errors.Is(got, want) {
		return nil
	}
	return fmt.Errorf("%s: got %v, want %w", what, got, want)
}

// checkThreads looks for the filter in the state of every thread.
func checkThreads() error {
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(files) == 0 {
		return fmt.Errorf("look at threads: %d of them: %w", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // the thread has ended meanwhile
		}
		if err != nil {
			return fmt.Errorf("look at threads: %w", err)
		}
		for _, line := range []string{"NoNewPrivs:\t1\n", "Seccomp:\t2\n"} {
			if !strings.Contains(string(text), line) {
				return fmt.Errorf("%s does not say %q", file, strings.TrimSpace(line))
			}
		}
	}
	return nil
}
