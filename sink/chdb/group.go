package chdb

import (
	"errors"
	"os"
	"syscall"
)

// killGroup ends a process started with childAttributes and all it has
// started. It returns [os.ErrProcessDone] when none of them is left.
func killGroup(leader *os.Process) error {
	err := syscall.Kill(-leader.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
