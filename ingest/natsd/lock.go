package natsd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gofrs/flock"
)

// ErrInUse is the error of [Start], wrapped, when another process uses the data directory.
var ErrInUse = errors.New("data directory is in use")

const lockName = "natsd.lock"

// lockDir creates dir where it does not exist, and locks it for this process. JetStream
// itself takes no lock, and two servers on one directory destroy its streams.
func lockDir(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	if !locked {
		return nil, fmt.Errorf("%w: %s is held by %s; stop it, or give this one a directory of its own (natsd.dir)",
			ErrInUse, dir, lockHolder(lock.Path()))
	}
	// The process number is only for the message above.
	_ = os.WriteFile(lock.Path(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600) // a full disk has no room for it
	return lock, nil
}

// lockHolder returns a name for the process that has the lock: its number, where the file
// holds it.
func lockHolder(path string) string {
	text, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return "another process"
	}
	return "process " + pid
}
