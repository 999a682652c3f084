package procgroup

import "syscall"

// Attributes are the process attributes of a child in a group of its own.
// The kernel kills the child when the thread that started it ends, so the
// caller stays on that thread (runtime.LockOSThread) until the child is gone.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
