package confine

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Rights on files. A directory's rights hold for everything below it.
const (
	rightsToRead  = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	rightsToWrite = rightsToRead | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE |
		unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE | unix.LANDLOCK_ACCESS_FS_MAKE_DIR |
		unix.LANDLOCK_ACCESS_FS_MAKE_REG | unix.LANDLOCK_ACCESS_FS_MAKE_SYM | unix.LANDLOCK_ACCESS_FS_REFER
	rightsToExecute = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_EXECUTE

	// rightsOfFiles are the only ones that a rule on a file may name.
	rightsOfFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_READ_FILE |
		unix.LANDLOCK_ACCESS_FS_TRUNCATE | unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
)

// minimumLandlock is the first version in which files can be renamed between
// directories; one below it would forbid that altogether.
const minimumLandlock = 2

// rulesetAttributeBytes is how much of the attributes of a ruleset is passed. The
// structure of x/sys is longer, which older kernels refuse.
const rulesetAttributeBytes = 24

// landlockVersion returns the version of the kernel's Landlock, or an error that
// says why there is none to use.
func landlockVersion() (int, error) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	switch {
	case errno == unix.ENOSYS:
		return 0, errors.New("this kernel has no Landlock (Linux 5.19 and later have it)")
	case errno == unix.EOPNOTSUPP:
		return 0, errors.New("this kernel has Landlock switched off (boot parameter lsm)")
	case errno != 0:
		return 0, fmt.Errorf("use of Landlock is refused here, perhaps by the container's seccomp profile: %w", errno)
	case version < minimumLandlock:
		return 0, fmt.Errorf("this kernel has Landlock %d, and %d is needed (Linux 5.19 and later have it)", version, minimumLandlock)
	}
	return int(version), nil
}

// ruleset is a Landlock ruleset in the making. Everything that it handles and that
// no rule allows is refused.
type ruleset struct {
	descriptor int
	handled    uint64 // rights on files
}

// newRuleset handles every right that this version of Landlock knows.
func newRuleset(version int) (*ruleset, error) {
	attributes := unix.LandlockRulesetAttr{Handled_access_fs: unix.LANDLOCK_ACCESS_FS_REFER<<1 - 1}
	if version >= 3 {
		attributes.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	if version >= 4 {
		attributes.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 5 {
		attributes.Handled_access_fs |= unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	}
	if version >= 6 {
		attributes.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	descriptor, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attributes)), rulesetAttributeBytes, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("landlock_create_ruleset", errno)
	}
	return &ruleset{descriptor: int(descriptor), handled: attributes.Handled_access_fs}, nil
}

// addAll allows the plan's files, and what it takes to execute the program.
func (r *ruleset) addAll(files Files, program string) error {
	for _, path := range files.Write {
		if err := r.add(path, rightsToWrite); err != nil {
			return err
		}
	}
	libraries, err := libraryDirectories()
	if err != nil {
		return fmt.Errorf("find the C library: %w", err)
	}
	for _, path := range slices.Concat(files.Read, libraries, []string{"/proc/self"}) {
		if err := r.add(path, rightsToRead); err != nil && !isAbsent(err) {
			return err
		}
	}
	loader, err := loaderOf(program)
	if err != nil {
		return fmt.Errorf("find the dynamic loader of %s: %w", program, err)
	}
	for _, path := range []string{program, loader} {
		if path == "" {
			continue
		}
		if err := r.add(path, rightsToExecute); err != nil {
			return err
		}
	}
	return nil
}

// isAbsent says whether a file cannot be opened by anybody like this process,
// whatever Landlock allows.
func isAbsent(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.EACCES)
}

// add allows rights on a file or directory, or on what a symbolic link leads to.
func (r *ruleset) add(path string, rights uint64) error {
	descriptor, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: path, Err: err}
	}
	defer unix.Close(descriptor)
	var status unix.Stat_t
	if err := unix.Fstat(descriptor, &status); err != nil {
		return &os.PathError{Op: "stat", Path: path, Err: err}
	}
	rights &= r.handled
	if status.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= rightsOfFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(descriptor)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.descriptor), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
	if errno != 0 {
		return &os.PathError{Op: "landlock_add_rule", Path: path, Err: errno}
	}
	return nil
}

// restrictThread binds the calling thread and everything that it starts.
func (r *ruleset) restrictThread() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	_, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(r.descriptor), 0, 0)
	if errno != 0 {
		return os.NewSyscallError("landlock_restrict_self", errno)
	}
	return nil
}

// loaderOf returns the path of the program that loads another one's shared
// libraries, "" for a program without any.
func loaderOf(program string) (string, error) {
	file, err := elf.Open(program)
	if err != nil {
		return "", err
	}
	defer file.Close()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			path, err := io.ReadAll(segment.Open())
			return strings.TrimRight(string(path), "\x00"), err
		}
	}
	return "", nil
}
