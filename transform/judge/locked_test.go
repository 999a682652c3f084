package judge

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Whatever is submitted, of months, years to date and years, in batches or one by one: the
// totals of locked periods and their changes stay. What would alter one is refused without a
// reason, and held with one.
//
// Rules: lock.
func TestLockedTotalsStay(t *testing.T) {
	c := fixture.CatalogueWith(t, "")
	refused, held, undelivered := 0, 0, func(t rapid.TB, sequence uint64, s event.Submission) *received {
		body, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		m := stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: body}
		r := readSubmission(stream.Undelivered(m, sequence, time.Date(2023, 3, 1, 0, 0, 0, 0, time.UTC)))
		return &r
	}
	rapid.Check(t, func(t *rapid.T) {
		l := ledger.New(c)
		r := checks{catalogue: c}
		accepted, submitted := uint64(0), uint64(0)
		fold := func(batch *event.AcceptedBatch, subject string) {
			accepted++
			if err := l.Apply(accepted, subject, batch); err != nil {
				t.Fatal(err)
			}
		}
		draw := func(reason string) *received {
			submitted++
			area := rapid.SampledFrom([]string{"901", "902", "903", "906", "907"}).Draw(t, "area")
			dataset := rapid.SampledFrom([]string{"annual", "monthly", "monthly"}).Draw(t, "dataset")
			s := event.Submission{Area: area, Dataset: dataset, Reason: reason}
			for range rapid.IntRange(1, 6).Draw(t, "rows") {
				period := fmt.Sprint(rapid.IntRange(2019, 2021).Draw(t, "year"))
				indicator := "gdp"
				if dataset == "monthly" {
					period += rapid.SampledFrom([]string{"-01", "-02", "-YTD02", "-YTD11", "-12", "-YTD12"}).Draw(t, "part")
				} else {
					indicator = rapid.SampledFrom([]string{"gdp", "rd", "enterprises"}).Draw(t, "indicator")
				}
				o := fixture.Figure(indicator, period, fmt.Sprint(rapid.IntRange(1, 9).Draw(t, "value")))
				if o.Stage = rapid.SampledFrom([]string{"", "flash", "final"}).Draw(t, "stage"); rapid.IntRange(0, 9).Draw(t, "D") == 0 {
					o.Action, o.Value = "D", ""
				}
				s.Observations = append(s.Observations, o)
			}
			return undelivered(t, submitted, s)
		}
		totals := func() map[ledger.Cell]*event.Total {
			var locked []ledger.Cell
			for i := range c.Indicators {
				for year := int16(2019); year <= 2022; year++ {
					for n := range catalogue.PeriodsInYear {
						if p := catalogue.NumberedPeriod(year, n); l.Locked(p) {
							locked = append(locked, ledger.Cell{Indicator: c.Indicators[i].ID, Period: p})
						}
					}
				}
			}
			return tally.ByCell(c, l, locked)
		}
		judgeBatch := func(batch []*received) {
			state, outgoing := newBatchState(l), &event.AcceptedBatch{}
			for _, s := range batch {
				result := r.apply(s, state, nil)
				if len(result.accepted)+len(result.held) > 0 {
					state.add(s, &result)
					outgoing.Submissions = append(outgoing.Submissions, acceptedSubmission(s, result.accepted, result.held))
				}
				for _, f := range result.findings {
					switch f.Code {
					case "TOTAL_LOCKED":
						refused++
					case "LOCKED_REVISION":
						held++
					}
				}
			}
			fold(outgoing, "accepted.901.annual")
		}
		for range rapid.IntRange(1, 8).Draw(t, "before") {
			judgeBatch([]*received{draw("")})
		}
		for range rapid.IntRange(1, 3).Draw(t, "locks") {
			period := rapid.SampledFrom([]string{"2020", "2021", "2020-12", "2021-YTD02", "2021-Q4"}).Draw(t, "locked")
			fold(&event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Lock, Period: period}}}, DecisionSubject)
		}
		before := totals()
		for range rapid.IntRange(1, 4).Draw(t, "batches") {
			var batch []*received
			for range rapid.IntRange(1, 3).Draw(t, "submissions") {
				batch = append(batch, draw(rapid.SampledFrom([]string{"", "census"}).Draw(t, "reason")))
			}
			judgeBatch(batch)
		}
		after := totals()
		for cell := range after {
			if _, ok := before[cell]; !ok && (after[cell].Value != "" || after[cell].Held == nil) {
				t.Fatalf("%v came about in a locked period: %+v", cell, after[cell])
			}
		}
		for cell := range before {
			if !sameFigures(before[cell], after[cell]) {
				t.Fatalf("%v was locked and moved:\n%+v\n%+v", cell, before[cell], after[cell])
			}
		}
	})
	if (refused == 0 || held == 0) && !testing.Short() { // which draws a fifth
		t.Errorf("refused for a locked total: %d, held: %d; want some of both", refused, held)
	}
}
