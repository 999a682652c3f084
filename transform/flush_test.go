package transform

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// acceptedFigures is one area's submission as ACCEPTED has it, the n-th of all.
func acceptedFigures(t testing.TB, n uint64, area string, values map[Cell]int64) *event.AcceptedBatch {
	t.Helper()
	s := event.AcceptedSubmission{ID: fmt.Sprintf("%032x", n), Area: area, Dataset: "annual", Sequence: n}
	for cell, value := range values {
		s.Add(event.AcceptedObservation{
			Indicator: cell.Indicator, Period: cell.Period, Unit: "亿元", Value: catalogue.Value{Coefficient: value}, Stage: catalogue.Final, Status: catalogue.Normal,
		})
	}
	return &event.AcceptedBatch{Submissions: []event.AcceptedSubmission{s}}
}

// While a backlog is worked off, the ledger is far ahead of the tally. Still, what
// is shown after any flush agrees with itself: a change with its base, a ratio
// with its parts, also after a restart.
func TestFlushesAgreeWithThemselves(t *testing.T) {
	log, c := testLog(t), testCatalogue(t)
	var messages []stream.Message
	n := 0
	add := func(count int, year string) {
		for range count {
			n++
			body, err := event.EncodeAccepted(acceptedFigures(t, uint64(n), []string{"901", "902", "903", "906"}[n%4],
				map[Cell]int64{{"gdp", mustPeriod(year)}: int64(1000 + n*n), {"rd", mustPeriod(year)}: int64(n)}))
			if err != nil {
				t.Fatal(err)
			}
			messages = append(messages, stream.Message{Subject: "accepted.901.annual", Body: body})
		}
	}
	tallied := func() {
		t.Helper()
		published, err := log.Publish(t.Context(), messages...)
		if err != nil {
			t.Fatal(err)
		}
		_, stop := startTransform(t, log, c)
		defer stop()
		deadline := time.Now().Add(30 * time.Second)
		for {
			position, err := log.Position(t.Context(), stream.Accepted, TallyConsumer) // which the stage creates
			if err == nil && position.AckFloor >= published[len(published)-1].Sequence {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("after 30s the tally is at %+v, %v", position, err)
			}
		}
		messages = nil
	}
	add(4, "2019")
	add(4, "2020")
	tallied()
	// The tally's first batch knows nothing of the year that later ones change.
	add(tallyBatch+100, "2021")
	add(tallyBatch+100, "2020")
	tallied()

	shown, flushes := map[Cell]event.Total{}, 0
	end := errors.New("end")
	last, err := log.LastSequence(t.Context(), stream.Totals)
	if err != nil {
		t.Fatal(err)
	}
	err = log.Follow(t.Context(), stream.FollowConfig{Stream: stream.Totals}, func(d stream.Delivery) error {
		batch, err := event.DecodeTotals(d.Body)
		if err != nil {
			return err
		}
		for _, total := range batch.Totals {
			shown[Cell{total.Indicator, mustPeriod(batch.Period)}] = total
		}
		if batch.Part == batch.Parts {
			flushes++
			disagreements(t, shown, d.Sequence)
		}
		if d.Sequence == last {
			return end
		}
		return nil
	}, func() {})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
	if gdp := shown[Cell{"gdp", mustPeriod("2020")}]; flushes == 0 || len(gdp.Missing) > 0 || gdp.Change == "" {
		t.Errorf("after %d flushes: %+v", flushes, gdp)
	}
}

// disagreements reports totals that do not follow from those beside them.
func disagreements(t *testing.T, shown map[Cell]event.Total, sequence uint64) {
	t.Helper()
	number := func(cell Cell) decimal.Decimal {
		d, err := decimal.NewFromString(shown[cell].Value)
		if err != nil {
			t.Fatalf("after %d: %v has the value %q", sequence, cell, shown[cell].Value)
		}
		return d
	}
	for cell, total := range shown {
		base := Cell{cell.Indicator, mustPeriod(fmt.Sprint(cell.Period.Year - 1))}
		if cell.Indicator == "gdp" && total.ChangeAbsolute != "" && !number(cell).Sub(number(base)).Equal(decimal.RequireFromString(total.ChangeAbsolute)) {
			t.Errorf("after %d: %v is %s and changed by %s, but %v is %s", sequence, cell, total.Value, total.ChangeAbsolute, base, shown[base].Value)
		}
		if cell.Indicator == "rd_intensity" && total.Value != "" {
			want := number(Cell{"rd", cell.Period}).Shift(2).DivRound(number(Cell{"gdp", cell.Period}), quotientDecimals)
			if !want.Equal(number(cell)) {
				t.Errorf("after %d: %v is %s, want %s", sequence, cell, total.Value, want)
			}
		}
	}
}

// A view stands still while the ledger goes on, and only while it is open.
func TestViewStandsStill(t *testing.T) {
	l, gdp := NewLedger(testCatalogue(t)), Cell{"gdp", mustPeriod("2021")}
	sequence := uint64(0)
	put := func(area string, value int64) {
		t.Helper()
		sequence++
		if err := l.Apply(sequence, "accepted", acceptedFigures(t, sequence, area, map[Cell]int64{gdp: value})); err != nil {
			t.Fatal(err)
		}
	}
	seen := func(s Source) string {
		text := ""
		for _, p := range s.AppendParts(nil, gdp) {
			text += p.Area + "=" + p.Value.String() + " "
		}
		return text
	}
	empty := l.View()
	put("901", 1)
	first, changed := l.ViewChanges()
	if changed != nil {
		t.Errorf("before anybody asked for changes there were %v", changed)
	}
	put("901", 2)
	put("902", 3)
	second, changed := l.ViewChanges()
	if len(changed) != 1 || changed[0] != gdp {
		t.Errorf("changed: %v", changed)
	}
	put("902", 4)
	for _, test := range []struct {
		view  *View
		basis uint64
		want  string
	}{{empty, 0, ""}, {first, 1, "901=1 "}, {second, 3, "901=2 902=3 "}} {
		if got := seen(test.view); got != test.want || test.view.Basis() != test.basis {
			t.Errorf("view of %d shows %q, want %q of %d", test.view.Basis(), got, test.want, test.basis)
		}
		test.view.Close()
	}
	if got := seen(l); got != "901=2 902=4 " || len(l.views) != 0 {
		t.Errorf("the ledger shows %q and keeps %d views", got, len(l.views))
	}
}

// Whatever comes when, a view shows what the ledger showed when it was taken, and
// each cell that changed is named once.
func TestViewsAreSnapshots(t *testing.T) {
	c := testCatalogue(t)
	cells := []Cell{{"gdp", mustPeriod("2021")}, {"rd", mustPeriod("2021")}, {"gdp", mustPeriod("2020")}}
	rapid.Check(t, func(rt *rapid.T) {
		l := NewLedger(c)
		shown := func(s Source) (all [][]Part) {
			for _, cell := range cells {
				all = append(all, s.AppendParts(nil, cell))
			}
			return all
		}
		open, changed, asked := map[*View][][]Part{}, map[Cell]bool{}, false
		for n := range rapid.Uint64Range(1, 40).Draw(rt, "steps") {
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0:
				open[l.View()] = shown(l)
			case 1:
				view, named := l.ViewChanges()
				open[view] = shown(l)
				if len(named) != len(changed) || slices.ContainsFunc(named, func(c Cell) bool { return !changed[c] }) {
					rt.Fatalf("named as changed: %v, want %v", named, changed)
				}
				clear(changed)
				asked = true
			case 2:
				for view := range open {
					view.Close()
					delete(open, view)
					break
				}
			default:
				cell, area := rapid.SampledFrom(cells).Draw(rt, "cell"), rapid.SampledFrom([]string{"901", "902", "903"}).Draw(rt, "area")
				if err := l.Apply(n+1, "accepted", acceptedFigures(t, n+1, area, map[Cell]int64{cell: int64(n)})); err != nil {
					rt.Fatal(err)
				}
				if asked {
					changed[cell] = true
				}
			}
			for view, want := range open {
				if diff := gocmp.Diff(want, shown(view)); diff != "" {
					rt.Fatalf("after step %d a view of %d shows otherwise than when it was taken:\n%s", n, view.Basis(), diff)
				}
			}
		}
	})
}

// Totals that follow from each other go out in one flush, the others so that no
// flush and no message is large.
func TestFlushesAreWholeFamilies(t *testing.T) {
	log, c := testLog(t), testCatalogue(t)
	press := newPress(log, c, time.Now, NewMetrics(nil))
	inputs := event.Inputs(strings.Repeat("x", flushBytes/16))
	var totals []tallied
	for year := int16(2001); year <= 2008; year++ {
		for i := range c.Indicators {
			totals = append(totals, tallied{catalogue.Period{Year: year, Kind: catalogue.Year}, event.Total{Indicator: c.Indicators[i].ID, Inputs: inputs}})
		}
	}
	if err := press.republish(t.Context(), 7, totals, event.ByManual); err != nil {
		t.Fatal(err)
	}
	last, err := log.LastSequence(t.Context(), stream.Totals)
	if err != nil {
		t.Fatal(err)
	}
	// The flush that each indicator is in, by where it begins in TOTALS.
	at, n, flushes := map[string]uint64{}, 0, map[uint64]bool{}
	for sequence := uint64(1); sequence <= last; sequence++ {
		m, err := log.Get(t.Context(), stream.Totals, sequence)
		if err != nil {
			t.Fatal(err)
		}
		batch, err := event.DecodeTotals(m.Data)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Totals) > 1 && len(m.Data) > messageBytes {
			t.Errorf("message %d has %d totals in %d bytes", sequence, len(batch.Totals), len(m.Data))
		}
		first := sequence - uint64(batch.Part) + 1
		flushes[first] = true
		for _, total := range batch.Totals {
			n++
			if before, ok := at[total.Indicator]; ok && before != first {
				t.Fatalf("%s is in flush %d and in flush %d", total.Indicator, before, first)
			}
			at[total.Indicator] = first
		}
	}
	if n != len(totals) {
		t.Errorf("%d of %d totals", n, len(totals))
	}
	if at["rd"] != at["rd_intensity"] || at["gdp"] != at["rd_intensity"] {
		t.Errorf("the parts of a ratio are apart: %v", at)
	}
	if len(flushes) < 2 {
		t.Errorf("all in one flush: %v", at)
	}
}
