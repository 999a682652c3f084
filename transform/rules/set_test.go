package rules_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/rules"
)

// configFile returns the text of a file of the folder configs.
func configFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func shippedCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Parse(configFile(t, "catalogue.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// shipped returns the rules that ship, compiled for the catalogue that ships.
func shipped(t testing.TB) *rules.Set {
	t.Helper()
	set, err := rules.Parse("rules.yaml", configFile(t, "rules.yaml"), shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Every example of the rules that ship comes out as the file says.
//
// Rules: whole numbers, contradictions.
func TestExamplesOfShippedRules(t *testing.T) {
	outcomes := shipped(t).Test()
	if len(outcomes) < 20 {
		t.Fatalf("%d examples", len(outcomes))
	}
	for _, o := range outcomes {
		if !o.Good() {
			t.Errorf("%s, example %d, %+v: want a fault: %v, got %+v (%v)", o.Rule.ID, o.Number, *o.Example, o.Want, o.Fault, o.Err)
		}
		if o.Want && o.Number == len(o.Rule.Pass)+1 && o.Fault != nil {
			t.Log(o.Fault.MessageEN)
		}
		if o.Fault != nil {
			inTheReadersLanguage(t, o.Fault)
		}
	}
}

// Codes of periods, ids, shares with more places than a reader wants, and a space before a unit
// stand in no message for people.
var forMachines = map[bool]*regexp.Regexp{
	true:  regexp.MustCompile(`\d{4}-(?:S|Q|YTD)?\d+|[a-z]+_[a-z_]+|\d\.\d{4,}%|\d (?:家|亿元)|年 `),
	false: regexp.MustCompile(`\d{4}-(?:S|Q|YTD)?\d+|[a-z]+_[a-z_]+|\d\.\d{4,} ?%|\p{Han}`), // units too
}

func inTheReadersLanguage(t *testing.T, f *rules.Fault) {
	t.Helper()
	for chinese, message := range map[bool]string{true: f.MessageZH, false: f.MessageEN} {
		if seen := forMachines[chinese].FindString(message); seen != "" {
			t.Errorf("%s: %q in %s", f.Rule.ID, seen, message)
		}
	}
}

var update = flag.Bool("update", false, "write the messages anew")

// Every mistake in a file is told at once, with its line.
func TestMistakesInRules(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.bad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = rules.Parse("mistakes.bad.yaml", text, shippedCatalogue(t))
	if err == nil {
		t.Fatal("want mistakes")
	}
	const golden = "testdata/mistakes.bad.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(err.Error()+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, readErr := os.ReadFile(golden)
	if readErr != nil {
		t.Fatal(readErr)
	}
	if diff := cmp.Diff(string(want), err.Error()+"\n"); diff != "" {
		t.Errorf("mistakes (-want +got):\n%s", diff)
	}
}

// An expression that does too much is stopped, and says so instead of finding nothing.
func TestCostOfExpressionIsBounded(t *testing.T) {
	set, err := rules.Parse("rules", []byte(`rules:
  - id: costly
    severity: reject
    expression: series.exists(a, series.exists(b, series.exists(c, series.exists(d, a + b + c + d == value))))
    message_zh: 错
    message_en: wrong
    pass: [{value: "1"}]
    fail: [{value: "99.5", series: ["1","2","3","4","5","6","7","8","9","10","11","12"]}]
`), shippedCatalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	f := set.Test()[1].Fault
	if f == nil || f.Rule.Severity != event.Inform || !strings.Contains(f.MessageEN, "cost limit") {
		t.Errorf("fault = %+v, want that the rule cannot be evaluated", f)
	}
}
