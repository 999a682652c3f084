package answer

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// Every figure that was reported for a cell is listed once: as a part of the total, or
// as excluded with the reason.
//
// Rules: append-only.
func TestExplainTellsEveryFigure(t *testing.T) {
	c := fixture.Catalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		h := ledger.NewHistory(c, ledger.Moment{}, func(*event.AcceptedSubmission, ledger.Cell) bool { return true })
		for i, s := range tallytest.DrawHistory(t, c) {
			h.Fold(uint64(i+1), "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
		}
		for i := range c.Indicators {
			for _, period := range []string{"2015", "2016", "2017"} {
				cell := ledger.Cell{Indicator: c.Indicators[i].ID, Period: fixture.Period(period)}
				e, ok := Explain(c, h, cell, "")
				if !ok {
					t.Fatalf("%v: no explanation", cell)
				}
				total, reported := tally.Tally(c, h.Ledger, cell)
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

func checkSum(t *rapid.T, h *ledger.History, c *catalogue.Catalogue, s *Sum, period catalogue.Period) {
	cell := ledger.Cell{Indicator: s.Indicator, Period: period}
	told := len(s.Excluded)
	for _, p := range s.Parts {
		// The terms of a derived figure were reported for other periods.
		if p.Period == period.String() {
			told++
		}
	}
	withdrawn := 0
	for _, p := range s.Excluded {
		if p.Status == catalogue.Withdrawn.String() {
			withdrawn++
		}
	}
	if reported := h.Ledger.AppendParts(nil, cell); told-withdrawn != len(reported) {
		t.Fatalf("%v: %d of %d figures are told", cell, told-withdrawn, len(reported))
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
		if n := len(vintagesOf(h, ledger.Cell{Indicator: s.Indicator, Period: of}, p.Area)); len(p.ConfirmedBy)+len(p.Superseded) != n-1 {
			t.Fatalf("%v: %s has %d confirmed and %d superseded figures of %d", cell, p.Area, len(p.ConfirmedBy), len(p.Superseded), n)
		}
	}
}

// A figure in a unit that does not convert keeps its own, and takes part in nothing.
//
// Rules: units kept.
func TestExplainNamesTheUnit(t *testing.T) {
	c := fixture.Catalogue(t)
	h := ledger.NewHistory(c, ledger.Moment{}, KeepFor(c, "enterprises"))
	cell := ledger.Cell{Indicator: "enterprises", Period: fixture.Period("2021")}
	figure := fixture.AcceptedFigure(cell.Indicator, cell.Period, 10)
	figure.Unit = "户"
	if err := h.Fold(1, "accepted.901.annual", fixture.Accepted(1, "901", figure)); err != nil {
		t.Fatal(err)
	}
	e, _ := Explain(c, h, cell, "")
	excluded := e.Sums[0].Excluded
	if len(e.Sums[0].Parts) != 0 || len(excluded) != 1 || excluded[0].Because != OtherUnit || excluded[0].Unit != "户" || excluded[0].Value != "10" || !slices.Contains(e.Missing, "901") {
		t.Errorf("explanation = %+v", e.Level)
	}
}

func TestExplainNamesReasons(t *testing.T) {
	c := fixture.Catalogue(t)
	h := ledger.NewHistory(c, ledger.Moment{}, KeepFor(c, "rd_intensity"))
	for i, row := range []struct{ area, indicator, value string }{
		{"901", "gdp", "100"}, {"901", "rd", "2"}, {"902", "gdp", "100"}, {"903", "rd", "7"}, {"903", "gdp", ""},
		{"904", "gdp", "40"}, {"907", "rd", "1"}, {"900", "gdp", "400"}, {"901", "gdp", "110"},
	} {
		s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", i+1), Sequence: uint64(i + 1), Area: row.area, Dataset: "annual", By: "clerk", File: "f.csv"}
		o := event.AcceptedObservation{Indicator: row.indicator, Unit: "亿元", Period: fixture.Period("2021"), Stage: catalogue.Final, Status: catalogue.Normal, Row: 7}
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
		h.Fold(uint64(i+1), "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
	}
	e, _ := Explain(c, h, ledger.Cell{Indicator: "rd_intensity", Period: fixture.Period("2021")}, "")
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
	if len(gdp.Superseded) != 1 || gdp.Superseded[0].Value != "100" || gdp.By != "clerk" || gdp.File != "f.csv" || gdp.Row != 7 || gdp.AcceptedSequence != 9 {
		t.Errorf("part = %+v; want 110 of row 7 in place of 100", gdp)
	}
	if one, _ := Explain(c, h, ledger.Cell{Indicator: "rd_intensity", Period: fixture.Period("2021")}, "902"); len(one.Sums[0].Parts)+len(one.Sums[1].Parts) != 0 || len(one.Sums[1].Excluded) != 1 || one.Value != e.Value {
		t.Errorf("explanation for 902 alone = %+v", one.Sums)
	}
	if _, ok := Explain(c, h, ledger.Cell{Indicator: "nonsense", Period: fixture.Period("2021")}, ""); ok {
		t.Error("an unknown indicator is explained")
	}
	merged, _ := Explain(c, h, ledger.Cell{Indicator: "rd_intensity", Period: fixture.Period("2016")}, "")
	if diff := gocmp.Diff(map[string][]string{"903": {"904", "905"}}, merged.Recast); diff != "" || merged.Reported || len(merged.Missing) != 4 {
		t.Errorf("2016 = %+v, recast:\n%s", merged.Level, diff)
	}
}

// vintagesOf returns what was kept of one area's figures in the cell.
func vintagesOf(h *ledger.History, cell ledger.Cell, area string) (of []ledger.Vintage) {
	for _, v := range h.Vintages(cell) {
		if v.Area == area {
			of = append(of, v)
		}
	}
	return of
}
