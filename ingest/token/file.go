package token

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
)

// minToken is the shortest plain token taken, in characters; one of 16 cannot be guessed
// by trying.
const minToken = 16

// File is the tokens of a YAML file, which is read again when it changes. It is safe for
// concurrent use.
//
// A file with a mistake is never taken as a whole: nobody gains by it, and of the tokens in
// force those stay that it has unchanged and without a mistake of their own.
type File struct {
	path string
	cat  *catalogue.Catalogue

	mu     sync.RWMutex
	tokens map[hash]fileToken // nil while the file has never been read without a mistake
	state  fileState          // zero while the file is away
	away   error              // why nobody knows now what the file says
}

// fileToken is one entry of the file: it has either the token itself or its SHA-256 in
// hexadecimal digits.
type fileToken struct {
	Area    string `yaml:"area"`
	Name    string `yaml:"name,omitempty"`
	Role    string `yaml:"role,omitempty"`
	Expires string `yaml:"expires,omitempty"`
	Token   string `yaml:"token,omitempty"`
	SHA256  string `yaml:"sha256,omitempty"`

	hash   hash
	holder Holder
	place  int // in the file
}

type fileText struct {
	Tokens []fileToken `yaml:"tokens"`
}

// fileState is what changes when a file is written.
type fileState struct {
	modified time.Time
	size     int64
}

// Load reads a tokens file strictly and reports every mistake in it at once. No message
// contains a token. A nil catalogue has every area.
func Load(path string, cat *catalogue.Catalogue) (*File, error) {
	f := &File{path: path, cat: cat}
	if _, err := f.Reload(); err != nil {
		return nil, err
	}
	return f, nil
}

// Await returns the tokens of a file that is missing: as long as it is, nobody knows of any token whether
// it is in the file.
func Await(path string, cat *catalogue.Catalogue) *File {
	f := &File{path: path, cat: cat}
	_, _ = f.Reload() // why it cannot be read is asked of the register
	return f
}

// Reload reads the file when it has changed since it was last read. An error is returned once,
// until the file changes again; then it says what became of whom.
func (f *File) Reload() (changed bool, err error) {
	info, err := os.Stat(f.path)
	var text []byte
	if err == nil {
		now := fileState{info.ModTime(), info.Size()}
		f.mu.RLock()
		same := f.state == now
		f.mu.RUnlock()
		if same {
			return false, nil
		}
		text, err = os.ReadFile(f.path)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err != nil {
		known := f.away != nil
		f.state, f.away = fileState{}, unread(fmt.Errorf("read tokens: %w", err), bilingual.Text{ZH: "请放回该文件", EN: "put the file back"})
		if known {
			return false, nil
		}
		return false, f.away
	}
	f.state, f.away = fileState{info.ModTime(), info.Size()}, nil
	tokens, parsed, err := f.parse(text)
	if err == nil {
		f.tokens = tokens
		return true, nil
	}
	if f.tokens == nil {
		f.away = unread(err, bilingual.Text{ZH: "请改正该文件", EN: "correct the file"})
		return false, err
	}
	before := len(f.tokens)
	f.keep(tokens, parsed, text)
	return false, fmt.Errorf("%w\nnothing new in %s is in force until it is mended; of %d tokens in force before, %d stay", err, f.path, before, len(f.tokens))
}

// unread is why nobody knows what the file says, and what to do about it.
func unread(err error, advice bilingual.Text) error {
	return &bilingual.Error{Err: err, Text: bilingual.Text{
		ZH: "无法读取令牌文件：" + bilingual.Chinese(err) + "；" + advice.ZH, EN: err.Error() + "; " + advice.EN,
	}}
}

// keep ends the tokens that a file with a mistake does not have unchanged.
func (f *File) keep(tokens map[hash]fileToken, parsed bool, text []byte) {
	written := withoutComments(string(text))
	for h, before := range f.tokens {
		now, ok := tokens[h]
		switch {
		case parsed && ok && now.holder == before.holder:
		case !parsed && strings.Contains(written, before.Token+before.SHA256):
			// What is no YAML says no more than whether the token is still in it.
		default:
			delete(f.tokens, h)
		}
	}
}

var comment = regexp.MustCompile(`(?m)(^|\s)#.*$`)

func withoutComments(text string) string { return comment.ReplaceAllString(text, "") }

// entryPath finds the entry that a mistake is in.
var entryPath = regexp.MustCompile(`tokens\[(\d+)\]`)

// parse returns the entries without a mistake, whether the text is YAML, and all mistakes.
func (f *File) parse(text []byte) (tokens map[hash]fileToken, parsed bool, err error) {
	var file fileText
	decoder := strict.NewDecoder(f.path, &file)
	decoder.Document(text)
	wrong := map[int]bool{}
	for _, mistake := range strict.Flatten(decoder.Err()) {
		if at := entryPath.FindStringSubmatch(mistake.Error()); at != nil {
			i, _ := strconv.Atoi(at[1])
			wrong[i] = true
		}
	}
	seen := map[hash]int{}
	tokens = map[hash]fileToken{}
	for i := range file.Tokens {
		entry := &file.Tokens[i]
		entry.place = i
		for _, mistake := range strict.Flatten(entry.check(f.cat)) {
			wrong[i] = true
			decoder.Add(fmt.Errorf("tokens[%d].%w", i, mistake))
		}
		first, twice := seen[entry.hash]
		switch {
		case twice:
			decoder.Add(fmt.Errorf("tokens[%d]: the same token as tokens[%d]; give each area its own", i, first))
			delete(tokens, entry.hash)
		case !wrong[i]:
			tokens[entry.hash] = *entry
		}
		if entry.hash != (hash{}) {
			seen[entry.hash] = i
		}
	}
	var document yaml.Node
	parsed = yaml.Unmarshal(text, &document) == nil
	if parsed && file.Tokens == nil {
		decoder.Report(fmt.Errorf("%s: tokens: want at least one, or [] for none", f.path))
	}
	return tokens, parsed, decoder.Err()
}

// check validates the entry, and completes its hash and holder.
func (e *fileToken) check(cat *catalogue.Catalogue) error {
	zone := time.UTC
	if cat != nil {
		zone = cat.Zone()
	}
	var errs []error
	e.holder = Holder{Name: e.Name, Area: e.Area, Role: Role(e.Role)}
	if e.Name == "" {
		e.holder.Name = e.Area
	}
	if e.Role == "" {
		e.holder.Role = UsualRole(e.Area)
	}
	var err error
	if e.holder.Expires, err = ParseExpiry(e.Expires, zone); err != nil {
		errs = append(errs, err)
	}
	if e.Area == "" {
		e.holder.Name = "-" // the area is the mistake to report
	}
	errs = append(errs, e.holder.Check(cat))
	switch {
	case (e.Token == "") == (e.SHA256 == ""):
		errs = append(errs, errors.New("token: want either token or sha256"))
	case e.SHA256 != "":
		if e.hash, err = parseHash(e.SHA256); err != nil {
			errs = append(errs, fmt.Errorf("sha256: %w", err))
		}
	case len(e.Token) < minToken || strings.ContainsFunc(e.Token, func(r rune) bool { return r <= ' ' || r > '~' }):
		errs = append(errs, fmt.Errorf("token: want at least %d letters, digits or signs without spaces", minToken))
	default:
		e.hash = hashOf(e.Token)
	}
	return errors.Join(errs...)
}

// lookup returns the holder of a token of the file. It returns why the file cannot be read where
// the token may be in it: where it was before, and every token while the file has never been read.
func (f *File) lookup(h hash) (Holder, bool, error) {
	if f == nil {
		return Holder{}, false, nil
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	t, ok := f.tokens[h]
	if !ok && f.tokens != nil {
		return Holder{}, false, nil
	}
	return t.holder, true, f.away
}

// Plain returns the area's token where the file has it in plain text, for clients on the
// same machine. The area of the bureau's token is [AnyArea].
func (f *File) Plain(area string) (string, bool) {
	if f == nil {
		return "", false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, t := range f.inOrder() {
		if t.Area == area && t.Token != "" && t.holder.Role != Analyst {
			return t.Token, true
		}
	}
	return "", false
}

// inOrder returns the tokens in the order of the file.
func (f *File) inOrder() []fileToken {
	return slices.SortedFunc(maps.Values(f.tokens), func(a, b fileToken) int { return a.place - b.place })
}

// Entries returns the tokens of the file, without their secrets.
func (f *File) Entries() []Issued {
	if f == nil {
		return nil
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	var list []Issued
	for _, t := range f.inOrder() {
		list = append(list, Issued{ID: t.hash.id(), Holder: t.holder})
	}
	return list
}

// find returns the file's token with an id.
func (f *File) find(id string) (Issued, hash, bool) {
	if f == nil {
		return Issued{}, hash{}, false
	}
	f.mu.RLock()
	defer f.mu.RUnlock()
	for h, t := range f.tokens {
		if h.id() == id {
			return Issued{ID: id, Holder: t.holder}, h, true
		}
	}
	return Issued{}, hash{}, false
}
