package tally

import (
	"slices"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// An area lacks a total's figure for one cause: what it sent is held or, where that would not make
// the figure, it has not reported.
//
// Rules: one code per cause.
func TestMissingAreaHasOneCause(t *testing.T) {
	c := fixture.Catalogue(t)
	l := ledger.New(c)
	year := fixture.Period("2021")
	held := func(n uint64, area string, indicators ...string) {
		batch := fixture.Accepted(n, area)
		for row, indicator := range indicators {
			o := fixture.AcceptedFigure(indicator, year, 10)
			o.Row = row + 1
			batch.Submissions[0].Held = append(batch.Submissions[0].Held, event.NewHeldRow(&o, []event.Finding{{Code: "ODD"}}))
		}
		if err := l.Apply(n, "accepted", batch); err != nil {
			t.Fatal(err)
		}
	}
	accepted := fixture.Accepted(1, "901", fixture.AcceptedFigure("gdp", year, 100), fixture.AcceptedFigure("rd", year, 2))
	if err := l.Apply(1, "accepted", accepted); err != nil {
		t.Fatal(err)
	}
	held(2, "902", "gdp", "rd")
	held(3, "903", "rd") // and no gdp
	held(4, "901", "gdp")
	for indicator, want := range map[string]struct{ held, missing []string }{
		"gdp":          {[]string{"901", "902"}, []string{"903", "906"}},
		"rd":           {[]string{"902", "903"}, []string{"906"}},
		"rd_intensity": {[]string{"901", "902"}, []string{"903", "906"}},
	} {
		total, _ := Tally(c, l, ledger.Cell{Indicator: indicator, Period: year})
		if total.Held == nil || !slices.Equal(total.Held.Areas, want.held) || !slices.Equal(total.NotReported(), want.missing) || total.Have() != 1 {
			t.Errorf("%s: held %+v, not reported %v of %v; want %+v", indicator, total.Held, total.NotReported(), total.Missing, want)
		}
	}
}

// A change that waits for figures that are held alone is told as that, whatever it would be; one that
// waits for others too names those.
//
// Rules: one code per cause.
func TestChangeWithheldForWhatIsHeld(t *testing.T) {
	c := fixture.Catalogue(t)
	for base, want := range map[int64]string{10: "", 0: BaseZero, -10: SignChange} {
		l := ledger.New(c)
		n := uint64(0)
		report := func(area, period string, value int64, held bool) {
			n++
			o := fixture.AcceptedFigure("gdp", fixture.Period(period), value)
			batch := fixture.Accepted(n, area, o)
			if held {
				batch = fixture.Accepted(n, area)
				batch.Submissions[0].Held = append(batch.Submissions[0].Held, event.NewHeldRow(&o, []event.Finding{{Code: "ODD"}}))
			}
			if err := l.Apply(n, "accepted", batch); err != nil {
				t.Fatal(err)
			}
		}
		check := func(want string, areas ...string) {
			t.Helper()
			total, _ := Tally(c, l, ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")})
			if total.ChangeReason != want || !slices.Equal(total.ChangeAreas, areas) {
				t.Errorf("base %d: no change for %q because of %v, want %q, %v: %+v", base, total.ChangeReason, total.ChangeAreas, want, areas, total)
			}
		}
		for _, area := range []string{"901", "902", "903", "906"} {
			report(area, "2020", base, false)
		}
		report("901", "2021", 5, false)
		report("902", "2021", 5, true)
		check(MissingMember, "903", "906")
		report("903", "2021", 5, false)
		report("906", "2021", 5, true)
		check(HeldMember, "902", "906")
		report("902", "2021", 5, false)
		report("906", "2021", 5, false)
		report("906", "2020", base+1, true)
		check(want)
	}
}

// What is held of an area that joined others within the year is held of its successor, which lacks
// its figure for that cause alone; what is held of a zone inside a district is of no total.
//
// Rules: one code per cause.
func TestHeldFigureOfPredecessor(t *testing.T) {
	c := fixture.Catalogue(t)
	l := ledger.New(c)
	n := uint64(0)
	report := func(area, period string, held bool) {
		n++
		o := fixture.AcceptedFigure("gdp", fixture.Period(period), int64(n))
		batch := fixture.Accepted(n, area, o)
		if held {
			o.Row = int(n)
			batch = fixture.Accepted(n, area)
			batch.Submissions[0].Held = append(batch.Submissions[0].Held, event.NewHeldRow(&o, []event.Finding{{Code: "ODD"}}))
		}
		if err := l.Apply(n, "accepted", batch); err != nil {
			t.Fatal(err)
		}
	}
	check := func(period string, held, missing []string, ids ...string) {
		t.Helper()
		total, _ := Tally(c, l, ledger.Cell{Indicator: "gdp", Period: fixture.Period(period)})
		of := total.Held
		if of == nil {
			of = &event.TotalWithHeld{}
		}
		if !slices.Equal(of.Areas, held) || !slices.Equal(total.NotReported(), missing) || !slices.Equal(of.Holds, ids) {
			t.Errorf("%s: held %v of %v, not reported %v; want %v of %v, %v", period, of.Holds, of.Areas, total.NotReported(), ids, held, missing)
		}
	}
	for _, area := range []string{"901", "902", "906"} {
		report(area, "2016", false)
		report(area, "2016-YTD09", false)
	}
	report("903", "2016-Q4", false)
	report("905", "2016-YTD09", true)
	check("2016-YTD09", []string{"905"}, []string{"904"}, "8.8")
	check("2016", nil, []string{"903"})
	report("904", "2016-YTD09", false)
	report("907", "2016", true)
	check("2016-YTD09", []string{"905"}, []string{}, "8.8")
	check("2016", []string{"903"}, []string{}, "8.8")
}
