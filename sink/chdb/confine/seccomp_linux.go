//go:build amd64 || arm64

package confine

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusedCalls are the system calls that nothing here needs and that reach other
// processes, the network or the machine. They return EPERM, never a signal: a
// client that provokes one must get an error, not end the process.
//
// Some calls stay that look as if they could go: utimensat and fchmodat, which
// inserts, FREEZE and DETACH PARTITION make; sched_setattr and prctl; accept4 and
// setsockopt, for the listening sockets that the process has inherited.
var refusedCalls = slices.Concat([]uintptr{
	// Sockets, other than those that are open.
	unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN,
	// Programs and processes.
	unix.SYS_EXECVE, unix.SYS_EXECVEAT, unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO, unix.SYS_SETSID,
	unix.SYS_SETPGID, unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PROCESS_MADVISE,
	unix.SYS_PROCESS_MRELEASE, unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_KCMP,
	// Ways around paths, mounts and namespaces.
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_FSOPEN, unix.SYS_FSCONFIG,
	unix.SYS_FSMOUNT, unix.SYS_FSPICK, unix.SYS_MOVE_MOUNT, unix.SYS_OPEN_TREE, unix.SYS_MOUNT_SETATTR, unix.SYS_PIVOT_ROOT,
	unix.SYS_CHROOT, unix.SYS_UNSHARE, unix.SYS_SETNS,
	// Owners, attributes and special files.
	unix.SYS_FCHOWN, unix.SYS_FCHOWNAT, unix.SYS_MKNODAT, unix.SYS_SETXATTR, unix.SYS_LSETXATTR, unix.SYS_FSETXATTR,
	unix.SYS_REMOVEXATTR, unix.SYS_LREMOVEXATTR, unix.SYS_FREMOVEXATTR, unix.SYS_QUOTACTL,
	// Users and capabilities.
	unix.SYS_SETUID, unix.SYS_SETGID, unix.SYS_SETREUID, unix.SYS_SETREGID, unix.SYS_SETRESUID, unix.SYS_SETRESGID,
	unix.SYS_SETFSUID, unix.SYS_SETFSGID, unix.SYS_SETGROUPS, unix.SYS_CAPSET, unix.SYS_PERSONALITY,
	// Message queues and memory shared with others.
	unix.SYS_MQ_OPEN, unix.SYS_MQ_UNLINK, unix.SYS_MSGGET, unix.SYS_SEMGET, unix.SYS_SHMGET,
	// The kernel and the machine.
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_FANOTIFY_INIT, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_KEYCTL, unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_DELETE_MODULE, unix.SYS_KEXEC_LOAD,
	unix.SYS_KEXEC_FILE_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_SWAPOFF, unix.SYS_ACCT, unix.SYS_SYSLOG, unix.SYS_VHANGUP,
	unix.SYS_SETTIMEOFDAY, unix.SYS_CLOCK_SETTIME, unix.SYS_CLOCK_ADJTIME, unix.SYS_ADJTIMEX, unix.SYS_SETHOSTNAME,
	unix.SYS_SETDOMAINNAME,
}, refusedHere)

// absentCalls return ENOSYS, as on a kernel without them. Of clone3 the C library
// falls back to clone, whose flags a filter can read; io_uring would make calls
// that no filter sees.
var absentCalls = []uintptr{unix.SYS_CLONE3, unix.SYS_IO_URING_SETUP, unix.SYS_IO_URING_ENTER, unix.SYS_IO_URING_REGISTER}

// Offsets into the kernel's struct seccomp_data, and the first number of the x32
// calls of x86-64.
const (
	offsetOfCall     = 0
	offsetOfArch     = 4
	offsetOfArgument = 16 // low half of the first one; both architectures are little-endian
	firstX32Call     = 0x40000000
)

// filterSystemCalls applies the filter to every thread of this process and to
// those that they start.
func filterSystemCalls() error {
	program := systemCallFilter(uint32(os.Getpid()))
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&filter)))
	switch {
	case errno == unix.ENOSYS || errno == unix.EINVAL:
		return errors.New("this kernel has no seccomp filters")
	case errno != 0:
		return fmt.Errorf("seccomp is refused here, perhaps by the container's profile: %w", errno)
	case thread != 0:
		return fmt.Errorf("thread %d has another seccomp filter", thread)
	}
	return nil
}

// systemCallFilter returns the filter as a BPF program: calls that it does not
// name are allowed.
func systemCallFilter(pid uint32) []unix.SockFilter {
	var f filter
	f.load(offsetOfArch)
	f.unless(architecture, unix.SECCOMP_RET_KILL_PROCESS)
	f.load(offsetOfCall)
	f.from(firstX32Call, refuse(unix.ENOSYS))
	// A new thread may be made, a new process may not.
	f.argument(unix.SYS_CLONE, unix.BPF_JSET, unix.CLONE_THREAD)
	// Go and the C library send signals to threads of this process.
	f.argument(unix.SYS_KILL, unix.BPF_JEQ, pid)
	f.argument(unix.SYS_TGKILL, unix.BPF_JEQ, pid)
	// The engine reports this one more clearly than EPERM.
	f.call(unix.SYS_SOCKET, refuse(unix.EAFNOSUPPORT))
	for _, call := range absentCalls {
		f.call(call, refuse(unix.ENOSYS))
	}
	for _, call := range refusedCalls {
		f.call(call, refuse(unix.EPERM))
	}
	f.end(unix.SECCOMP_RET_ALLOW)
	return f
}

func refuse(errno unix.Errno) uint32 { return unix.SECCOMP_RET_ERRNO | uint32(errno) }

// filter is a BPF program in the making. Its accumulator holds the architecture
// and then the number of the call.
type filter []unix.SockFilter

func (f *filter) load(offset uint32) {
	*f = append(*f, unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset})
}

func (f *filter) end(verdict uint32) {
	*f = append(*f, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: verdict})
}

// jump goes on after yes instructions where the comparison holds, and after no
// where it does not.
func (f *filter) jump(comparison uint16, with uint32, yes, no uint8) {
	*f = append(*f, unix.SockFilter{Code: unix.BPF_JMP | comparison | unix.BPF_K, K: with, Jt: yes, Jf: no})
}

// unless ends with the verdict where the accumulator is not value.
func (f *filter) unless(value, verdict uint32) {
	f.jump(unix.BPF_JEQ, value, 1, 0)
	f.end(verdict)
}

// from ends with the verdict where the accumulator is at least value.
func (f *filter) from(value, verdict uint32) {
	f.jump(unix.BPF_JGE, value, 0, 1)
	f.end(verdict)
}

// call ends with the verdict for that call.
func (f *filter) call(number uintptr, verdict uint32) {
	f.jump(unix.BPF_JEQ, uint32(number), 0, 1)
	f.end(verdict)
}

// argument ends with a verdict for that call: it is allowed where the comparison
// of its first argument holds, else refused. It overwrites the accumulator, so
// both branches end.
func (f *filter) argument(number uintptr, comparison uint16, with uint32) {
	f.jump(unix.BPF_JEQ, uint32(number), 0, 4)
	f.load(offsetOfArgument)
	f.jump(comparison, with, 0, 1)
	f.end(unix.SECCOMP_RET_ALLOW)
	f.end(refuse(unix.EPERM))
}
