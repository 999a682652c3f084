package credentials

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gofrs/flock"
)

// FileName is the name of the file below the data directory.
const FileName = "credentials.json"

// minSecret is the shortest secret taken, in characters; one of 16 cannot be guessed by trying.
const minSecret = 16

// Store is the secrets of one data directory, as they were when it was opened or loaded.
type Store struct {
	path    string
	secrets map[string]string
}

// Path returns the path of the file of a data directory.
func Path(dir string) string { return filepath.Join(dir, FileName) }

// Load reads the file of a data directory strictly. The error wraps [fs.ErrNotExist] where
// there is none.
func Load(dir string) (*Store, error) {
	s := &Store{path: Path(dir), secrets: map[string]string{}}
	text, err := readPrivate(s.path)
	if err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	if err := json.Unmarshal(text, &s.secrets); err != nil {
		// The error of the library may quote the text.
		return nil, fmt.Errorf("read credentials: %s is no JSON object of names and secrets; mend it, or remove it while nothing runs, and new ones are made", s.path)
	}
	var errs []error
	for _, name := range s.Names() {
		if len(s.secrets[name]) < minSecret {
			errs = append(errs, fmt.Errorf("%s: %s: want a secret of at least %d characters", s.path, name, minSecret))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// readPrivate reads a file that nobody but its owner can read.
func readPrivate(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if others := info.Mode().Perm() & 0o077; others != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s can be used by others than its owner (mode %04o): chmod 600 %s", path, info.Mode().Perm(), path)
	}
	return os.ReadFile(path)
}

// Open returns the store of a data directory with a secret for each of the names. Those that
// are missing are made and written, together or not at all; no other is changed.
func Open(dir string, names ...string) (*Store, error) {
	var s *Store
	err := Update(Path(dir), func([]byte) ([]byte, error) {
		var err error
		if s, err = Load(dir); errors.Is(err, fs.ErrNotExist) {
			s, err = &Store{path: Path(dir), secrets: map[string]string{}}, nil
		}
		if err != nil {
			return nil, err
		}
		made := false
		for _, name := range names {
			if s.secrets[name] == "" {
				s.secrets[name] = generate()
				made = true
			}
		}
		if !made {
			return nil, nil
		}
		return json.Marshal(s.secrets, json.Deterministic(true), jsontext.WithIndent("  "))
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Update replaces a file that its owner alone may read, whole or not at all, by what change
// makes of it; nil leaves it as it is. The text is nil where there is no file. No two processes
// change a file at the same time.
func Update(path string, change func(text []byte) ([]byte, error)) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create data directory: %w", err)
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	text, err := readPrivate(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	changed, err := change(text)
	if err != nil || changed == nil {
		return err
	}
	return write(path, append(changed, '\n'))
}

// generate returns a secret of 130 bits in small letters and digits. It begins with a letter,
// so that no configuration language takes it for a number, and needs no escapes in a URL.
func generate() string { return "k" + strings.ToLower(rand.Text()) }

func write(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // of mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Join(err, os.Remove(file.Name())))
	}
	return nil
}

// Secret returns the secret of a name, "" where there is none. A nil store has none.
func (s *Store) Secret(name string) string {
	if s == nil {
		return ""
	}
	return s.secrets[name]
}

// Names returns the names, in order.
func (s *Store) Names() []string {
	if s == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(s.secrets))
}
