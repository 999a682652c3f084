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

// ErrInUse is what [Start] returns, wrapped, when another process has the
// data directory.
var ErrInUse = errors.New("data directory is in use")

const lockName = "natsd.lock"

// lockDir creates dir if need be and takes it for this process. JetStream
// itself takes no lock, and two servers on one directory destroy it.
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
	// The number is for the message above alone; the lock works without it.
	if err := os.WriteFile(lock.Path(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("write lock file: %w", err), lock.Close())
	}
	return lock, nil
}

// lockHolder names the process that has the lock, as far as it left its number.
func lockHolder(path string) string {
	text, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return "another process"
	}
	return "process " + pid
}
