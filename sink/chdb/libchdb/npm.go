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

// ErrNoNPM is what [Fetch] returns, wrapped, when the engine has to be
// downloaded and npm is not installed.
var ErrNoNPM = errors.New("npm is needed to fetch the embedded ClickHouse engine and was not found")

const (
	// progressInterval is how often a running step reports.
	progressInterval = 500 * time.Millisecond
	// npmGrace is how long the pipes of a killed npm may stay open.
	npmGrace = 5 * time.Second
	// maxStderrBytes bounds, in bytes, how much of npm's words an error repeats;
	// the reason stands at their end.
	maxStderrBytes = 2000
)

// download lets npm put the package's tarball below dir and returns its path.
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

// reportedIntegrity asks npm for the package's SHA-512, for platforms where
// none is recorded in this program.
func (f *fetcher) reportedIntegrity(ctx context.Context, dir string) (string, error) {
	out, err := f.npm(ctx, dir, "view", f.platform.spec(), "dist.integrity", "--cache", filepath.Join(dir, "npm-cache"))
	if err != nil {
		return "", fmt.Errorf("ask npm for the checksum of %s: %w", f.platform.spec(), err)
	}
	return strings.TrimSpace(out), nil
}

// npm runs one command, in dir so that no project's settings apply, and
// returns its standard output. npm has a process group of its own: it may be a
// script around node, and both have to go when ctx ends. It goes with this
// process too, where the kernel can see to that (see [procgroup.Attributes]).
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

// watchDownload reports how much npm has written into its cache, which grows
// as the bytes arrive; npm itself says nothing until the end.
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
					// npm keeps some notes of its own beside the package.
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

// treeSize adds up the files below root. It is an estimate: files come and go
// meanwhile, and those are left out.
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
