package libchdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
	"github.com/rs/zerolog"
)

// LibraryEnv is the environment variable with the path of a libchdb to use
// instead of fetching one.
const LibraryEnv = "CITYTALLY_LIBCHDB"

// lockRetryInterval is how often a process asks whether another's fetch has
// ended; a file lock cannot be waited for with a context.
const lockRetryInterval = 100 * time.Millisecond

// Config says where the library is kept and who is told of the progress. Its zero
// value is usable.
type Config struct {
	// CacheDir is where the library is kept between runs; default citytally/chdb
	// below [os.UserCacheDir].
	CacheDir string

	// Logger receives one event when a library has been fetched.
	Logger zerolog.Logger

	// Progress, if set, is called at every step and about twice a second during
	// one, never by two goroutines at once.
	Progress func(Progress)
}

// Fetch returns the absolute path of the engine's library, after downloading
// it with npm if this machine has none yet (about 178 MB, once).
//
// The package's SHA-512 is checked before anything is unpacked, and the file
// appears in the cache whole or not at all. Of several processes that fetch at
// the same time one downloads and the others wait for it. A library whose content
// has changed in the cache is fetched again. A file that the environment variable
// [LibraryEnv] names is used unchecked.
//
// Where there is no library for this machine, Fetch returns [ErrUnsupported] or
// [ErrNoNPM], wrapped with what to do. When ctx ends, the download stops and
// leaves nothing behind.
func Fetch(ctx context.Context, cfg Config) (string, error) {
	if path := os.Getenv(LibraryEnv); path != "" {
		return namedLibrary(path)
	}
	p, err := platformOf(runtime.GOOS, runtime.GOARCH)
	if err != nil {
		return "", err
	}
	if cfg.CacheDir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find a cache directory for the ClickHouse engine: %w; set %s to the path of a libchdb", err, LibraryEnv)
		}
		cfg.CacheDir = filepath.Join(base, "citytally", "chdb")
	}
	f, err := newFetcher(p, cfg)
	if err != nil {
		return "", err
	}
	return f.fetch(ctx)
}

// namedLibrary checks that the path the environment variable names is a readable
// file, and returns it as an absolute path.
func namedLibrary(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("resolve %s: %w", LibraryEnv, err)
	}
	file, err := os.Open(abs)
	if err != nil {
		return "", fmt.Errorf("use the library %s names: %w; correct the variable or unset it", LibraryEnv, err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("use the library %s names: %w", LibraryEnv, err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("use the library %s names: %s is not a file; want the path of libchdb itself", LibraryEnv, abs)
	}
	return abs, nil
}

// fetcher fetches one platform's library into one directory.
type fetcher struct {
	platform platform
	dir      string // for this version and platform alone
	log      zerolog.Logger
	report   func(Progress)
	began    time.Time
}

func newFetcher(p platform, cfg Config) (*fetcher, error) {
	base, err := filepath.Abs(cfg.CacheDir)
	if err != nil {
		return nil, fmt.Errorf("resolve cache directory: %w", err)
	}
	tell := cfg.Progress
	if tell == nil {
		tell = func(Progress) {}
	}
	return &fetcher{
		platform: p,
		dir:      filepath.Join(base, filepath.Base(p.name)+"-"+p.version),
		log:      cfg.Logger,
		report:   tell,
		began:    time.Now(),
	}, nil
}

func (f *fetcher) progress(stage Stage, done, total int64) {
	f.report(Progress{Stage: stage, Done: done, Total: total, Elapsed: time.Since(f.began)})
}

func (f *fetcher) libraryPath() string { return filepath.Join(f.dir, f.platform.library) }

func (f *fetcher) fetch(ctx context.Context) (string, error) {
	if f.recorded() {
		return f.libraryPath(), nil
	}
	if err := os.MkdirAll(f.dir, 0o755); err != nil {
		return "", fmt.Errorf("create cache directory for the ClickHouse engine: %w", err)
	}
	unlock, err := f.lock(ctx)
	if err != nil {
		return "", err
	}
	path, err := f.fetchLocked(ctx)
	if err := errors.Join(err, unlock()); err != nil {
		return "", fmt.Errorf("fetch the ClickHouse engine: %w", err)
	}
	return path, nil
}

func (f *fetcher) lock(ctx context.Context) (unlock func() error, err error) {
	lock := flock.New(filepath.Join(f.dir, "fetch.lock"))
	locked, err := lock.TryLock()
	if err == nil && !locked {
		f.progress(StageWait, 0, 0)
		locked, err = lock.TryLockContext(ctx, lockRetryInterval)
	}
	if err != nil || !locked {
		return nil, fmt.Errorf("wait for another process fetching the ClickHouse engine into %s: %w", f.dir, err)
	}
	return lock.Close, nil
}

// fetchLocked fetches the library while f.lock is held. It first removes what
// processes that were killed have left in the directory.
func (f *fetcher) fetchLocked(ctx context.Context) (path string, err error) {
	if f.cached() {
		return f.libraryPath(), nil
	}
	stale, err := filepath.Glob(filepath.Join(f.dir, "fetch-*"))
	if err != nil {
		return "", fmt.Errorf("look for interrupted downloads: %w", err)
	}
	for _, dir := range stale {
		if err := os.RemoveAll(dir); err != nil {
			return "", fmt.Errorf("remove interrupted download: %w", err)
		}
	}
	work, err := os.MkdirTemp(f.dir, "fetch-*")
	if err != nil {
		return "", fmt.Errorf("create download directory: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()

	tarball, err := f.download(ctx, work)
	if err != nil {
		return "", err
	}
	if err := f.verify(ctx, work, tarball); err != nil {
		return "", err
	}
	if err := f.install(ctx, work, tarball); err != nil {
		return "", err
	}
	f.progress(StageDone, 0, 0)
	f.log.Info().Str("package", f.platform.spec()).Str("library", f.libraryPath()).
		Dur("took", time.Since(f.began)).Msg("ClickHouse engine fetched")
	return f.libraryPath(), nil
}
