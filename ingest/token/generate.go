package token

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/catalogue"
)

const fileHeader = `# Bearer tokens of the areas, one each; "*" may submit for all of them.
# Give every area its own token only. To keep no token in plain here, write its
# SHA-256 (printf %s "$TOKEN" | sha256sum) as sha256: in place of token:. An entry
# may have role: (district, bureau or analyst) and expires: (a date) too.
# The file is read again when it changes. citytally token create makes tokens that
# every gateway knows and no file holds.
`

// Generate makes one random token for each area of the catalogue and one for all
// areas, and writes them to a new file that only its owner can read. When the file exists
// already, the error wraps fs.ErrExist. A crash never leaves half a file.
func Generate(cat *catalogue.Catalogue, path string) (*File, error) {
	file := fileText{Tokens: []fileToken{{Area: AnyArea, Name: "bureau", Token: newSecret()}}}
	for i := range cat.Areas {
		file.Tokens = append(file.Tokens, fileToken{Area: cat.Areas[i].Code, Name: cat.Areas[i].NameZH, Token: newSecret()})
	}
	var text bytes.Buffer
	text.WriteString(fileHeader)
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("encode tokens: %w", err)
	}
	if err := createFile(path, text.Bytes()); err != nil {
		return nil, fmt.Errorf("create tokens file: %w", err)
	}
	return Load(path, cat)
}

// made is the name of the file that says that its folder had a tokens file.
const made = "tokens.made"

// MadePath returns the path of the file that says that there was a tokens file.
func MadePath(tokensFile string) string { return filepath.Join(filepath.Dir(tokensFile), made) }

const madeText = `This data directory has had a tokens file since the time of this file. While this file
is here, no new tokens are made when the tokens file is missing. Delete it to have
new ones made: every area then needs its new token.
`

// GoneError says that a tokens file is missing where there was one. New tokens would lock every
// area out without a word.
type GoneError struct{ Path string }

func (e *GoneError) Error() string {
	return fmt.Sprintf("%s is missing, and this data directory had one: put it back; or delete %s to have new tokens made, which every area then needs",
		e.Path, filepath.Join(filepath.Dir(e.Path), made))
}

// Open loads the tokens file of a data directory. Where the directory never had one, Open makes
// it with a token for each area. Where it had, a missing file is a [*GoneError].
func Open(path string, cat *catalogue.Catalogue) (f *File, generated bool, err error) {
	marker := filepath.Join(filepath.Dir(path), made)
	f, err = Load(path, cat)
	if errors.Is(err, fs.ErrNotExist) {
		if _, stat := os.Stat(marker); !errors.Is(stat, fs.ErrNotExist) {
			return nil, false, errors.Join(&GoneError{path}, stat)
		}
		f, err = Generate(cat, path)
		generated = err == nil
	}
	if err != nil {
		return nil, false, err
	}
	if err := createFile(marker, []byte(madeText)); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, false, fmt.Errorf("create %s: %w", marker, err)
	}
	return f, generated, nil
}

// createFile creates a file, readable by its owner only, with all of its text at once: it
// writes a temporary file and links it to the path, which fails where a file exists.
func createFile(path string, text []byte) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	// CreateTemp makes files with mode 0600.
	temp, err := os.CreateTemp(dir, filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(temp.Name())) }()
	_, err = temp.Write(text)
	if err = errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return err
	}
	return os.Link(temp.Name(), path)
}
