//go:build !linux

package chdb

import "syscall"

// childAttributes start a process in a group of its own, so that Ctrl-C in a
// terminal reaches the parent alone, which then ends the child in good order.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
