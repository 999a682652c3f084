package main

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/cmd/citytally/app"
)

// The demo's totals are the figures that were published, to the last digit
// published.
func TestDemoReproducesThePublishedFigures(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	demo := append([]string{"demo", "--lang", "en"}, anyPorts(dir)...)
	out := must(t, demo...)
	for _, want := range []string{"582", "+111.81 %", "1.8 %", "+0.06 points", "1.4 %", "+0.40 points", "28.5 %", "+1.14 points", "58.4 %", "+1.00 points"} {
		if !strings.Contains(out, want) {
			t.Errorf("the demo does not print %q:\n%s", want, out)
		}
	}
	if _, err := app.FindInstance(dir); err == nil {
		t.Error("the demo left its instance behind")
	}

	// A second run finds everything there and changes nothing.
	again := must(t, demo...)
	if _, report, _ := strings.Cut(again, "\n\n"); !strings.HasSuffix(out, report) {
		t.Errorf("a second demo prints another report:\n%s", again)
	}

	p := startRun(t, dir)
	defer p.stop(t, syscall.SIGTERM)
	checkPublished(t, dir)
	checkQuestions(t, dir)
}

// A demo that is killed at any moment and started again ends with the same
// totals.
func TestDemoSurvivesKill(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"tokens.yaml", "instance.json", "NATS JetStream"} {
		t.Run(moment, func(t *testing.T) {
			dir := t.TempDir()
			demo := append([]string{"demo", "--lang", "en", "--keep"}, anyPorts(dir)...)
			p := start(t, nil, demo...)
			eventually(t, moment, func() bool {
				_, err := os.Stat(filepath.Join(dir, moment))
				return err == nil || strings.Contains(p.output.String(), moment)
			})
			p.stop(t, syscall.SIGKILL)
			if _, err := app.FindInstance(dir); err == nil {
				t.Error("a killed instance still counts as running")
			}
			must(t, append([]string{"demo", "--lang", "en"}, anyPorts(dir)...)...)
			run := startRun(t, dir)
			defer run.stop(t, syscall.SIGTERM)
			checkPublished(t, dir)
		})
	}
}

// checkPublished compares the report of 2021 with every published figure, each
// rounded as it was published.
func checkPublished(t *testing.T, dir string) {
	t.Helper()
	file, err := os.Open("../../configs/sample/published-2021.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	totals := reported(t, dir, "2021")
	checked := 0
	for _, record := range records[1:] {
		id, value, change := record[column["id"]], record[column["value"]], record[column["change"]]
		total, ok := totals[id]
		if !ok {
			t.Errorf("%s: no total", id)
			continue
		}
		if value != "" {
			checked++
			samePublished(t, id, total.Value, value)
			if total.Qualifier != record[column["qualifier"]] || total.Stage != record[column["stage"]] {
				t.Errorf("%s: qualifier %q, stage %q; published %q, %q", id, total.Qualifier, total.Stage, record[column["qualifier"]], record[column["stage"]])
			}
		}
		// 4.6 % of 582 is no rounding of any whole base; 556 gives 4.68.
		if change != "" && id != "hnte_valid" {
			samePublished(t, id+" change", total.Change, change)
		}
	}
	if got := totals["hnte_valid"].Change; !strings.HasPrefix(got, "4.67625899") {
		t.Errorf("hnte_valid change = %s, want 4.67625899… (26 of 556)", got)
	}
	if checked < 55 {
		t.Errorf("only %d figures were compared", checked)
	}
}

func samePublished(t *testing.T, what, got, published string) {
	t.Helper()
	want := decimal.RequireFromString(published)
	figure, err := decimal.NewFromString(got)
	if err != nil || !figure.Round(-want.Exponent()).Equal(want) {
		t.Errorf("%s = %q, published %s", what, got, published)
	}
}
