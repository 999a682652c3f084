//go:build !linux

package procgroup

import "syscall"

// Attributes are the process attributes of a child in a group of its own.
func Attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
