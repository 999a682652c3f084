package libchdb

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
)

// ErrIntegrity is returned by [Fetch], wrapped, when the package or library is
// not the recorded one: it is damaged or was replaced.
var ErrIntegrity = errors.New("checksum differs")

// verify compares the tarball's SHA-512 with the recorded one, or with what npm
// reports when none is recorded (see platform).
func (f *fetcher) verify(ctx context.Context, work, tarball string) error {
	f.progress(StageVerify, 0, 0)
	want := f.platform.integrity
	if want == "" {
		var err error
		if want, err = f.reportedIntegrity(ctx, work); err != nil {
			return err
		}
		if !strings.HasPrefix(want, "sha512-") {
			return fmt.Errorf("verify %s: %w: npm reports %q, want a SHA-512", f.platform.spec(), ErrIntegrity, want)
		}
	}
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("verify %s: %w", f.platform.spec(), err)
	}
	defer file.Close()
	hash := sha512.New()
	if _, err := io.Copy(hash, contextReader{ctx, file}); err != nil {
		return fmt.Errorf("verify %s: %w", f.platform.spec(), err)
	}
	got := "sha512-" + base64.StdEncoding.EncodeToString(hash.Sum(nil))
	if got != want {
		return fmt.Errorf("verify %s: %w: got %s, want %s; run again, and if it stays so do not use this package source",
			f.platform.spec(), ErrIntegrity, got, want)
	}
	return nil
}

// install moves the library from the tarball into the cache and writes its
// record. It removes the old record first and writes the new one last, so that a
// crash leaves a library without a record, never one with a wrong record.
func (f *fetcher) install(ctx context.Context, work, tarball string) error {
	unpacked := filepath.Join(work, f.platform.library)
	sum, err := f.unpack(ctx, tarball, unpacked)
	if err != nil {
		return fmt.Errorf("unpack %s: %w", f.platform.spec(), err)
	}
	if want := f.platform.librarySHA256; want != "" && sum != want {
		return fmt.Errorf("unpack %s: %w: %s has SHA-256 %s, want %s", f.platform.spec(), ErrIntegrity, f.platform.library, sum, want)
	}
	if err := os.Remove(f.recordPath()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove old record: %w", err)
	}
	if err := os.Rename(unpacked, f.libraryPath()); err != nil {
		return fmt.Errorf("put library into the cache: %w", err)
	}
	return f.record(sum)
}

// unpack writes the library to dst, synced to disk, and returns its SHA-256.
func (f *fetcher) unpack(ctx context.Context, tarball, dst string) (sum string, err error) {
	file, err := os.Open(tarball)
	if err != nil {
		return "", err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return "", err
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return "", fmt.Errorf("%s is not in the package", f.platform.library)
		}
		if err != nil {
			return "", err
		}
		if header.Typeflag == tar.TypeReg && path.Base(header.Name) == f.platform.library {
			return f.write(ctx, dst, archive, header.Size)
		}
	}
}

func (f *fetcher) write(ctx context.Context, dst string, src io.Reader, size int64) (sum string, err error) {
	file, err := os.OpenFile(dst, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	hash := sha256.New()
	counted := &countingWriter{total: size, reported: time.Now(), report: func(done int64) { f.progress(StageUnpack, done, size) }}
	counted.report(0)
	if _, err := io.Copy(io.MultiWriter(file, hash, counted), contextReader{ctx, src}); err != nil {
		return "", err
	}
	if err := file.Sync(); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// countingWriter reports how many bytes were written to it, every
// progressInterval and at the end.
type countingWriter struct {
	done, total int64
	reported    time.Time
	report      func(done int64)
}

func (w *countingWriter) Write(p []byte) (int, error) {
	w.done += int64(len(p))
	if now := time.Now(); w.done == w.total || now.Sub(w.reported) >= progressInterval {
		w.reported = now
		w.report(w.done)
	}
	return len(p), nil
}

// contextReader fails once its context has ended, which ends a long copy.
type contextReader struct {
	ctx context.Context
	src io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.src.Read(p)
}
