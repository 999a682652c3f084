package transform

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// What was known at any moment is what a ledger knows that was fed only with
// what had been received by then, whatever order it was judged in.
func TestAsOfKnowsOnlyWhatWasReceived(t *testing.T) {
	c := fixture.Catalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		submissions := fixture.DrawHistory(t, c)
		var last int64
		for i := range submissions {
			last += rapid.Int64Range(0, 3).Draw(t, "pause")
			submissions[i].ReceivedAt = last
		}
		until := rapid.Int64Range(1, last+1).Draw(t, "until")
		basis := rapid.Uint64Range(0, uint64(len(submissions))).Draw(t, "basis")
		moment := Moment{Received: time.UnixMilli(until), Basis: basis}

		history, fed := NewHistory(c, moment, func(*event.AcceptedSubmission, Cell) bool { return true }), NewLedger(c)
		for i, s := range rapid.Permutation(submissions).Draw(t, "judged") {
			stored := uint64(i + 1)
			history.Fold(stored, "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
			if s.ReceivedAt <= until && (basis == 0 || stored <= basis) {
				if err := fed.Apply(stored, "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if history.Ledger.Applied() != fed.Applied() {
			t.Fatalf("basis %d, want %d", history.Ledger.Applied(), fed.Applied())
		}
		for i := range c.Indicators {
			for _, period := range []string{"2015", "2016", "2017", "2018"} {
				cell := Cell{c.Indicators[i].ID, fixture.Period(period)}
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
		vintages := vintagesOf(h, cell, part.Area)
		if len(vintages) == 0 || vintages[0].Part != part {
			t.Fatalf("%v: the ledger has %+v, the vintages are %+v", cell, part, vintages)
		}
	}
}

func TestReplayReadsTheLog(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	startTransform(t, log, c)
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("enterprises", "2021", "5"))))
	first := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("902", fixture.Figure("gdp", "2021", "20"))))
	second := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "130"))))
	gdp := Cell{"gdp", fixture.Period("2021")}

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
			if got := vintagesOf(h, gdp, "901"); len(got) != test.vintages {
				t.Errorf("%d vintages, want %d: %+v", len(got), test.vintages, got)
			}
			if got := vintagesOf(h, Cell{"enterprises", gdp.Period}, "901"); got != nil {
				t.Errorf("vintages that nobody asked for: %+v", got)
			}
			if n, want := len(TotalsOf(c, h.Ledger, gdp.Period)), 2; test.value != "" && n < want {
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

// vintagesOf returns what was kept of one area's figures in the cell.
func vintagesOf(h *History, cell Cell, area string) (of []Vintage) {
	for _, v := range h.Vintages(cell) {
		if v.Area == area {
			of = append(of, v)
		}
	}
	return of
}
