package ingest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/catalogue"
)

const tokensFileHeader = `# Bearer tokens of the areas, one each; "*" may submit for all of them.
# Give every area its own token only. To keep no token in plain here, write its
# SHA-256 (printf %s "$TOKEN" | sha256sum) as sha256: in place of token:.
# The file is read again when it changes.
`

// GenerateTokens makes one random token for each area of the catalogue and one for all
// areas, and writes them to a new file that only its owner can read. When the file exists
// already, the error wraps fs.ErrExist. A crash never leaves half a file.
func GenerateTokens(cat *catalogue.Catalogue, path string) (*Tokens, error) {
	file := tokensFile{Tokens: []token{{Area: AnyArea, Name: "bureau", Token: rand.Text()}}}
	for i := range cat.Areas {
		file.Tokens = append(file.Tokens, token{Area: cat.Areas[i].Code, Name: cat.Areas[i].NameZH, Token: rand.Text()})
	}
	var text bytes.Buffer
	text.WriteString(tokensFileHeader)
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	if err := encoder.Encode(file); err != nil {
		return nil, fmt.Errorf("encode tokens: %w", err)
	}
	if err := createFile(path, text.Bytes()); err != nil {
		return nil, fmt.Errorf("create tokens file: %w", err)
	}
	return LoadTokens(path)
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
