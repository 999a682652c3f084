package decode_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
)

var update = flag.Bool("update", false, "write the golden tables anew")

var loadCatalogue = sync.OnceValues(func() (*catalogue.Catalogue, error) { return catalogue.Load("../../configs/catalogue.yaml") })

// builtIn is the catalogue of 淮安.
func builtIn(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := loadCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func options(t testing.TB) decode.Options {
	return decode.Options{Catalogue: builtIn(t), Area: "320812", Dataset: "sti-annual"}
}

// TestDistrictFiles writes down what became of files as districts have them, those of
// testdata/district and of the corpus, in golden tables that a person reads.
func TestDistrictFiles(t *testing.T) {
	var b strings.Builder
	for _, path := range files(t, "testdata/district/*") {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		o := options(t)
		o.File = filepath.Base(path)
		if strings.Contains(path, "excel-months") {
			o.Dataset = "sti-monthly"
		}
		describe(&b, o.File, "", content, o)
	}
	golden(t, "testdata/district.golden.txt", b.String())
}

// describe writes what a file was read as.
func describe(b *strings.Builder, name, parameters string, content []byte, o decode.Options) {
	fmt.Fprintf(b, "== %s%s\n", name, parameters)
	got, err := decode.Read(content, o)
	if err != nil {
		p, ok := errors.AsType[*catalogue.Problem](err)
		if !ok {
			fmt.Fprintf(b, "   FAULT %v\n", err)
			return
		}
		fmt.Fprintf(b, "   refused %s\n   %s\n   %s\n", p.Code, p.EN, p.ZH)
		return
	}
	fmt.Fprintf(b, "   %s\n   %s\n", got.Understanding.EN, got.Understanding.ZH)
	for _, s := range got.Submissions {
		for n, o := range s.Observations {
			if n == 12 {
				fmt.Fprintf(b, "   … %d more\n", len(s.Observations)-n)
				break
			}
			fmt.Fprintf(b, "   %s %s %s\n", s.Area, s.Dataset, line(&s, &o))
		}
	}
	for _, n := range got.Understanding.Notes {
		fmt.Fprintf(b, "   note %s %d%s: %s | %s\n", n.Code, n.Row, n.Column, n.MessageEN, n.MessageZH)
	}
}

// line writes an observation with the place of its value.
func line(s *event.Submission, o *event.Observation) string {
	where := cmp.Or(s.CellOf(o, "value"), fmt.Sprintf("row %d", o.Row))
	if o.Malformed != "" {
		return fmt.Sprintf("%s MALFORMED %q: %s | %s", where, o.Malformed, o.Problem, o.ProblemZH)
	}
	text := fmt.Sprintf("%s: %s %s = %q", where, o.Indicator, o.Period, string(o.Value))
	listing := event.Listing{}
	if o.Listing != nil {
		listing = *o.Listing
	}
	for _, more := range []struct{ name, value string }{{"entity", listing.Entity}, {"valid_from", listing.ValidFrom}, {"valid_to", listing.ValidTo}, {"unit", o.Unit}, {"stage", o.Stage}, {"status", o.Status}, {"qualifier", o.Qualifier}, {"note", o.Note}, {"base", o.Base}, {"change", o.Change}, {"action", o.Action}} {
		if more.value != "" {
			text += fmt.Sprintf(" %s=%q", more.name, more.value)
		}
	}
	return text
}

func files(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%s: no files, %v", pattern, err)
	}
	slices.Sort(paths)
	return paths
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range gotLines {
		if i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s, line %d: got\n%s\nwant\n%s\n(go test -update writes it anew, then read what changed)", path, i+1, gotLines[i], strings.Join(wantLines[min(i, len(wantLines)):min(i+1, len(wantLines))], ""))
		}
	}
	t.Fatalf("%s is longer than what was got", path)
}
