package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/answer"
)

// twoDistricts is a city whose GDP is the sum of two districts.
const twoDistricts = `city: "100"
programmes: [{id: main, name_zh: 主要指标, name_en: Main}]
areas:
  - {code: "100", name_zh: 某市, name_en: Somewhere, kind: city}
  - {code: "101", name_zh: 东区, name_en: East, kind: district}
  - {code: "102", name_zh: 西区, name_en: West, kind: district}
datasets: [{id: yearly, name_zh: 年报, name_en: Yearly, periods: [year]}]
indicators:
  - {id: gdp, name_zh: 生产总值, name_en: GDP, programme: main, unit: 亿元, decimals: 1, datasets: [yearly]}
  - {id: plants, name_zh: 工厂, name_en: Plants, programme: main, unit: 家, kind: stock, datasets: [yearly]}
`

// city is a running instance on a catalogue of its own.
type city struct {
	dir, settings, file string
	*program
}

func startCity(t *testing.T, catalogue string) *city {
	t.Helper()
	dir := t.TempDir()
	c := &city{dir: filepath.Join(dir, "data"), settings: filepath.Join(dir, "citytally.yaml"), file: filepath.Join(dir, "catalogue.yaml")}
	for path, text := range map[string]string{c.file: catalogue, c.settings: fmt.Sprintf("catalogue: %q\n", c.file)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.program = startRun(t, c.dir, "--config", c.settings)
	t.Cleanup(func() { c.stop(t, syscall.SIGTERM) })
	return c
}

func (c *city) submit(t *testing.T, area, rows string) {
	t.Helper()
	must(t, "submit", "--dir", c.dir, "--area", area, "--dataset", "yearly", csvFile(t, "indicator,period,value\n"+rows))
}

// Commands that do not know the settings of the instance answer under its catalogue. The
// built-in one, which they fall back to, has a GDP too, of other areas.
//
// Rules: catalogue in the log.
func TestTheInstancesCatalogueDecides(t *testing.T) {
	t.Parallel()
	c := startCity(t, twoDistricts)
	c.submit(t, "101", "gdp,2021,30\nplants,2021,3\n")
	c.submit(t, "102", "gdp,2021,10\nplants,2021,4\n")
	eventually(t, "the city's GDP", func() bool { return reported(t, c.dir, "2021")["gdp"].Value == "40" })
	var frozen struct {
		Totals []reportedTotal
	}
	must(t, "release", "create", "bulletin", "--dir", c.dir, "--period", "2021")
	decode(t, strings.NewReader(must(t, "release", "show", "bulletin", "--dir", c.dir, "--format", "json")), &frozen)
	if len(frozen.Totals) != 2 || frozen.Totals[0].Value != "40" {
		t.Errorf("released: %+v", frozen)
	}
	var d present.ReleaseDiff
	decode(t, strings.NewReader(must(t, "release", "diff", "bulletin", "--dir", c.dir, "--format", "json")), &d)
	if len(d.Differences) != 0 {
		t.Errorf("the release differs from today: %+v", d)
	}
	var x answer.Explanation
	decode(t, strings.NewReader(must(t, "explain", "gdp", "--dir", c.dir, "--period", "2021", "--format", "json")), &x)
	if x.Level.Value != "40" || x.Level.Have != 2 || len(x.Level.Missing) != 0 {
		t.Errorf("explained: %+v", x.Level)
	}
	var r struct{ Totals []reportedTotal }
	decode(t, strings.NewReader(must(t, "report", "--dir", c.dir, "--period", "2021", "--as-of", "2099-01-01", "--format", "json")), &r)
	if len(r.Totals) != 2 || r.Totals[0].Value != "40" {
		t.Errorf("as of a day: %+v", r)
	}
	card := filepath.Join(t.TempDir(), "card.yaml")
	if err := os.WriteFile(card, []byte("name_zh: 考核\nname_en: Card\nitems: [{indicator: gdp, weight: 100, target: 10}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := must(t, "assess", card, "--dir", c.dir, "--period", "2021", "--lang", "en"); !strings.Contains(out, "East") || !strings.Contains(out, "West") {
		t.Errorf("assessed:\n%s", out)
	}
	must(t, "reopen", "--dir", c.dir, "--period", "2021", "--indicator", "plants", "--area", "102", "--reason", "counted anew")
	if code, _, stderr := citytally(t, "reopen", "--dir", c.dir, "--period", "2021", "--indicator", "hnte_valid", "--reason", "no such indicator"); code != exitUsage || !strings.Contains(stderr, "hnte_valid") {
		t.Errorf("an indicator of the built-in catalogue: exit code %d, %s", code, stderr)
	}
	if out := must(t, "catalogue", "check", "--dir", c.dir); !strings.Contains(out, "3 areas, 1 datasets, 2 indicators") {
		t.Errorf("the catalogue in use: %s", out)
	}
}

// applied is what citytally catalogue apply tells as JSON.
type applied struct {
	From, To string
	Sequence uint64
	Totals   []struct {
		Kind, Indicator string
		Locked          bool
	}
	Unconverted []struct{ Area, Unit, Wanted string }
	Misfits     []string
}

func (c *city) apply(t *testing.T, text string, args ...string) (code int, a applied) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "next.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, _ := citytally(t, append([]string{"catalogue", "apply", path, "--dir", c.dir, "--format", "json"}, args...)...)
	if out != "" {
		decode(t, strings.NewReader(out), &a)
	}
	return code, a
}

// A catalogue comes into force at one place of the log: totals that no longer follow are
// withdrawn and the others computed anew, without a restart; the past keeps its own.
//
// Rules: catalogue in the log.
func TestCatalogueApply(t *testing.T) {
	t.Parallel()
	c := startCity(t, twoDistricts)
	c.submit(t, "101", "gdp,2021,30\nplants,2021,3\n")
	c.submit(t, "102", "gdp,2021,10\nplants,2021,4\n")
	eventually(t, "the first totals", func() bool {
		totals := reported(t, c.dir, "2021")
		return totals["gdp"].Value == "40" && totals["plants"].Value == "7"
	})
	before := time.Now()
	must(t, "lock", "--dir", c.dir, "--period", "2021", "--reason", "published")
	unconvertible := strings.Replace(strings.Replace(twoDistricts, "id: gdp,", "id: output,", 1), "unit: 家", "unit: 户", 1)
	code, dry := c.apply(t, unconvertible)
	if code != exitRefused || dry.Sequence != 0 || len(dry.Totals) != 6 || len(dry.Unconverted) != 2 || dry.Unconverted[0].Wanted != "户" || !dry.Totals[0].Locked {
		t.Errorf("dry run: exit code %d, %+v", code, dry)
	}
	if code, refused := c.apply(t, unconvertible, "--reason", "new system"); code != exitRefused || refused.Sequence != 0 {
		t.Errorf("figures that do not convert: exit code %d, %+v", code, refused)
	}
	if err := os.WriteFile(c.file+".next", []byte(unconvertible), 0o600); err != nil {
		t.Fatal(err)
	}
	for language, says := range map[string]string{"zh": "有 2 个现有数据不能换算为目录", "en": "2 figures do not convert"} {
		if code, _, stderr := citytally(t, "catalogue", "apply", c.file+".next", "--dir", c.dir, "--lang", language); code != exitRefused || !strings.Contains(stderr, says) {
			t.Errorf("refused in %s: exit code %d, %s", language, code, stderr)
		}
	}
	next := strings.Replace(unconvertible, "unit: 户, kind: stock", `unit: 户, kind: stock, converts: [{unit: 家, factor: "2"}]`, 1)
	next = strings.Replace(next, "  - {id: plants", "  - {id: households, name_zh: 户数, name_en: Households, programme: main, unit: 户, kind: stock, datasets: [yearly]}\n  - {id: plants", 1)
	c.changeRules(t, func() {
		if code, refused := c.apply(t, next, "--reason", "new system"); code != exitRefused || refused.Sequence != 0 {
			t.Errorf("a catalogue that the rules in force do not fit: exit code %d, %+v", code, refused)
		}
		if code, dry := c.apply(t, next, "--reason", "new system", "--dry-run"); code != exitRefused || dry.Sequence != 0 || len(dry.Misfits) == 0 || !strings.Contains(dry.Misfits[0], "gdp") {
			t.Errorf("dry run: exit code %d, %+v", code, dry)
		}
	})
	code, put := c.apply(t, next, "--reason", "new system")
	if code != 0 || put.Sequence == 0 || len(put.Unconverted) != 0 {
		t.Fatalf("exit code %d, %+v", code, put)
	}
	latest := func() map[string]reportedTotal {
		code, out, _ := citytally(t, "report", "--dir", c.dir, "--period", "2021", "--format", "json")
		if code != 0 {
			return nil // ClickHouse is about to follow
		}
		var r struct{ Totals []reportedTotal }
		decode(t, strings.NewReader(out), &r)
		totals := map[string]reportedTotal{}
		for _, total := range r.Totals {
			totals[total.Indicator] = total
		}
		return totals
	}
	eventually(t, "totals under the new catalogue", func() bool {
		totals := latest()
		return len(totals) == 1 && totals["plants"].Value == "14"
	})
	eventually(t, "the new catalogue in ClickHouse", func() bool {
		return must(t, "sql", "--dir", c.dir, "--format", "csv", "SELECT count() FROM indicators WHERE id IN ('output', 'households')") == "count()\n2\n"
	})
	// The gateway takes what only the new catalogue has; under the lock it waits for the bureau.
	var held inquiry.Holds
	eventually(t, "the gateway has changed over", func() bool {
		citytally(t, "submit", "--dir", c.dir, "--area", "101", "--dataset", "yearly", "--reason", "late", csvFile(t, "指标,period,value\n户数,2021,5\n"))
		decode(t, strings.NewReader(must(t, "hold", "list", "--dir", c.dir, "--format", "json")), &held)
		return len(held.Holds) == 1
	})
	must(t, "hold", "release", "--dir", c.dir, held.Holds[0].ID, "--reason", "late")
	var then struct{ Totals []reportedTotal }
	decode(t, strings.NewReader(must(t, "report", "--dir", c.dir, "--period", "2021", "--as-of", before.Format(time.RFC3339Nano), "--format", "json")), &then)
	if len(then.Totals) != 2 || then.Totals[0].Indicator != "gdp" || then.Totals[0].Value != "40" || then.Totals[1].Value != "7" {
		t.Errorf("as of a time before: %+v", then)
	}
	var editions []present.Edition
	decode(t, strings.NewReader(must(t, "catalogue", "history", "--dir", c.dir, "--format", "json")), &editions)
	if len(editions) != 2 || editions[1].Version != put.To || editions[1].Reason != "new system" || editions[0].Version != put.From {
		t.Errorf("history: %+v", editions)
	}
	if out := must(t, "catalogue", "show", "--dir", c.dir, "--version", put.From, "--format", "yaml"); !strings.Contains(out, "id: gdp") {
		t.Errorf("the first catalogue:\n%s", out)
	}
	if code, _, stderr := citytally(t, "skip", "accepted", "2", "--reason", "why", "--dir", c.dir); code != exitUsage || !strings.Contains(stderr, "stops no stage") {
		t.Errorf("skipping what can be read: exit code %d, %s", code, stderr)
	}
	// The whole of ACCEPTED is lost: the cure names what it has no text of, and then brings back what was
	// decided in its order, without a restart.
	settled(t, attach(t, c.dir))
	decided := must(t, "sql", "--dir", c.dir, "--format", "csv", "SELECT kind, by, reason, decided_at FROM decisions ORDER BY decided_at, kind")
	lost := []string{next}
	history, err := edition.History(t.Context(), attach(t, c.dir))
	if err != nil {
		t.Fatal(err)
	}
	for i := range history.Rules {
		lost = append(lost, history.Rules[i].Text)
	}
	c.stop(t, syscall.SIGTERM)
	removeStream(t, c.dir, stream.Accepted)
	c.program = startRun(t, c.dir, "--config", c.settings)
	diverged(t, c.dir)
	cure := []string{"replay", "--from", "submissions", "--dir", c.dir, "--config", c.settings, "--format", "json"}
	if code, _, stderr := citytally(t, cure...); code != exitUsage || !containsAll(stderr, "nothing was brought back", put.To, "new system") {
		t.Errorf("without the text of the catalogue in force: exit code %d, %s", code, stderr)
	}
	for i, text := range lost {
		path := filepath.Join(t.TempDir(), fmt.Sprintf("lost-%d.yaml", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cure = append(cure, "--text", path)
	}
	if out := must(t, cure...); !strings.Contains(out, `"decisions": 7`) || strings.Contains(out, "lost_decisions") {
		t.Errorf("restored: %s", out)
	}
	ready(t, c.dir)
	settled(t, attach(t, c.dir))
	must(t, "explain", "plants", "--dir", c.dir, "--period", "2021")
	must(t, "recompute", "--dir", c.dir)
	if diff := cmp.Diff(decided, must(t, "sql", "--dir", c.dir, "--format", "csv", "SELECT kind, by, reason, decided_at FROM decisions ORDER BY decided_at, kind")); diff != "" {
		t.Errorf("decisions (-before +after the cure)\n%s", diff)
	}
	decode(t, strings.NewReader(must(t, "hold", "list", "--dir", c.dir, "--state", "all", "--format", "json")), &held)
	if len(held.Holds) != 1 || held.Holds[0].State != "released" {
		t.Errorf("held after the cure: %+v", held)
	}
	// After a restart, settings that still name the first catalogue change nothing.
	c.stop(t, syscall.SIGTERM)
	c.program = startRun(t, c.dir, "--config", c.settings)
	if !strings.Contains(c.output.String(), "the log has another catalogue in force") {
		t.Errorf("the start does not tell:\n%s", c.output)
	}
	eventually(t, "the totals after the restart", func() bool {
		totals := latest()
		return len(totals) == 2 && totals["plants"].Value == "14"
	})
	var run struct{ Changed int }
	decode(t, strings.NewReader(must(t, "recompute", "--dir", c.dir, "--format", "json")), &run)
	if run.Changed != 0 {
		t.Errorf("recompute changed %d totals", run.Changed)
	}
}
