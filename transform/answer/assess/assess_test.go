package assess

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

var update = flag.Bool("update", false, "write the messages of testdata/*.bad.yaml anew")

func city(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load("../../../configs/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func year(t testing.TB) catalogue.Period {
	t.Helper()
	p, err := catalogue.ParsePeriod("2021")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestGoodCardsAreRead(t *testing.T) {
	c := city(t)
	for _, path := range append(glob(t, "testdata/*.good.yaml"), "../../../configs/sample/card.yaml") {
		if _, err := Load(path, c); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestBadCardsAreRefusedWithEveryMistake(t *testing.T) {
	c := city(t)
	for _, path := range glob(t, "testdata/*.bad.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse("card", text, c)
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

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s (%v)", pattern, err)
	}
	return paths
}

// figures are areas' figures by "area indicator".
type figures map[string]string

func (f figures) of(area, indicator string) (Figure, bool) {
	text, ok := f[area+" "+indicator]
	if !ok {
		return Figure{}, false
	}
	figure := Figure{Stage: catalogue.Final}
	if rest, estimated := strings.CutPrefix(text, "~"); estimated {
		text, figure.Stage, figure.Qualifier = rest, catalogue.Estimate, catalogue.Below
	}
	figure.Value = decimal.RequireFromString(text)
	return figure, true
}

// Rules: scorecard.
func TestScores(t *testing.T) {
	c := city(t)
	for name, test := range map[string]struct {
		item string
		f    figures
		want Score
	}{
		"at the target":         {"indicator: gdp, weight: 20, target: 500", figures{"320812 gdp": "500"}, Score{Value: "500", Target: "500", Attained: "100", Score: "20", Stage: "final"}},
		"pro rata below":        {"indicator: gdp, weight: 20, target: 500", figures{"320812 gdp": "100.5"}, Score{Value: "100.5", Target: "500", Attained: "20.1", Score: "4.02", Stage: "final"}},
		"no bonus without cap":  {"indicator: gdp, weight: 20, target: 500", figures{"320812 gdp": "501"}, Score{Value: "501", Target: "500", Attained: "100.2", Score: "20", Stage: "final"}},
		"bonus":                 {"indicator: gdp, weight: 20, target: 500, cap: 120", figures{"320812 gdp": "550"}, Score{Value: "550", Target: "500", Attained: "110", Score: "22", Stage: "final"}},
		"bonus to the cap":      {"indicator: gdp, weight: 20, target: 500, cap: 120", figures{"320812 gdp": "5000"}, Score{Value: "5000", Target: "500", Attained: "1000", Score: "24", Stage: "final"}},
		"never below zero":      {"indicator: gdp, weight: 20, target: 500", figures{"320812 gdp": "-1"}, Score{Value: "-1", Target: "500", Attained: "-0.2", Score: "0", Stage: "final"}},
		"less is better":        {"indicator: gdp, weight: 20, target: 500, direction: lower", figures{"320812 gdp": "600"}, Score{Value: "600", Target: "500", Attained: "120", Score: "16", Stage: "final"}},
		"less is better, bonus": {"indicator: gdp, weight: 20, target: 500, direction: lower, cap: 110", figures{"320812 gdp": "0"}, Score{Value: "0", Target: "500", Attained: "0", Score: "22", Stage: "final"}},
		"less is better, none":  {"indicator: gdp, weight: 20, target: 500, direction: lower", figures{"320812 gdp": "1001"}, Score{Value: "1001", Target: "500", Attained: "200.2", Score: "0", Stage: "final"}},
		"its own target":        {"indicator: gdp, weight: 20, target: 500, targets: [{area: \"320812\", target: 250}]", figures{"320812 gdp": "125"}, Score{Value: "125", Target: "250", Attained: "50", Score: "10", Stage: "final"}},
		"thirds":                {"indicator: gdp, weight: 10, target: 3", figures{"320812 gdp": "1"}, Score{Value: "1", Target: "3", Attained: "33.3333333333", Score: "3.3333333333", Stage: "final"}},
		"a ratio of its own": {"indicator: rd_intensity, weight: 20, target: 2", figures{"320812 rd_expenditure": "~8", "320812 gdp": "800", "320804 gdp": "1"},
			Score{Value: "1", Target: "2", Attained: "50", Score: "10", Stage: "estimate", Qualifier: "below"}},
		"half a ratio":        {"indicator: rd_intensity, weight: 20, target: 2", figures{"320812 gdp": "800"}, Score{Target: "2", Reason: ValueMissing, Stage: "final"}},
		"a ratio of nothing":  {"indicator: rd_intensity, weight: 20, target: 2", figures{"320812 gdp": "0", "320812 rd_expenditure": "8"}, Score{Target: "2", Reason: DenominatorZero, Stage: "final"}},
		"no figure":           {"indicator: gdp, weight: 20, target: 500", nil, Score{Target: "500", Reason: ValueMissing}},
		"no target":           {"indicator: gdp, weight: 20, targets: [{area: \"320804\", target: 250}]", figures{"320812 gdp": "125"}, Score{Value: "125", Reason: TargetMissing, Stage: "final"}},
		"a target as written": {"indicator: gdp, weight: 20, target: \"1,000\"", figures{"320812 gdp": "500"}, Score{Value: "500", Target: "1000", Attained: "50", Score: "10", Stage: "final"}},
	} {
		t.Run(name, func(t *testing.T) {
			card, err := Parse("card", fmt.Appendf(nil, "items: [{%s}]\n", test.item), c)
			if err != nil {
				t.Fatal(err)
			}
			for _, area := range card.Assess(c, year(t), test.f.of).Areas {
				if area.Area != "320812" {
					continue
				}
				test.want.Indicator = card.Items[0].Indicator
				if diff := cmp.Diff(test.want, area.Scores[0]); diff != "" {
					t.Error(diff)
				}
				if missing := test.want.Reason != ""; missing != (len(area.Missing) == 1) || missing != (area.Rank == 0) {
					t.Errorf("missing %v, rank %d", area.Missing, area.Rank)
				}
			}
		})
	}
}

// Rules: scorecard.
func TestRanks(t *testing.T) {
	c := city(t)
	card, err := Parse("card", []byte("decimals: 1\nitems:\n  - {indicator: gdp, weight: 60, target: 100, cap: 200}\n  - {indicator: hnte_valid, weight: 40, target: 10}\n"), c)
	if err != nil {
		t.Fatal(err)
	}
	f := figures{}
	for area, values := range map[string][2]string{
		"320803": {"90", "10"}, "320804": {"100", "8.5"}, // 94 each
		"320812": {"100", "10"}, "320813": {"100.04", "10"}, // 100.0 each, as shown
		"320826": {"200", ""}, // would lead
		"320830": {"10", "10"}, "320831": {"", ""}, "320871": {"0", "0"},
	} {
		for i, indicator := range []string{"gdp", "hnte_valid"} {
			if values[i] != "" {
				f[area+" "+indicator] = values[i]
			}
		}
	}
	result := card.Assess(c, year(t), f.of)
	var got []string
	for _, a := range result.Areas {
		got = append(got, fmt.Sprintf("%d %s %s %v", a.Rank, a.Area, a.Score, a.Missing))
	}
	want := []string{
		"1 320812 100.0 []", "1 320813 100.0 []", "3 320803 94.0 []", "3 320804 94.0 []", "5 320830 46.0 []", "6 320871 0.0 []",
		"0 320826 120.0 [hnte_valid]", "0 320831 0.0 [gdp hnte_valid]",
	}
	if diff := cmp.Diff(want, got); diff != "" || result.FullMarks != "100" {
		t.Errorf("full marks %s\n%s", result.FullMarks, diff)
	}
}

// Whoever does better in one indicator, and no worse in another, never scores less.
//
// Rules: scorecard.
func TestScoresAreMonotone(t *testing.T) {
	c := city(t)
	rapid.Check(t, func(t *rapid.T) {
		direction := rapid.SampledFrom([]Direction{Higher, Lower}).Draw(t, "direction")
		text := fmt.Sprintf("decimals: 6\nareas: [\"320812\", \"320804\"]\nitems: [{indicator: gdp, weight: %d, target: %d, cap: %d, direction: %s}]\n",
			rapid.IntRange(1, 100).Draw(t, "weight"), rapid.IntRange(1, 1000).Draw(t, "target"), rapid.IntRange(100, 300).Draw(t, "cap"), direction)
		card, err := Parse("card", []byte(text), c)
		if err != nil {
			t.Fatal(err)
		}
		a, b := rapid.Int64Range(-1000, 5000).Draw(t, "a"), rapid.Int64Range(-1000, 5000).Draw(t, "b")
		if direction == Lower {
			a, b = -a, -b
		}
		f := figures{"320812 gdp": decimal.NewFromInt(a).String(), "320804 gdp": decimal.NewFromInt(b).String()}
		scores := map[string]decimal.Decimal{}
		for _, area := range card.Assess(c, catalogue.Period{Year: 2021, Kind: catalogue.Year}, f.of).Areas {
			scores[area.Area] = area.sum
		}
		better, worse := scores["320812"], scores["320804"]
		if (a > b) != (direction == Higher) {
			better, worse = worse, better
		}
		if a != b && better.LessThan(worse) {
			t.Fatalf("%s\n%v: %v", text, f, scores)
		}
	})
}
