package client

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/sink/chdb/chdbtest"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// Of any city whatever, and of every cell, the report from ClickHouse, the report from the
// log, a release, the views and the explanation tell the same total, made of the same
// figures. Two cities without -rapid.checks.
//
// Rules: best vintage, provenance, what totals carry, unreported, held, one code per cause.
func TestAnswersAgree(t *testing.T) {
	config := sink.DefaultConfig()
	config.Database = "test_agreement"
	store, err := sink.Open(t.Context(), chdbtest.Start(t).DSN(chdbtest.User), config, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	left := 2
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "rapid.checks" {
			left = -1
		}
	})
	failed := false
	rapid.Check(t, func(t *rapid.T) {
		if left == 0 && !failed {
			return
		}
		defer func() { failed = failed || t.Failed() }()
		c := tallytest.DrawCity(t)
		submissions := tallytest.DrawHistory(t, c)
		earlier, n := tallytest.DrawEarlier(t, c, submissions)
		log := tallytest.DrawLog(t, submissions)
		if n < len(submissions) { // decisions stand behind what they are about
			n = slices.IndexFunc(log, func(b event.AcceptedBatch) bool {
				return len(b.Submissions) > 0 && b.Submissions[0].ID == submissions[n].ID
			})
		} else {
			n = len(log)
		}
		city := startCity(t)
		city.adopt(t, earlier)
		city.accept(t, log[:n])
		city.tally(t, earlier)
		city.adopt(t, c)
		later := rapid.IntRange(n, len(log)).Draw(t, "known to the releases")
		city.accept(t, log[n:later])
		city.tally(t, earlier)
		city.open(t)
		city.release(t)
		empty(t, store)
		city.show(t, store, config, c)
		city.agree(t, store, c)
		city.accept(t, log[later:])
		city.tally(t, earlier)
		city.show(t, store, config, c)
		city.differ(t, store, c)
		left--
	})
}

// agree holds every answer about the city against the others.
func (r *city) agree(t *rapid.T, store *sink.Store, c *catalogue.Catalogue) {
	const columns = `indicator, period, year, value, unit, stage, status, qualifier, change, change_kind, change_absolute, change_reason,
		have, expected, missing, publishable, flags, change_qualifier, change_areas, carried, inputs, held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held, catalogue`
	const latest, released = "SELECT " + columns + " FROM totals_latest", "SELECT " + columns + " FROM releases"
	for _, query := range []string{latest + " EXCEPT " + released, released + " EXCEPT " + latest} {
		if rows := rowsOf(t, store, query, false); len(rows) > 0 {
			t.Fatalf("%s: %s", query, strings.Join(rows, "\n"))
		}
	}
	if diff := cmp.Diff(bestFigures(r.history), rowsOf(t, store, "SELECT indicator, period, area, sequence, confirmed_sequence, status FROM observations_latest ORDER BY ALL", false), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("figures in force in the log, in observations_latest:\n%s", diff)
	}
	if diff := cmp.Diff(holdStates(r.history), rowsOf(t, store, "SELECT id, state FROM holds ORDER BY ALL", false), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("held figures in the log, in holds:\n%s", diff)
	}
	const confirmed = `SELECT p.indicator, p.period, p.area, p.confirmed_by, o.confirmed_by FROM total_parts AS p
		LEFT JOIN observations_latest AS o ON o.sequence = p.sequence AND o.area = p.area AND o.indicator = p.part_indicator AND o.period = p.part_period
		WHERE p.outcome NOT IN ('held', 'refused', 'missing') AND p.confirmed_by != o.confirmed_by`
	const heldOfNoPart = `SELECT t.indicator, t.period, h.id FROM (SELECT indicator, period, year, arrayJoin(held) AS hold FROM totals_latest) AS t
		INNER JOIN holds AS h ON h.id = t.hold
		WHERE h.year = t.year AND (t.indicator, t.period, h.sequence, h.row) NOT IN (SELECT indicator, period, sequence, row FROM total_parts WHERE outcome = 'held')`
	const notTheSum = `SELECT c.indicator, c.period, c.value, a.value FROM figures AS c
		LEFT JOIN
		(
			SELECT f.indicator AS indicator, f.period AS period, sum(toDecimal256(f.value, 12)) AS value FROM figures AS f INNER JOIN areas AS of ON of.code = f.area
			WHERE f.counted AND f.value IS NOT NULL AND (of.valid_from IS NULL OR of.valid_from <= f.period_end) AND (of.valid_to IS NULL OR of.valid_to > f.period_end)
			GROUP BY indicator, period
		) AS a ON a.indicator = c.indicator AND a.period = c.period
		WHERE c.kind = 'city' AND c.value IS NOT NULL AND c.indicator IN (SELECT id FROM indicators WHERE city_total = 'sum') AND toDecimal256(c.value, 12) != a.value`
	for _, none := range []string{confirmed, heldOfNoPart, notTheSum, "SELECT release, indicator, period FROM release_changes"} {
		if rows := rowsOf(t, store, none, false); len(rows) > 0 {
			t.Fatalf("%s: %s", none, strings.Join(rows, "\n"))
		}
	}
	shownIn := rowsOf(t, store, "SELECT DISTINCT period FROM totals_latest", false)
	for _, code := range periods(shownIn) {
		replayed, err := r.periodReport(t.Context(), &Selection{Period: code}, false)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(shownIn, code) && len(replayed.Totals) > 0 {
			t.Fatalf("%s: no totals in ClickHouse, from the log: %+v", code, replayed)
		}
		if slices.Contains(shownIn, code) {
			shown, err := latestReport(t.Context(), store, c, period(t, code))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(shown, replayed, sameReport); diff != "" {
				t.Fatalf("%s: report from ClickHouse, from the log:\n%s", code, diff)
			}
			released, err := r.releaseReport(t.Context(), releaseName(code), false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(shown, released, sameReport, cmpopts.IgnoreFields(present.Report{}, "Release")); diff != "" {
				t.Fatalf("%s: report from ClickHouse, of the release:\n%s", code, diff)
			}
		}
		for i := range c.Indicators {
			r.explained(t, ledger.Cell{Indicator: c.Indicators[i].ID, Period: period(t, code)}, replayed)
		}
	}
}

// differ holds what the releases differ in from today against the view that tells it.
func (r *city) differ(t *rapid.T, store *sink.Store, c *catalogue.Catalogue) {
	keep := func(*event.AcceptedSubmission, ledger.Cell) bool { return true }
	today, err := r.begin(t.Context(), ledger.Moment{}, ledger.Moment{}, keep, nil)
	if err != nil {
		t.Fatal(err)
	}
	releases, err := r.log.Releases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, release := range releases {
		differences, err := answer.CompareRelease(c, release, r.history, today)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range differences {
			differing := 22
			if d.Released != nil && d.Today != nil {
				differing = 0
				for _, field := range d.Released.Differing(d.Today) {
					if field != "held" { // several columns
						differing++
					}
				}
			}
			want = append(want, fmt.Sprintf("%s,%s,%d", release.Name, d.Indicator, differing))
		}
	}
	slices.Sort(want)
	const told = "SELECT DISTINCT release, indicator, if(length(differing) = 22, 22, length(arrayFilter(c -> NOT match(c, 'held'), differing))) FROM release_changes ORDER BY ALL"
	if diff := cmp.Diff(want, rowsOf(t, store, told, false), cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("totals that differ from releases by release diff, by release_changes:\n%s", diff)
	}
	const heldOtherwise = `SELECT t.indicator, t.period, t.area, f.state, f.value FROM
		(SELECT indicator, period, inputs, arrayJoin(held_areas) AS area FROM totals_latest WHERE indicator NOT IN (SELECT id FROM indicators WHERE kind = 'ratio')) AS t
		LEFT JOIN figures AS f ON f.indicator = t.indicator AND f.period = t.period AND f.area = t.area AND NOT f.recast
		WHERE NOT has(arrayMap(p -> p.area, t.inputs), t.area) AND f.value IS NULL AND f.state NOT IN ('held', 'no_figure') AND f.kind != 'city'`
	if rows := rowsOf(t, store, heldOtherwise, false); len(rows) > 0 {
		t.Fatalf("held and not told as that: %s", strings.Join(rows, "\n"))
	}
}

// periods returns the periods in which the city may have totals, and the others in which it
// is shown with any.
func periods(shown []string) []string {
	all := append(tallytest.DrawnPeriods(), shown...)
	slices.Sort(all)
	return slices.Compact(all)
}

// sameReport leaves out what tells how a report came about.
var sameReport = cmp.Options{cmpopts.IgnoreFields(sink.ReportRow{}, "Basis", "Trigger", "ComputedAt"), cmpopts.EquateEmpty()}

// explained holds an explanation against the totals of its period.
func (r *city) explained(t *rapid.T, cell ledger.Cell, shown *present.Report) {
	e, ok := answer.Explain(r.history.Ledger.Catalogue(), r.history, cell, "")
	i := slices.IndexFunc(shown.Totals, func(row sink.ReportRow) bool { return row.Indicator == cell.Indicator })
	if !ok || e.Reported != (i >= 0) {
		t.Fatalf("%v: explained as %+v, and the report has totals %+v", cell, e, shown.Totals)
	}
	if i < 0 {
		return
	}
	want := shown.Totals[i]
	got := sink.ReportRow{
		Indicator: e.Indicator, Value: e.Value, Unit: e.Unit, Stage: e.Stage, Status: e.Status, Qualifier: e.Qualifier,
		Change: e.Change, ChangeKind: e.ChangeKind, ChangeAbsolute: e.ChangeAbsolute, ChangeReason: e.ChangeReason,
		ChangeQualifier: e.ChangeQualifier, ChangeAreas: e.ChangeAreas, Carried: e.Carried,
		Coverage: sink.Coverage{Have: e.Have, Expected: e.Expected, Missing: e.Missing}, Publishable: e.Publishable, Flags: e.Flags, Held: e.Held, Catalogue: e.Catalogue,
	}
	if diff := cmp.Diff(want, got, sameReport, cmpopts.IgnoreFields(sink.ReportRow{}, "NameZH", "NameEN", "Programme", "Decimals", "ChangeDecimals", "Rounding")); diff != "" {
		t.Fatalf("%v: report, explanation:\n%s", cell, diff)
	}
	var told []event.Input
	for _, sum := range e.Sums {
		for _, p := range sum.Parts {
			told = append(told, event.Input{Area: p.Area, Indicator: sum.Indicator, Sequence: p.Sequence, Period: otherPeriod(t, p.Period, cell.Period), Subtracted: p.Subtracted})
		}
	}
	if diff := cmp.Diff(r.inputs[cell], told, cmpopts.IgnoreFields(event.Input{}, "Value", "Stage", "Qualifier", "Submission"), cmpopts.EquateComparable(catalogue.Period{})); diff != "" {
		t.Fatalf("%v: figures of the release, of the explanation:\n%s", cell, diff)
	}
}

// releaseName returns the name of the release of a period's totals.
func releaseName(period string) string { return "r" + period }

// bestFigures returns the figures in force as rows of CSV, with who set them and who confirmed
// them last.
func bestFigures(h *ledger.History) []string {
	var rows []string
	for _, cell := range h.Cells() {
		for _, s := range h.Standings(cell) {
			if s.Listed > 0 || s.Status == catalogue.Withdrawn {
				continue
			}
			confirmed := uint64(0)
			if len(s.Confirmed) > 0 {
				confirmed = s.Confirmed[0].Sequence
			}
			rows = append(rows, fmt.Sprintf("%s,%s,%s,%d,%d,%s", cell.Indicator, cell.Period, s.Area, s.Sequence, confirmed, s.Status))
		}
	}
	slices.Sort(rows)
	return rows
}

// holdStates returns what has become of figures that are or were held, as rows of CSV.
func holdStates(h *ledger.History) []string {
	var rows []string
	for _, hold := range h.Ledger.Holds(func(*ledger.Hold) bool { return true }) {
		rows = append(rows, fmt.Sprintf("%s,%s", hold.ID, hold.State))
	}
	slices.Sort(rows)
	return rows
}

// rowsOf returns the rows of a query as CSV, without the names of its columns.
func rowsOf(t *rapid.T, store *sink.Store, query string, write bool) []string {
	var b bytes.Buffer
	if err := store.Query(t.Context(), query, write, &b, "csv"); err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(b.String()), "\n")
	return rows[1:]
}

func period(t *rapid.T, code string) catalogue.Period {
	p, err := catalogue.ParsePeriod(code)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// otherPeriod returns the period of a figure where it is not the total's.
func otherPeriod(t *rapid.T, code string, of catalogue.Period) catalogue.Period {
	if p := period(t, code); p != of {
		return p
	}
	return catalogue.Period{}
}
