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

// record lies beside the library in the cache and says what the library was
// when it was written, so that a start need not read half a gigabyte to know
// that it still is.
type record struct {
	Package  string    `json:"package"`
	Size     int64     `json:"size"` // bytes
	Modified time.Time `json:"modified"`
	SHA256   string    `json:"sha256"`
}

func (f *fetcher) recordPath() string { return f.libraryPath() + ".json" }

// recorded tells by size and time of change alone whether the library is the
// one that was put there.
func (f *fetcher) recorded() bool {
	r, ok := f.readRecord()
	if !ok {
		return false
	}
	info, err := os.Stat(f.libraryPath())
	return err == nil && info.Size() == r.Size && info.ModTime().Equal(r.Modified)
}

// cached is recorded for a caller who has the lock and can afford a closer
// look: a library that was touched, or lost its record, is hashed.
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

// record notes the library as it lies there now, under the hash it is known
// to have. The file appears whole, by rename.
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

// syncDir makes the renames within dir last through a power failure.
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
