package confine

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// resumeVariable is set in the process that Enter executes: the mode and the
// descriptor of the message.
const resumeVariable = "CITYTALLY_CONFINED"

// Enter confines this process to a plan, and returns the plan's message and what
// confines the process. A program calls it before it starts anything else that
// counts on descriptors, and with the same arguments again when it runs anew:
// Enter executes the program once more, with the same arguments and environment,
// and only the second call returns the message. It does not ask for the plan
// then. Whoever started the process sees one process throughout.
//
// The kernel kills the process when the thread that started it ends.
func Enter(plan func() (Plan, error)) ([]byte, State, error) {
	if marker, ok := os.LookupEnv(resumeVariable); ok {
		return resume(marker)
	}
	p, err := plan()
	if err != nil {
		return nil, State{}, err
	}
	if err := closeInherited(p.Descriptors); err != nil {
		return nil, State{}, fmt.Errorf("close inherited descriptors: %w", err)
	}
	if p.Mode == Off {
		return p.Message, State{Missing: "switched off"}, nil
	}
	version, err := landlockVersion()
	if err == nil {
		return nil, State{}, fmt.Errorf("run again behind Landlock: %w", reexecute(p, version))
	}
	if p.Mode == Require {
		return nil, State{}, err
	}
	state, err := finish(p.Mode, State{Missing: err.Error()})
	return p.Message, state, err
}

// finish applies the filter of system calls, the last part of the wall.
func finish(mode Mode, state State) (State, error) {
	err := filterSystemCalls()
	if err == nil {
		state.Seccomp = true
		return state, nil
	}
	if mode == Require {
		return state, err
	}
	if state.Missing != "" {
		state.Missing += "; "
	}
	state.Missing += err.Error()
	return state, nil
}

// closeInherited closes the descriptors from first on that this process has
// inherited: those that stay open when a program is executed. What Go opens does
// not stay open.
func closeInherited(first int) error {
	dir, err := os.Open("/proc/self/fd")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return err
	}
	for _, name := range names {
		var descriptor int
		if _, err := fmt.Sscan(name, &descriptor); err != nil || descriptor < first {
			continue
		}
		flags, err := unix.FcntlInt(uintptr(descriptor), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			err = unix.Close(descriptor)
		}
		if err != nil {
			return fmt.Errorf("descriptor %d: %w", descriptor, err)
		}
	}
	return nil
}

// reexecute executes this program again with the plan's files in reach and
// nothing else. It returns only an error, after which the process is of no use:
// one of its threads is restricted.
func reexecute(p Plan, version int) error {
	program, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	message, err := writeMessage(p.Message)
	if err != nil {
		return fmt.Errorf("keep message: %w", err)
	}
	// A rule belongs to an inode. The open descriptor keeps the kernel from
	// dropping that of /proc/self, which exists in memory only.
	self, err := unix.Open("/proc/self", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /proc/self: %w", err)
	}
	rules, err := newRuleset(version)
	if err != nil {
		return err
	}
	if err := rules.addAll(p.Files, program); err != nil {
		return err
	}
	runtime.LockOSThread()
	// The signal for the parent's death belongs to a thread, and this may not be
	// the thread that has it.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("end with parent: %w", err)
	}
	if err := rules.restrictThread(); err != nil {
		return err
	}
	if err := unix.CloseRange(uint(p.Descriptors), math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil {
		return fmt.Errorf("close other descriptors: %w", err)
	}
	for _, kept := range []int{message, self} {
		if _, err := unix.FcntlInt(uintptr(kept), unix.F_SETFD, 0); err != nil {
			return fmt.Errorf("keep descriptor %d: %w", kept, err)
		}
	}
	marker := fmt.Sprintf("%s=%s %d %d", resumeVariable, p.Mode, message, self)
	return os.NewSyscallError("execve", unix.Exec(program, os.Args, append(os.Environ(), marker)))
}

// writeMessage returns a file in memory with the message.
func writeMessage(message []byte) (int, error) {
	descriptor, err := unix.MemfdCreate("message", unix.MFD_CLOEXEC)
	if err != nil {
		return 0, os.NewSyscallError("memfd_create", err)
	}
	for rest := message; len(rest) > 0; {
		n, err := unix.Write(descriptor, rest)
		if err != nil {
			return 0, errors.Join(err, unix.Close(descriptor))
		}
		rest = rest[n:]
	}
	_, err = unix.Seek(descriptor, 0, io.SeekStart)
	return descriptor, err
}

// resume takes over in the process that reexecute has executed.
func resume(marker string) (message []byte, state State, err error) {
	if err := os.Unsetenv(resumeVariable); err != nil {
		return nil, State{}, err
	}
	var mode Mode
	var descriptor, self int
	if _, err := fmt.Sscan(marker, &mode, &descriptor, &self); err != nil {
		return nil, State{}, fmt.Errorf("read %s: %w", resumeVariable, err)
	}
	unix.CloseOnExec(self)
	file := os.NewFile(uintptr(descriptor), "message")
	message, err = io.ReadAll(file)
	if err := errors.Join(err, file.Close()); err != nil {
		return nil, State{}, fmt.Errorf("read message: %w", err)
	}
	version, err := landlockVersion()
	if err != nil {
		return nil, State{}, err
	}
	state, err = finish(mode, State{Landlock: version})
	return message, state, err
}

// libraryDirectories returns the directories of the C library that this process
// uses, which not every system keeps in a usual place.
func libraryDirectories() ([]string, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	var directories []string
	for line := range strings.Lines(string(maps)) {
		_, path, found := strings.Cut(strings.TrimSpace(line), "/")
		if at := strings.LastIndex(path, "/libc.so."); found && at > 0 {
			directories = append(directories, "/"+path[:at])
		}
	}
	return directories, nil
}
