package chdb

import "syscall"

// childAttributes start a process in a group of its own, so that Ctrl-C in a
// terminal reaches the parent alone, which then ends the child in good order.
// The kernel kills the child when the thread that started it ends, so whoever
// uses them stays on that thread (runtime.LockOSThread) until the child is gone.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
