package judged

import (
	"bufio"
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
)

// Kind is a kind of name, and the name of its list.
type Kind string

// Kinds of names, each with the system table that lists them.
const (
	Functions         Kind = "functions"
	TableFunctions    Kind = "table_functions"
	TableEngines      Kind = "table_engines"
	DatabaseEngines   Kind = "database_engines"
	Formats           Kind = "formats"
	Settings          Kind = "settings"
	DictionarySources Kind = "dictionary_sources"
	DictionaryLayouts Kind = "dictionary_layouts"
	SystemTables      Kind = "system_tables" // system.tables
)

// Kinds are all kinds.
func Kinds() []Kind {
	return []Kind{
		Functions, TableFunctions, TableEngines, DatabaseEngines, Formats, Settings, DictionarySources, DictionaryLayouts, SystemTables,
	}
}

// Verdict is what a client may do with a name.
type Verdict string

// Verdicts on everything but settings.
const (
	Allowed Verdict = "allowed"
	Refused Verdict = "refused"
	// Writer, of functions and settings, keeps a name from users who only read.
	Writer Verdict = "writer"
)

// Verdicts on settings.
const (
	Free    Verdict = "free"    // everybody may change it
	Bounded Verdict = "bounded" // users who only read may change it up to a limit, others freely
	Fixed   Verdict = "fixed"   // nobody may change it
	Session Verdict = "session" // this program sets it for a session, and guards it itself
)

// Verdicts are the verdicts that names of this kind can have.
func (k Kind) Verdicts() []Verdict {
	switch k {
	case Settings:
		return []Verdict{Free, Bounded, Writer, Fixed, Session}
	case Functions:
		return []Verdict{Allowed, Writer, Refused}
	}
	return []Verdict{Allowed, Refused}
}

//go:embed names
var lists embed.FS

var (
	exact  = sync.OnceValue(func() map[Kind]map[string]Verdict { return read(func(name string) string { return name }) })
	folded = sync.OnceValue(func() map[Kind]map[string]Verdict { return read(strings.ToLower) })
)

// Of returns the verdict on a name, whatever its case, and whether anybody has judged it.
func (k Kind) Of(name string) (Verdict, bool) {
	verdict, is := folded()[k][strings.ToLower(name)]
	return verdict, is
}

// All returns the verdict on every name of this kind.
func (k Kind) All() map[string]Verdict { return maps.Clone(exact()[k]) }

// With returns the names of this kind that have a verdict, in order.
func (k Kind) With(verdict Verdict) []string {
	var names []string
	for name, found := range exact()[k] {
		if found == verdict {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// File is the path of the list below this package's directory.
func (k Kind) File() string { return path.Join("names", string(k)+".txt") }

// read reads all lists. Their lines are this program's own, so a broken one is a broken invariant.
func read(spelling func(string) string) map[Kind]map[string]Verdict {
	all := map[Kind]map[string]Verdict{}
	for _, kind := range Kinds() {
		text, err := fs.ReadFile(lists, kind.File())
		if err != nil {
			panic(err)
		}
		names := map[string]Verdict{}
		for lines := bufio.NewScanner(strings.NewReader(string(text))); lines.Scan(); {
			name, verdict, _ := strings.Cut(lines.Text(), " ")
			if !slices.Contains(kind.Verdicts(), Verdict(verdict)) {
				panic(fmt.Sprintf("%s: %s: %q is no verdict", kind.File(), name, verdict))
			}
			names[spelling(name)] = Verdict(verdict)
		}
		all[kind] = names
	}
	return all
}
