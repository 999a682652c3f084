package transform

import (
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// What was known at any moment is what a ledger knows that was fed only with
// what had been received by then, whatever order it was judged in.
func TestAsOfKnowsOnlyWhatWasReceived(t *testing.T) {
	c := testCatalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		submissions := drawHistory(t, c)
		var last int64
		for i := range submissions {
			last += rapid.Int64Range(0, 3).Draw(t, "pause")
			submissions[i].ReceivedAt = last
		}
		until := rapid.Int64Range(1, last+1).Draw(t, "until")
		basis := rapid.Uint64Range(0, uint64(len(submissions))).Draw(t, "basis")
		moment := Moment{Received: time.UnixMilli(until), Basis: basis}

		history, fed := newHistory(c, moment, func(*event.AcceptedSubmission, Cell) bool { return true }), NewLedger(c)
		for i, s := range rapid.Permutation(submissions).Draw(t, "judged") {
			stored := uint64(i + 1)
			history.fold(stored, "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
			if s.ReceivedAt <= until && (basis == 0 || stored <= basis) {
				if err := fed.Apply(stored, "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		history.order()
		if history.Ledger.Applied() != fed.Applied() {
			t.Fatalf("basis %d, want %d", history.Ledger.Applied(), fed.Applied())
		}
		for i := range c.Indicators {
			for _, period := range []string{"2015", "2016", "2017", "2018"} {
				cell := Cell{c.Indicators[i].ID, mustPeriod(period)}
				want, wantOK := Tally(c, fed, cell)
				got, ok := Tally(c, history.Ledger, cell)
				if diff := gocmp.Diff(want, got); ok != wantOK || diff != "" {
					t.Fatalf("%v as of %d: fed, replayed:\n%s", cell, until, diff)
				}
				checkVintages(t, history, cell)
			}
		}
	})
}

// checkVintages wants the best of each area's vintages to be the ledger's.
func checkVintages(t *rapid.T, h *History, cell Cell) {
	for _, part := range h.Ledger.AppendParts(nil, cell) {
		vintages := h.Vintages(cell, part.Area)
		if len(vintages) == 0 || vintages[0].Part != part {
			t.Fatalf("%v: the ledger has %+v, the vintages are %+v", cell, part, vintages)
		}
	}
}

func TestReplayReadsTheLog(t *testing.T) {
	log, c := testLog(t), testCatalogue(t)
	startTransform(t, log, c)
	verdictOn(t, log, submit(t, log, from("901", figure("gdp", "2021", "100"), figure("enterprises", "2021", "5"))))
	first := verdictOn(t, log, submit(t, log, from("902", figure("gdp", "2021", "20"))))
	second := verdictOn(t, log, submit(t, log, from("901", figure("gdp", "2021", "130"))))
	gdp := Cell{"gdp", mustPeriod("2021")}

	for _, test := range []struct {
		name     string
		moment   Moment
		value    string
		vintages int
	}{
		{"everything", Moment{}, "150", 2},
		{"to the instant before the revision", Moment{Received: second.ReceivedAt.Add(-time.Millisecond)}, beforeRevision(first, second), 1},
		{"to the instant of the revision", Moment{Received: second.ReceivedAt}, "150", 2},
		{"to a place in the log", Moment{Basis: second.AcceptedSequence - 1}, "120", 1},
		{"before everything", Moment{Received: time.UnixMilli(1)}, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, err := Replay(t.Context(), log, c, test.moment, KeepFor(c, "gdp"))
			if err != nil {
				t.Fatal(err)
			}
			if total, _ := Tally(c, h.Ledger, gdp); total.Value != test.value {
				t.Errorf("gdp = %q, want %q", total.Value, test.value)
			}
			if got := h.Vintages(gdp, "901"); len(got) != test.vintages {
				t.Errorf("%d vintages, want %d: %+v", len(got), test.vintages, got)
			}
			if got := h.Vintages(Cell{"enterprises", gdp.Period}, "901"); got != nil {
				t.Errorf("vintages that nobody asked for: %+v", got)
			}
			if n, want := len(h.Totals(gdp.Period)), 2; test.value != "" && n < want {
				t.Errorf("%d totals, want at least %d", n, want)
			}
		})
	}
}

// beforeRevision is the total a millisecond before the revision: the first two
// figures may have been received in the same millisecond as it.
func beforeRevision(first, second event.Verdict) string {
	if first.ReceivedAt.Truncate(time.Millisecond).Equal(second.ReceivedAt.Truncate(time.Millisecond)) {
		return "100"
	}
	return "120"
}

// Every figure that was reported for a cell is told once: as a part of the total
// or as excluded with the reason.
func TestExplainTellsEveryFigure(t *testing.T) {
	c := testCatalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		h := newHistory(c, Moment{}, func(*event.AcceptedSubmission, Cell) bool { return true })
		for i, s := range drawHistory(t, c) {
			h.fold(uint64(i+1), "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
		}
		h.order()
		for i := range c.Indicators {
			for _, period := range []string{"2015", "2016", "2017"} {
				cell := Cell{c.Indicators[i].ID, mustPeriod(period)}
				e, ok := Explain(c, h, cell, "")
				if !ok {
					t.Fatalf("%v: no explanation", cell)
				}
				total, reported := Tally(c, h.Ledger, cell)
				if e.Reported != reported || e.Value != total.Value || e.Change != total.Change || e.ChangeReason != total.ChangeReason {
					t.Fatalf("%v: explained as %+v, tallied as %+v", cell, e, total)
				}
				parts := 0
				for _, sum := range e.Sums {
					parts += len(sum.Parts)
					checkSum(t, h, c, &sum, cell.Period)
				}
				if n, err := total.Inputs.Check(); err != nil || parts != n {
					t.Fatalf("%v: %d parts of %d inputs, %v", cell, parts, n, err)
				}
			}
		}
	})
}

func checkSum(t *rapid.T, h *History, c *catalogue.Catalogue, s *Sum, period catalogue.Period) {
	cell := Cell{s.Indicator, period}
	told := len(s.Excluded)
	for _, p := range s.Parts {
		// The terms of a derived figure were reported for other periods.
		if p.Period == period.String() {
			told++
		}
	}
	if reported := h.Ledger.AppendParts(nil, cell); told != len(reported) {
		t.Fatalf("%v: %d of %d figures are told", cell, told, len(reported))
	}
	for _, p := range s.Excluded {
		area, _ := c.Area(p.Area)
		if p.Because == "" || (p.Because == InsideZone) != (area.Kind == catalogue.InsideZone && s.Indicator != "contribution") || p.Because == InsideZone && p.Host != area.Host {
			t.Fatalf("%v: %s is excluded because %q", cell, p.Area, p.Because)
		}
	}
	for _, p := range slices.Concat(s.Parts, s.Excluded) {
		of, err := catalogue.ParsePeriod(p.Period)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(h.Vintages(Cell{s.Indicator, of}, p.Area)); len(p.Superseded) != n-1 {
			t.Fatalf("%v: %s has %d superseded figures of %d", cell, p.Area, len(p.Superseded), n)
		}
	}
}

func TestExplainNamesReasons(t *testing.T) {
	c := testCatalogue(t)
	h := newHistory(c, Moment{}, KeepFor(c, "rd_intensity"))
	for i, row := range []struct{ area, indicator, value string }{
		{"901", "gdp", "100"}, {"901", "rd", "2"}, {"902", "gdp", "100"}, {"903", "rd", "7"}, {"903", "gdp", ""},
		{"904", "gdp", "40"}, {"907", "rd", "1"}, {"900", "gdp", "400"}, {"901", "gdp", "110"},
	} {
		s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", i+1), Sequence: uint64(i + 1), Area: row.area, Dataset: "annual", By: "clerk", File: "f.csv"}
		o := event.AcceptedObservation{Indicator: row.indicator, Unit: "亿元", Period: mustPeriod("2021"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 7}
		if row.value == "" {
			o.Status = catalogue.Missing
		} else {
			reading, err := catalogue.ParseValue(row.value)
			if err != nil {
				t.Fatal(err)
			}
			o.Value = reading.Value
		}
		s.Add(o)
		h.fold(uint64(i+1), "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
	}
	h.order()
	e, _ := Explain(c, h, Cell{"rd_intensity", mustPeriod("2021")}, "")
	// Only 901 has both: 2 of 110.
	if e.Value != "1.818181818182" || e.Factor != 100 || e.Publishable || !slices.Equal(e.Missing, []string{"902", "903", "906"}) {
		t.Errorf("explanation = %+v", e.Level)
	}
	because := map[string]string{}
	for _, s := range e.Sums {
		for _, p := range s.Excluded {
			because[p.Area+" "+s.Indicator] = p.Because
		}
	}
	want := map[string]string{
		"902 gdp": NoCounterpart, "903 rd": NoCounterpart, "903 gdp": SaidMissing, "904 gdp": AreaNotValid, "907 rd": InsideZone, "900 gdp": CityFigure,
	}
	if diff := gocmp.Diff(want, because); diff != "" {
		t.Errorf("reasons:\n%s", diff)
	}
	gdp := e.Sums[1].Parts[0]
	if len(gdp.Superseded) != 1 || gdp.Superseded[0].Value != "100" || gdp.By != "clerk" || gdp.File != "f.csv" || gdp.Row != 7 || gdp.Stored != 9 {
		t.Errorf("part = %+v; want 110 of row 7 in place of 100", gdp)
	}
	if one, _ := Explain(c, h, Cell{"rd_intensity", mustPeriod("2021")}, "902"); len(one.Sums[0].Parts)+len(one.Sums[1].Parts) != 0 || len(one.Sums[1].Excluded) != 1 || one.Value != e.Value {
		t.Errorf("explanation for 902 alone = %+v", one.Sums)
	}
	if _, ok := Explain(c, h, Cell{"nonsense", mustPeriod("2021")}, ""); ok {
		t.Error("an unknown indicator is explained")
	}
	merged, _ := Explain(c, h, Cell{"rd_intensity", mustPeriod("2016")}, "")
	if diff := gocmp.Diff(map[string][]string{"903": {"904", "905"}}, merged.Recast); diff != "" || merged.Reported || len(merged.Missing) != 4 {
		t.Errorf("2016 = %+v, recast:\n%s", merged.Level, diff)
	}
}
