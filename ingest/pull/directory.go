package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/ingest/drop"
)

const (
	// maxFiles is how many files of a directory are looked at.
	maxFiles = 1000
	// stillFor is how long a file has to be as it is before it is read.
	stillFor = 2 * time.Second
)

// split returns a source's directory and the pattern that names in it have to fit.
func (s *Source) split() (dir, pattern string) {
	if info, err := os.Stat(s.URL); err == nil && info.IsDir() {
		return s.URL, "*"
	}
	return filepath.Split(s.URL)
}

// list returns the names of a directory source's files that are whole: those that are no link, not
// hidden or temporary, and have not changed lately, for which it waits once.
func (s *Source) list(ctx context.Context) (root *os.Root, names []string, err error) {
	dir, pattern := s.split()
	if root, err = os.OpenRoot(dir); err != nil {
		return nil, nil, err
	}
	listed, err := root.Open(".")
	if err == nil {
		names, err = listed.Readdirnames(maxFiles)
		listed.Close()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		root.Close()
		return nil, nil, err
	}
	waited := false
	names = slices.DeleteFunc(names, func(name string) bool {
		if fits, _ := filepath.Match(pattern, name); !fits || drop.PassedOver(name) {
			return true
		}
		info, err := root.Lstat(name)
		if err != nil || !info.Mode().IsRegular() {
			return true
		}
		if age := time.Since(info.ModTime()); age >= 0 && age < stillFor && !waited {
			waited = true
			select {
			case <-time.After(stillFor - age):
			case <-ctx.Done():
			}
		}
		now, err := root.Lstat(name)
		return err != nil || now.Size() != info.Size() || !now.ModTime().Equal(info.ModTime())
	})
	slices.Sort(names)
	return root, names, nil
}

// readFile reads a file of a directory source, of a large one the beginning.
func readFile(root *os.Root, name string, most int64) (file, error) {
	f, err := root.Open(name)
	if err != nil {
		return file{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return file{}, err
	}
	if !info.Mode().IsRegular() {
		return file{}, fmt.Errorf("%s is no file", name)
	}
	content, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return file{}, err
	}
	if after, err := f.Stat(); err != nil || after.Size() != info.Size() || !after.ModTime().Equal(info.ModTime()) || drop.IsBeingWritten(f) {
		return file{}, errors.Join(fmt.Errorf("%s is being written", name), err)
	}
	return file{strings.ToValidUTF8(name, "?"), content}, nil
}
