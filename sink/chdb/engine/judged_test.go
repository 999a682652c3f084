package engine_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/judged"
)

func number(n uint64) string { return strconv.FormatUint(n, 10) }

var update = flag.Bool("update", false, "take the names out of the lists of package judged that the library does not know")

// Whatever the pinned library offers has been judged, so that a new version of it cannot open a door: whoever raises the
// version reads what is new and writes the verdicts by hand.
func TestEveryNameIsJudged(t *testing.T) {
	s := openIn(t, engine.User{}, "")
	for _, kind := range judged.Kinds() {
		query := "SELECT DISTINCT name FROM system." + string(kind)
		if kind == judged.SystemTables { // those that the engine removes at its start are found in the list alone
			query = "SELECT name FROM system.tables WHERE database = 'system'"
		}
		known := strings.Split(one(t, s, query), "\n")
		all := kind.All()
		for _, name := range known {
			verdict, is := all[name]
			switch {
			case !is:
				t.Errorf("%s: %s is new: add it to judged/%s with one of %v", kind, name, kind.File(), kind.Verdicts())
			case kind == judged.SystemTables && verdict != judged.Allowed:
				t.Errorf("the table system.%s is there although it is %s", name, verdict)
			}
		}
		if kind == judged.SystemTables {
			known = append(known, kind.With(judged.Refused)...)
		}
		var gone []string
		for name := range all {
			if !slices.Contains(known, name) {
				gone = append(gone, name)
			}
		}
		if len(gone) > 0 && !*update {
			t.Errorf("%s: the library does not know %q; run this test with -update to take them out", kind, gone)
		}
		if *update && !t.Failed() {
			writeJudged(t, kind, known)
		}
	}
}

// writeJudged writes the list of a kind anew, with the verdicts it has.
func writeJudged(t *testing.T, kind judged.Kind, names []string) {
	t.Helper()
	slices.Sort(names)
	var text strings.Builder
	for _, name := range slices.Compact(names) {
		fmt.Fprintf(&text, "%s %s\n", name, kind.All()[name])
	}
	if err := os.WriteFile(filepath.Join("..", "judged", kind.File()), []byte(text.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

// A name is compared without its case, so one spelling must not be refused beside another that is allowed.
func TestVerdictsDoNotDependOnCase(t *testing.T) {
	for _, kind := range judged.Kinds() {
		for name, want := range kind.All() {
			if got, _ := kind.Of(strings.ToUpper(name)); got != want {
				t.Errorf("%s: %s is %s, in capitals %s", kind, name, want, got)
			}
		}
	}
	for _, name := range judged.TableFunctions.With(judged.Refused) {
		if verdict, is := judged.Functions.Of(name); is && verdict != judged.Refused {
			t.Errorf("the table function %s is refused and the function of that name is not", name)
		}
	}
}
