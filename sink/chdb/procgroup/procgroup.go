// Package procgroup starts a child process that ends with its parent, together
// with whatever the child itself has started.
//
// In goes the *os.Process of a child started with [Attributes]; [Kill] ends the
// child's whole process group. What never happens: Ctrl-C in a terminal reaches
// the child directly; it reaches the parent alone, which ends the child in good
// order.
package procgroup

import (
	"errors"
	"os"
	"syscall"
)

// Kill ends a process started with [Attributes] and every process of its group.
// It returns [os.ErrProcessDone] when none of them is left.
func Kill(leader *os.Process) error {
	err := syscall.Kill(-leader.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
