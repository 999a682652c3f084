package drop

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// IsBeingWritten reports whether some process of this machine has the file open for writing. It
// reports false where the file system does not tell.
func IsBeingWritten(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	written := false
	_ = raw.Control(func(fd uintptr) {
		// A lease for reading is given to none while there is a writer.
		if _, err := unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_RDLCK); err == nil {
			_, _ = unix.FcntlInt(fd, unix.F_SETLEASE, unix.F_UNLCK)
		} else {
			written = errors.Is(err, unix.EAGAIN)
		}
	})
	return written
}
