package drop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// folder is one folder with what is known of its files.
type folder struct {
	*Watcher
	path, area, dataset string
	// seen are the files that lie there, by name, and claims those in .taken, by the name of
	// their directory in it.
	seen   map[string]*sighting
	claims map[string]*claim
	// foreign are claims of other instances, with when each was first seen as it is.
	foreign map[string]time.Time
}

// sighting is how a file looked, and since when it has looked so.
type sighting struct {
	info  fs.FileInfo
	since time.Time
}

// same reports whether two looks at a file found the same.
func same(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// settled reports whether a file has lain unchanged for long enough. Many programs make an empty
// file first.
func (f *folder) settled(s *sighting) bool {
	wait := f.config.Settle
	if s.info.Size() == 0 {
		wait *= 10
	}
	return f.now().Sub(s.since) >= wait
}

const (
	// maxListed is how many files of a folder are looked at, and maxClaims how many of them are
	// under way at the same time.
	maxListed = 10000
	maxClaims = 100
)

// list looks at the files that lie in the folder, and returns the folders in it.
func (f *folder) list(root *os.Root) (folders []string, err error) {
	dir, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	entries, err := dir.ReadDir(maxListed)
	dir.Close()
	if err != nil && len(entries) == 0 && !isEnd(err) {
		return nil, err
	}
	seen, now := map[string]*sighting{}, f.now()
	for _, entry := range entries {
		name := entry.Name()
		if PassedOver(name) {
			continue
		}
		info, err := root.Lstat(name)
		if err != nil {
			continue // it has gone meanwhile
		}
		place := f.path + "/" + name
		switch {
		case info.IsDir() && name != doneDir && name != refusedDir && f.dataset == "":
			folders = append(folders, name)
		case info.IsDir():
		case !info.Mode().IsRegular():
			f.trouble(place, errors.New("is no file but a link or a device, which is not followed"))
		case links(info) > 1:
			f.trouble(place, errors.New("is the same file as one elsewhere; put a copy there"))
		default:
			f.trouble(place, nil)
			seen[name] = &sighting{info, now}
			if before := f.seen[name]; before != nil && same(before.info, info) {
				seen[name] = before
			}
		}
	}
	f.seen = seen
	return folders, nil
}

// take claims the files that have settled, the oldest first. Only an error of a step is returned.
func (f *folder) take(ctx context.Context, root *os.Root) error {
	var ready []string
	for name, s := range f.seen {
		if f.settled(s) {
			ready = append(ready, name)
		}
	}
	if len(ready) == 0 {
		return nil
	}
	slices.SortFunc(ready, func(a, b string) int {
		return cmp.Or(f.seen[a].info.ModTime().Compare(f.seen[b].info.ModTime()), cmp.Compare(a, b))
	})
	place, err := f.gateway.NextPlace(ctx)
	if err != nil {
		f.trouble(f.path, fmt.Errorf("the broker does not answer: %w", err))
		return nil
	}
	for _, name := range ready {
		if len(f.claims) >= maxClaims {
			break
		}
		if f.isBeingWritten(root, name) {
			f.seen[name].since = f.now()
			continue
		}
		err := f.claim(root, name, place)
		f.trouble(f.path+"/"+name, err)
		if err != nil {
			continue
		}
		delete(f.seen, name)
		if err := f.reached("claimed"); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) isBeingWritten(root *os.Root, name string) bool {
	file, err := root.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return false // claiming it will tell
	}
	defer file.Close()
	return IsBeingWritten(file)
}

// claim renames a file into a directory of its own below .taken, whose name says from which place
// of SUBMISSIONS on its submission would be, and whose the claim is.
func (f *folder) claim(root *os.Root, name string, place uint64) error {
	if err := root.Mkdir(takenDir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	for n := 0; ; n++ {
		id := fmt.Sprintf("%d-%d-%s", place, n, f.holder)
		err := root.Mkdir(path.Join(takenDir, id), dirMode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := root.Rename(name, path.Join(takenDir, id, name)); err != nil {
			_ = root.Remove(path.Join(takenDir, id))
			if errors.Is(err, fs.ErrNotExist) {
				return nil // another instance has it
			}
			return err
		}
		f.claims[id] = &claim{folder: f, id: id, name: name, place: place, sighting: *f.seen[name]}
		return nil
	}
}

// recover finds claims that somebody left: this instance before it was killed, or another one
// that has done nothing to them for takeOver.
func (f *folder) recover(root *os.Root) error {
	ids, err := names(root, takenDir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	foreign := map[string]time.Time{}
	for _, id := range ids {
		if f.claims[id] != nil {
			continue
		}
		first, rest, _ := strings.Cut(id, "-")
		_, holder, _ := strings.Cut(rest, "-")
		place, err := strconv.ParseUint(first, 10, 64)
		if err != nil {
			continue
		}
		if holder != f.holder {
			since, known := f.foreign[id]
			if !known {
				since = f.now()
			}
			if f.now().Sub(since) < f.takeOver {
				foreign[id] = since
				continue
			}
		}
		files, err := names(root, path.Join(takenDir, id))
		if err != nil {
			continue
		}
		for _, name := range files {
			if info, err := root.Lstat(path.Join(takenDir, id, name)); err == nil && info.Mode().IsRegular() {
				f.claims[id] = &claim{folder: f, id: id, name: name, place: place, sighting: sighting{info, f.now()}}
			}
		}
		if len(files) == 0 {
			_ = root.Remove(path.Join(takenDir, id)) // its file was moved, or never came
		}
	}
	f.foreign = foreign
	return nil
}

// names returns the names in a directory that is no link.
func names(root *os.Root, name string) ([]string, error) {
	info, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, errors.New("is no directory")
	}
	dir, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	found, err := dir.Readdirnames(maxListed)
	if isEnd(err) {
		err = nil
	}
	return found, err
}
