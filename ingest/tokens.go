package ingest

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// AnyArea is the area of a token that may submit for every area: the bureau's.
const AnyArea = "*"

// minToken is the shortest plain token taken, in characters; one of 16 cannot be guessed
// by trying.
const minToken = 16

// Tokens are the bearer tokens of the areas, read from a file. It is safe for concurrent
// use.
type Tokens struct {
	path string

	mu     sync.RWMutex
	tokens []token
	state  fileState
}

// token is one entry of the file: who may submit for which area. The entry has either the
// token itself or its SHA-256 in hexadecimal digits.
type token struct {
	Area   string `yaml:"area"`
	Name   string `yaml:"name,omitempty"`
	Token  string `yaml:"token,omitempty"`
	SHA256 string `yaml:"sha256,omitempty"`

	hash [sha256.Size]byte
}

type tokensFile struct {
	Tokens []token `yaml:"tokens"`
}

// fileState is what changes when a file is written.
type fileState struct {
	modified time.Time
	size     int64
}

// LoadTokens reads a tokens file strictly and reports every mistake in it at
// once. No message contains a token.
func LoadTokens(path string) (*Tokens, error) {
	t := &Tokens{path: path}
	if _, err := t.reload(); err != nil {
		return nil, err
	}
	return t, nil
}

// reload reads the file when it has changed since it was last read. When it cannot be
// read the tokens stay as they were. The error of a malformed file is returned once, until
// the file changes again.
func (t *Tokens) reload() (changed bool, err error) {
	info, err := os.Stat(t.path)
	if err != nil {
		return false, fmt.Errorf("read tokens: %w", err)
	}
	now := fileState{info.ModTime(), info.Size()}
	t.mu.RLock()
	same := t.state == now
	t.mu.RUnlock()
	if same {
		return false, nil
	}
	text, err := os.ReadFile(t.path)
	if err != nil {
		return false, fmt.Errorf("read tokens: %w", err)
	}
	tokens, err := parseTokens(text)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state = now
	if err != nil {
		return false, fmt.Errorf("%s: %w", t.path, err)
	}
	t.tokens = tokens
	return true, nil
}

func parseTokens(text []byte) ([]token, error) {
	var file tokensFile
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("want tokens: [{area, name, token or sha256}]: %w", err)
	}
	var errs []error
	seen := map[[sha256.Size]byte]int{}
	for i := range file.Tokens {
		entry := &file.Tokens[i]
		if err := entry.check(); err != nil {
			errs = append(errs, fmt.Errorf("tokens[%d].%w", i, err))
			continue
		}
		if first, ok := seen[entry.hash]; ok {
			errs = append(errs, fmt.Errorf("tokens[%d]: the same token as tokens[%d]; give each area its own", i, first))
		}
		seen[entry.hash] = i
	}
	if len(file.Tokens) == 0 {
		errs = append(errs, errors.New("tokens: want at least one"))
	}
	return file.Tokens, errors.Join(errs...)
}

// check validates the entry and computes its hash.
func (e *token) check() error {
	switch {
	case e.Area == "":
		return fmt.Errorf(`area: want an area's code, or %q for all, got ""`, AnyArea)
	case strings.ContainsFunc(e.Name, unicode.IsControl) || len(e.Name) > 200:
		return errors.New("name: want one line of at most 200 bytes")
	case (e.Token == "") == (e.SHA256 == ""):
		return errors.New("token: want either token or sha256")
	case e.SHA256 != "":
		hash, err := hex.DecodeString(e.SHA256)
		if err != nil || len(hash) != sha256.Size {
			return errors.New("sha256: want 64 hexadecimal digits")
		}
		e.hash = [sha256.Size]byte(hash)
		return nil
	case len(e.Token) < minToken || strings.ContainsFunc(e.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("token: want at least %d letters, digits or signs without spaces", minToken)
	}
	e.hash = sha256.Sum256([]byte(e.Token))
	return nil
}

// tokenHolder is who presented a token.
type tokenHolder struct{ area, name string }

// may reports whether the holder may submit for the area and see its receipts.
func (h tokenHolder) may(area string) bool { return h.area == AnyArea || h.area == area }

// lookup returns the holder of a presented token. It compares the hashes of all tokens, so
// that its duration reveals nothing about them.
func (t *Tokens) lookup(presented string) (tokenHolder, bool) {
	hash := sha256.Sum256([]byte(presented))
	t.mu.RLock()
	defer t.mu.RUnlock()
	found := -1
	for i := range t.tokens {
		if subtle.ConstantTimeCompare(t.tokens[i].hash[:], hash[:]) == 1 {
			found = i
		}
	}
	if found < 0 {
		return tokenHolder{}, false
	}
	h := tokenHolder{area: t.tokens[found].Area, name: t.tokens[found].Name}
	if h.name == "" {
		h.name = h.area
	}
	return h, true
}

// Plain returns the area's token where the file has it in plain text, for clients on the
// same machine. The area of the bureau's token is [AnyArea].
func (t *Tokens) Plain(area string) (string, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	for i := range t.tokens {
		if t.tokens[i].Area == area && t.tokens[i].Token != "" {
			return t.tokens[i].Token, true
		}
	}
	return "", false
}

// areas returns the areas that have a token.
func (t *Tokens) areas() []string {
	t.mu.RLock()
	defer t.mu.RUnlock()
	var codes []string
	for i := range t.tokens {
		codes = append(codes, t.tokens[i].Area)
	}
	return codes
}
