package ledger_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
	"github.com/citytally/citytally/transform/tally/tallytest"
)

// The history of a moment is the ledger of the submissions that had been received by
// then, in whatever order they were judged.
//
// Rules: as of, provenance.
func TestAsOfKnowsOnlyWhatWasReceived(t *testing.T) {
	c := fixture.Catalogue(t)
	rapid.Check(t, func(t *rapid.T) {
		submissions := tallytest.DrawHistory(t, c)
		var last int64
		for i := range submissions {
			last += rapid.Int64Range(0, 3).Draw(t, "pause")
			submissions[i].ReceivedAt = last
		}
		until := rapid.Int64Range(1, last+1).Draw(t, "until")
		basis := rapid.Uint64Range(0, uint64(len(submissions))).Draw(t, "basis")
		moment := ledger.Moment{Received: time.UnixMilli(until), Basis: basis}

		history, fed := ledger.NewHistory(c, moment, func(*event.AcceptedSubmission, ledger.Cell) bool { return true }), ledger.New(c)
		for i, s := range rapid.Permutation(submissions).Draw(t, "judged") {
			stored := uint64(i + 1)
			history.Fold(stored, "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}})
			if s.ReceivedAt <= until && (basis == 0 || stored <= basis) {
				if err := fed.Apply(stored, "accepted.x.annual", &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if history.Ledger.Basis() != fed.Basis() {
			t.Fatalf("basis %d, want %d", history.Ledger.Basis(), fed.Basis())
		}
		for i := range c.Indicators {
			for _, period := range []string{"2015", "2016", "2017", "2018"} {
				cell := ledger.Cell{Indicator: c.Indicators[i].ID, Period: fixture.Period(period)}
				want, wantOK := tally.Tally(c, fed, cell)
				got, ok := tally.Tally(c, history.Ledger, cell)
				if diff := gocmp.Diff(want, got); ok != wantOK || diff != "" {
					t.Fatalf("%v as of %d: fed, replayed:\n%s", cell, until, diff)
				}
				checkVintages(t, history, cell)
			}
		}
	})
}

// checkVintages checks that what stands among each area's vintages is the ledger's figure.
func checkVintages(t *rapid.T, h *ledger.History, cell ledger.Cell) {
	parts, n := h.Ledger.AppendParts(nil, cell), 0
	for _, s := range h.Standings(cell) {
		if s.Status == catalogue.Withdrawn {
			continue
		}
		if len(s.Confirmed) > 0 {
			s.Part.Confirmed, s.Epoch = s.Confirmed[0].Sequence, s.Confirmed[0].Epoch
		}
		if n == len(parts) || s.Part != parts[n] {
			t.Fatalf("%v: the ledger has %+v, of the vintages %+v stands", cell, parts, s)
		}
		n++
	}
	if n != len(parts) {
		t.Fatalf("%v: the ledger has %+v, of the vintages %d stand", cell, parts, n)
	}
}

func TestReplayReadsTheLog(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, err := transform.New(log, c, nil, transform.DefaultConfig(), fixture.Logger(t), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	fixture.Run(t, stage.Run)
	<-stage.Ready()
	fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "100"), fixture.Figure("enterprises", "2021", "5"))))
	first := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("902", fixture.Figure("gdp", "2021", "20"))))
	second := fixture.VerdictOn(t, log, fixture.Submit(t, log, fixture.From("901", fixture.Figure("gdp", "2021", "130"))))
	gdp := ledger.Cell{Indicator: "gdp", Period: fixture.Period("2021")}

	for _, test := range []struct {
		name     string
		moment   ledger.Moment
		value    string
		vintages int
	}{
		{"everything", ledger.Moment{}, "150", 2},
		{"to the instant before the revision", ledger.Moment{Received: second.ReceivedAt.Add(-time.Millisecond)}, beforeRevision(first, second), 1},
		{"to the instant of the revision", ledger.Moment{Received: second.ReceivedAt}, "150", 2},
		{"to a place in the log", ledger.Moment{Basis: second.AcceptedSequence - 1}, "120", 1},
		{"before everything", ledger.Moment{Received: time.UnixMilli(1)}, "", 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			h, err := ledger.Replay(t.Context(), log, c, test.moment, answer.KeepFor(c, "gdp"))
			if err != nil {
				t.Fatal(err)
			}
			if total, _ := tally.Tally(c, h.Ledger, gdp); total.Value != test.value {
				t.Errorf("gdp = %q, want %q", total.Value, test.value)
			}
			if got := vintagesOf(h, gdp, "901"); len(got) != test.vintages {
				t.Errorf("%d vintages, want %d: %+v", len(got), test.vintages, got)
			}
			if got := vintagesOf(h, ledger.Cell{Indicator: "enterprises", Period: gdp.Period}, "901"); got != nil {
				t.Errorf("vintages that nobody asked for: %+v", got)
			}
			if n, want := len(tally.OfPeriod(c, h.Ledger, gdp.Period)), 2; test.value != "" && n < want {
				t.Errorf("%d totals, want at least %d", n, want)
			}
		})
	}
}

// beforeRevision returns the total a millisecond before the revision. The submission
// before it may have been received in the same millisecond.
func beforeRevision(first, second event.Verdict) string {
	if first.ReceivedAt.Truncate(time.Millisecond).Equal(second.ReceivedAt.Truncate(time.Millisecond)) {
		return "100"
	}
	return "120"
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

// A history that begins with a snapshot of any place has the vintages of one that was folded from
// the start.
func TestRecallFindsEveryVintage(t *testing.T) {
	released := 0
	rapid.Check(t, func(t *rapid.T) {
		c, steps := drawSteps(t)
		at := rapid.IntRange(0, len(steps)).Draw(t, "place of the snapshot")
		all := func(*event.AcceptedSubmission, ledger.Cell) bool { return true }
		whole, begun, snapshot := ledger.NewHistory(c, ledger.Moment{}, all), ledger.NewHistory(c, ledger.Moment{}, all), ledger.New(c)
		foldHistory(whole, steps, 0)
		fold(snapshot, steps[:at], 0)
		var text bytes.Buffer
		image := snapshot.Image()
		if err := image.Write(&text); err != nil {
			t.Fatal(err)
		}
		image.Close()
		if err := begun.Ledger.Restore(&text); err != nil {
			t.Fatal(err)
		}
		for i := range steps[:at] {
			if steps[i].batch != nil {
				begun.RecallBatch(uint64(i+1), steps[i].batch)
			}
		}
		foldHistory(begun, steps, at)
		if diff := gocmp.Diff(whole.Cells(), begun.Cells()); diff != "" {
			t.Fatalf("cells (-from the start +from the snapshot)\n%s", diff)
		}
		for _, cell := range whole.Cells() {
			vintages := whole.Vintages(cell)
			if diff := gocmp.Diff(vintages, begun.Vintages(cell), ledger.ExportAll); diff != "" {
				t.Fatalf("%v (-from the start +from the snapshot)\n%s", cell, diff)
			}
			for i := range vintages {
				if vintages[i].AcceptedSequence <= uint64(at) && !vintages[i].ReleasedAt.IsZero() {
					released++
				}
			}
		}
	})
	if released == 0 {
		t.Error("no snapshot had a figure that was held and released")
	}
}

// foldHistory folds in the steps from one on.
func foldHistory(h *ledger.History, steps []step, from int) {
	for i := from; i < len(steps); i++ {
		if b := steps[i].batch; b != nil {
			_ = h.Fold(uint64(i+1), steps[i].subject, &event.AcceptedBatch{Submissions: slices.Clone(b.Submissions), Decisions: slices.Clone(b.Decisions)})
		}
	}
}
