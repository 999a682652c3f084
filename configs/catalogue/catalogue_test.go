package catalogue

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the messages of testdata/*.bad.yaml anew")

func TestGoodFilesAreRead(t *testing.T) {
	for _, path := range files(t, "testdata/*.good.yaml") {
		if _, err := Load(path); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Rules: ratio, units.
func TestBadFilesAreRefusedWithEveryMistake(t *testing.T) {
	for _, path := range files(t, "testdata/*.bad.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(text)
		if err == nil {
			t.Errorf("%s: no mistake was found", path)
			continue
		}
		golden := strings.TrimSuffix(path, ".yaml") + ".txt"
		got := err.Error() + "\n"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s: messages differ (-want +got), -update writes them:\n%s", path, diff)
		}
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	for path, want := range map[string]string{
		"testdata/nowhere.yaml":     "read catalogue: open testdata/nowhere.yaml",
		"testdata/no_city.bad.yaml": "testdata/no_city.bad.yaml:1: city: want the code",
	} {
		if _, err := Load(path); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("Load(%s): want an error that begins %q, got %v", path, want, err)
		}
	}
}

func TestDefaults(t *testing.T) {
	c := load(t, "testdata/full.good.yaml")
	type words struct {
		Kind
		TotalRule
		ChangeKind
		Rounding
		CoveragePolicy
		Factor int64
		Frequency
	}
	got := map[string]words{}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		got[ind.ID] = words{ind.Kind, ind.Total, ind.Change, ind.Rounding, ind.Coverage, ind.Factor, ind.Frequency}
	}
	want := map[string]words{
		"income":   {Flow, SumRule, Percent, HalfEven, Partial, 1, Monthly},
		"wealth":   {Flow, SumRule, Percent, HalfUp, Complete, 1, HalfYearly},
		"people":   {Stock, SumRule, Percent, Truncate, Complete, 1, Monthly},
		"births":   {Flow, SumRule, Percent, HalfUp, Complete, 1, Monthly},
		"deaths":   {Flow, SumRule, Percent, HalfUp, Complete, 1, Monthly},
		"per_head": {Ratio, RatioRule, Percent, HalfUp, Complete, 10000, Monthly},
		"share":    {Ratio, RatioRule, Point, HalfUp, Complete, 100, Monthly},
		"rate":     {Ratio, CityRule, Point, HalfUp, Complete, 1000, Monthly},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if d, _ := load(t, "testdata/minimal.good.yaml").Dataset("d"); d.Stage != Final {
		t.Errorf("a dataset's stage: want final by default, got %s", d.Stage)
	}
}

func TestLookUps(t *testing.T) {
	c := load(t, "testdata/full.good.yaml")
	if a, ok := c.Area("100071"); !ok || a.NameZH != "乙" {
		t.Errorf("Area(100071): got %v, %v", a, ok)
	}
	if d, ok := c.Dataset("every"); !ok || len(d.Periods) != 5 || d.Periods[4] != YearToDate || d.Stage != Flash {
		t.Errorf("Dataset(every): got %v, %v", d, ok)
	}
	for _, unknown := range []bool{has(c.Area("nowhere")), has(c.Dataset("nothing")), has(c.Indicator("none"))} {
		if unknown {
			t.Error("something was found that is not in the file")
		}
	}
	var dependents []string
	for _, ind := range c.Dependents("income") {
		dependents = append(dependents, ind.ID)
	}
	if diff := cmp.Diff([]string{"per_head", "share"}, dependents); diff != "" {
		t.Errorf("Dependents(income): %s", diff)
	}
	if got := c.Dependents("per_head"); got != nil {
		t.Errorf("Dependents(per_head): want none, got %v", got)
	}
}

func TestVersionFollowsTheText(t *testing.T) {
	text, err := os.ReadFile("testdata/minimal.good.yaml")
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]bool{}
	for _, text := range []string{string(text), string(text), string(text) + "\n# remark\n"} {
		c, err := Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Version()) != 12 {
			t.Errorf("want 12 hex digits, got %q", c.Version())
		}
		versions[c.Version()] = true
	}
	if len(versions) != 2 {
		t.Errorf("want the same version for the same text alone, got %v", versions)
	}
}

func TestWithin(t *testing.T) {
	c := load(t, "testdata/full.good.yaml")
	for _, test := range []struct {
		indicator, value string
		want             bool
	}{
		{"income", "-5.5", true}, {"income", "-5.51", false}, {"income", "99.5", true}, {"income", "99.500000000001", false},
		{"people", "0", true}, {"people", "-0.1", false}, {"people", "999999999999999999", true},
		{"share", "-1000", true},
	} {
		ind, _ := c.Indicator(test.indicator)
		reading, err := ParseValue(test.value)
		if err != nil {
			t.Fatal(err)
		}
		if got := ind.Within(reading.Value); got != test.want {
			t.Errorf("%s within bounds of %s: want %v, got %v", test.value, test.indicator, test.want, got)
		}
	}
}

func has[T any](_ T, ok bool) bool { return ok }

func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s (%v)", pattern, err)
	}
	return paths
}

func load(t *testing.T, path string) *Catalogue {
	t.Helper()
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
