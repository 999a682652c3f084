package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/citytally/citytally/configs/bilingual"
)

// Instance is what a running program records in its data directory, so that
// other commands find it. It holds credentials and is readable by its owner
// only.
type Instance struct {
	PID       int       `json:"pid"`
	StartedAt time.Time `json:"started_at"`
	Version   string    `json:"version"`
	// HTTP is the gateway's base URL, "" when it does not run here.
	HTTP string `json:"http,omitempty"`
	NATS string `json:"nats,omitempty"`
	// ClickHouse is the DSN that the stages use; ClickHouseHTTP and
	// ClickHouseNative are the embedded engine's addresses.
	ClickHouse       string `json:"clickhouse,omitempty"`
	ClickHouseHTTP   string `json:"clickhouse_http,omitempty"`
	ClickHouseNative string `json:"clickhouse_native,omitempty"`
	// Confinement says what keeps the embedded engine from the rest of the machine.
	Confinement string `json:"confinement,omitempty"`
	// Operations is the base URL of metrics, health and readiness, "" where the
	// process does not listen for them.
	Operations string `json:"operations,omitempty"`
	// Certificates are the certificate files of the servers above that speak TLS.
	Certificates []string `json:"certificates,omitempty"`
	// Exposed are the servers that other machines can reach without TLS.
	Exposed []string `json:"exposed,omitempty"`
}

// ErrNoInstance says that no program runs on a data directory.
var ErrNoInstance = bilingual.New("没有 citytally 在此运行", "nothing runs here")

const (
	instanceFile = "instance.json"
	instanceLock = "instance.lock"
)

// LockDir locks the data directory for this process. The system drops the lock when
// the process ends, however it ends, so a record on a directory without a lock is
// stale.
func LockDir(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create data directory: %w", err)
	}
	lock := flock.New(filepath.Join(dir, instanceLock))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock data directory: %w", err)
	}
	if !ok {
		return nil, fmt.Errorf("another citytally runs on %s; stop it, or choose another directory with --dir", dir)
	}
	// A process that was killed left its record, which would pass for this one's.
	if err := os.Remove(filepath.Join(dir, instanceFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("remove the record of a process that was killed: %w", err), lock.Unlock())
	}
	return func() error {
		err := os.Remove(filepath.Join(dir, instanceFile))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		return errors.Join(err, lock.Unlock())
	}, nil
}

// record writes the instance into the data directory, whole or not at all.
func (i *Instance) record(dir string) error {
	text, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return fmt.Errorf("encode instance: %w", err)
	}
	path := filepath.Join(dir, instanceFile)
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("record instance: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("record instance: %w", err)
	}
	return nil
}

// FindInstance returns the instance that runs on the directory, or an error
// wrapping ErrNoInstance.
func FindInstance(dir string) (*Instance, error) {
	text, err := os.ReadFile(filepath.Join(dir, instanceFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoInstance, dir)
	}
	if err != nil {
		return nil, fmt.Errorf("read instance: %w", err)
	}
	lock := flock.New(filepath.Join(dir, instanceLock))
	free, err := lock.TryRLock()
	if err != nil {
		return nil, fmt.Errorf("look at the lock of %s: %w", dir, err)
	}
	if free {
		return nil, errors.Join(bilingual.Errorf("%v：%s 是已结束的程序遗留的", "%v: %s was left behind by a program that ended", ErrNoInstance, filepath.Join(dir, instanceFile)), lock.Unlock())
	}
	i := &Instance{}
	if err := json.Unmarshal(text, i); err != nil {
		return nil, fmt.Errorf("read instance: %w", err)
	}
	return i, nil
}
