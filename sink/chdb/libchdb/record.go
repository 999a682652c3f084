package libchdb

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// record is a file beside the library in the cache. It describes the library as
// it was written, so that a start need not hash half a gigabyte to see that the
// library is unchanged.
type record struct {
	Package  string    `json:"package"`
	Size     int64     `json:"size"` // bytes
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256"`
}

func (f *fetcher) recordPath() string { return f.libraryPath() + ".json" }

// recorded says whether the library has the size and modification time in its
// record.
func (f *fetcher) recorded() bool {
	r, ok := f.readRecord()
	if !ok {
		return false
	}
	info, err := os.Stat(f.libraryPath())
	return err == nil && info.Size() == r.Size && info.ModTime().Equal(r.Modified)
}

// cached says whether the library in the cache is right. It hashes one that was
// touched or has no record, and writes a new record for it. The caller holds
// f.lock.
func (f *fetcher) cached() bool {
	if f.recorded() {
		return true
	}
	want := f.platform.librarySHA256
	if r, ok := f.readRecord(); ok && want == "" {
		want = r.SHA256
	}
	if want == "" {
		return false
	}
	sum, err := fileSHA256(f.libraryPath())
	return err == nil && sum == want && f.record(sum) == nil
}

func (f *fetcher) readRecord() (record, bool) {
	text, err := os.ReadFile(f.recordPath())
	if err != nil {
		return record{}, false
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil || r.Package != f.platform.spec() {
		return record{}, false
	}
	return r, true
}

// record writes the record of the library, whose SHA-256 is sum. The file appears
// whole, by a rename.
func (f *fetcher) record(sum string) (err error) {
	info, err := os.Stat(f.libraryPath())
	if err != nil {
		return fmt.Errorf("record library: %w", err)
	}
	text, err := json.Marshal(record{Package: f.platform.spec(), Size: info.Size(), Modified: info.ModTime(), SHA256: sum})
	if err != nil {
		return fmt.Errorf("record library: %w", err)
	}
	temporary, err := os.CreateTemp(f.dir, "fetch-*.json")
	if err != nil {
		return fmt.Errorf("record library: %w", err)
	}
	_, err = temporary.Write(append(text, '\n'))
	if err := errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return fmt.Errorf("record library: %w", err)
	}
	if err := os.Rename(temporary.Name(), f.recordPath()); err != nil {
		return fmt.Errorf("record library: %w", err)
	}
	return syncDir(f.dir)
}

// syncDir makes renames within dir survive a power failure.
func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return fmt.Errorf("sync cache directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync cache directory: %w", err)
	}
	return nil
}

func fileSHA256(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
