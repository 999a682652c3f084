package chdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// ErrInUse is returned by [Start], wrapped, when another process has locked the
// data directory.
var ErrInUse = errors.New("data directory is in use")

// The parent and the child each hold a lock in the data directory. When the
// parent's lock is taken, another program uses the directory, and Start fails at
// once. When only the child's lock is taken, a child is still ending, and the
// next one waits for it.
const (
	parentLockName = "server.lock"
	childLockName  = "engine.lock"
	// The engine may write into its directory, and read from that of its configuration.
	engineDirName = "engine"
	configDirName = "config"
)

// lockRetryInterval is how often a child asks whether its predecessor has
// released the lock; a file lock cannot be waited for with a context.
const lockRetryInterval = 100 * time.Millisecond

// lockDir creates dir if it is absent, and locks it for this process.
func lockDir(dir string) (*flock.Flock, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, parentLockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data directory %s: %w", dir, err)
	}
	if !locked {
		return nil, fmt.Errorf("%w: %s is held by %s; stop it, or give this one a directory of its own (chdb.dir)",
			ErrInUse, dir, holder(lock.Path()))
	}
	// The process id serves only the message above.
	_ = os.WriteFile(lock.Path(), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600) // a full disk has no room for it
	return lock, nil
}

// holder names the process that holds the lock, if the file has its id.
func holder(path string) string {
	text, err := os.ReadFile(path)
	pid := strings.TrimSpace(string(text))
	if err != nil || pid == "" {
		return "another process"
	}
	return "process " + pid
}

// makeChildLock makes the file that lockEngine locks, because a confined child can
// open it but cannot make it. It returns its path.
func makeChildLock(dir string) (string, error) {
	path := filepath.Join(dir, childLockName)
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", fmt.Errorf("make lock file: %w", err)
	}
	return path, file.Close()
}

// lockEngine locks dir for this child, after its predecessor has ended.
func lockEngine(ctx context.Context, dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, childLockName), flock.SetPermissions(0o600))
	locked, err := lock.TryLockContext(ctx, lockRetryInterval)
	if err != nil || !locked {
		return nil, fmt.Errorf("wait for an earlier engine to leave %s: %w", dir, err)
	}
	return lock, nil
}
