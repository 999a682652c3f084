package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/citytally/citytally/cmd/citytally/present"
)

// changeRules puts rules in force that name an indicator, calls under, and puts none in force.
// The rules change over without a restart, each at its place of the log.
func (c *city) changeRules(t *testing.T, under func()) {
	t.Helper()
	apply := func(text string, args ...string) (a present.AppliedRules) {
		t.Helper()
		path := filepath.Join(t.TempDir(), "rules.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		decode(t, strings.NewReader(must(t, append([]string{"rules", "apply", path, "--dir", c.dir, "--format", "json"}, args...)...)), &a)
		return a
	}
	modest := `rules:
  - id: modest
    severity: reject
    scope: {indicators: [gdp]}
    thresholds: {most: "20"}
    expression: value > most
    message_zh: 过大
    message_en: too much
    pass: [{value: "20"}]
    fail: [{value: "21"}]
`
	dry := apply(modest)
	if dry.Sequence != 0 || dry.From == dry.To || dry.After["modest"] != 1 || dry.Differences[0].Action != "added" || dry.Differences[len(dry.Differences)-1].Action != "removed" {
		t.Errorf("dry run: %+v", dry)
	}
	put := apply(modest, "--reason", "a limit")
	if put.Sequence == 0 || put.To != dry.To {
		t.Fatalf("put in force: %+v", put)
	}
	n := 500
	eventually(t, "the validators have changed over", func() bool {
		n++
		_, out, stderr := citytally(t, "submit", "--dir", c.dir, "--lang", "en", "--area", "101", "--dataset", "yearly", csvFile(t, fmt.Sprintf("indicator,period,value\ngdp,2019,%d\n", n)))
		return strings.Contains(out+stderr, "too much")
	})
	if out := must(t, "rules", "list", "--dir", c.dir); !strings.Contains(out, "modest") || strings.Contains(out, "unit_slip") {
		t.Errorf("the rules in use:\n%s", out)
	}
	if again := apply(modest, "--reason", "once more"); again.Sequence != 0 {
		t.Errorf("the same rules again: %+v", again)
	}
	under()
	none := apply("rules: []\n", "--reason", "none")
	var history []present.Edition
	decode(t, strings.NewReader(must(t, "rules", "history", "--dir", c.dir, "--format", "json")), &history)
	if len(history) != 3 || history[0].Version != dry.From || history[0].Sequence != 1 || history[1].Version != put.To || history[1].Reason != "a limit" || history[2].Sequence != none.Sequence {
		t.Errorf("history: %+v", history)
	}
}
