package libchdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/citytally/citytally/sink/chdb/procgroup"
)

// ErrNoNPM is returned by [Fetch], wrapped, when the library has to be downloaded
// and npm is not installed.
var ErrNoNPM = errors.New("npm is needed to fetch the embedded ClickHouse engine and was not found")

const (
	// progressInterval is how often a running step reports.
	progressInterval = 500 * time.Millisecond
	// npmGrace is how long the output of a killed npm may stay open.
	npmGrace = 5 * time.Second
	// maxStderrBytes is how much of the end of npm's output an error repeats.
	maxStderrBytes = 2000
)

// download has npm write the package's tarball into dir and returns its path.
func (f *fetcher) download(ctx context.Context, dir string) (string, error) {
	cache := filepath.Join(dir, "npm-cache")
	stop := f.watchDownload(cache)
	_, err := f.npm(ctx, dir, "pack", f.platform.spec(), "--pack-destination", dir, "--cache", cache, "--ignore-scripts")
	stop()
	if err != nil {
		return "", fmt.Errorf("download %s: %w", f.platform.spec(), err)
	}
	tarballs, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil {
		return "", fmt.Errorf("look for the downloaded package: %w", err)
	}
	if len(tarballs) != 1 {
		return "", fmt.Errorf("download %s: npm ended well but left %d packages instead of one", f.platform.spec(), len(tarballs))
	}
	return tarballs[0], nil
}

// reportedIntegrity asks npm for the package's SHA-512, for a platform without a
// recorded one.
func (f *fetcher) reportedIntegrity(ctx context.Context, dir string) (string, error) {
	out, err := f.npm(ctx, dir, "view", f.platform.spec(), "dist.integrity", "--cache", filepath.Join(dir, "npm-cache"))
	if err != nil {
		return "", fmt.Errorf("ask npm for the checksum of %s: %w", f.platform.spec(), err)
	}
	return strings.TrimSpace(out), nil
}

// npm runs one npm command and returns its standard output. It runs in dir, so
// that the settings of no project apply, and in a process group of its own,
// because npm may be a script around node, and both are killed when ctx ends. On
// Linux the kernel also kills npm when this process ends.
func (f *fetcher) npm(ctx context.Context, dir string, args ...string) (string, error) {
	path, err := exec.LookPath("npm")
	if err != nil {
		return "", fmt.Errorf("%w: install Node.js (which brings npm), or set %s to the path of a libchdb, "+
			"or point clickhouse.dsn at a ClickHouse server", ErrNoNPM, LibraryEnv)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, path, append(args, "--no-update-notifier", "--no-audit", "--no-fund")...)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = procgroup.Attributes()
	cmd.Cancel = func() error { return procgroup.Kill(cmd.Process) }
	cmd.WaitDelay = npmGrace
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		return "", fmt.Errorf("npm %s: %w: %s\nMend what npm complains of and start again; or set %s to the path of a libchdb, or point clickhouse.dsn at a ClickHouse server",
			args[0], err, lastBytes(stderr.Bytes(), maxStderrBytes), LibraryEnv)
	}
	return stdout.String(), nil
}

func lastBytes(text []byte, limit int) []byte {
	text = bytes.TrimSpace(text)
	if len(text) > limit {
		text = append([]byte("…"), text[len(text)-limit:]...)
	}
	return text
}

// watchDownload reports the size of npm's cache, which grows as the download
// proceeds, until stop is called; npm itself prints nothing before the end.
func (f *fetcher) watchDownload(cache string) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(progressInterval)
		defer tick.Stop()
		total := f.platform.packedSize
		f.progress(StageDownload, 0, total)
		for {
			select {
			case <-quit:
				return
			case <-tick.C:
				size := treeSize(cache)
				if total > 0 {
					// The cache also holds files of npm's own.
					size = min(size, total)
				}
				f.progress(StageDownload, size, total)
			}
		}
	}()
	return func() {
		close(quit)
		<-done
	}
}

// treeSize is the size of all files below root, in bytes. It is an estimate:
// files that appear or disappear meanwhile may be missing.
func treeSize(root string) int64 {
	var size int64
	_ = filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			if errors.Is(err, os.ErrNotExist) {
				return nil
			}
			return err
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
		return nil
	})
	return size
}
