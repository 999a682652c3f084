package sink

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// What figures shows of a value and of a change is what reports show: the catalogue's rounding
// and decimals, and more of those where the change asks for it.
func TestFiguresShowWhatReportsShow(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString(catalogueText)
	values := []string{"0", "0.5", "1.5", "-2.5", "30.6", "33.24", "0.05", "-0.0000001", "4444.445", "199999999999999.5", "99999999999999999999999999.999999999999", "12.5000001"}
	totals := event.TotalsBatch{Basis: 1, Trigger: event.ByStream, Catalogue: "v1", Period: "2021"}
	for _, mode := range []catalogue.Rounding{catalogue.HalfUp, catalogue.HalfEven, catalogue.Truncate} {
		for _, decimals := range []int{0, 1, 2} {
			for i, value := range values {
				id := fmt.Sprintf("%s_%d_%d", mode, decimals, i)
				unit, change := "亿元", "percent"
				if i%3 == 2 {
					unit, change = `"%"`, "point"
				}
				fmt.Fprintf(&text, "  - {id: %s, name_zh: 指标%s, name_en: figure %s, programme: p, unit: %s, change: %s, decimals: %d, change_decimals: %d, rounding: %s, datasets: [d]}\n",
					id, id, id, unit, change, decimals, 2-decimals, mode)
				total := event.Total{Indicator: id, Value: value, Unit: "亿元", Stage: "final", Status: "A", Change: values[(i+5)%len(values)], ChangeKind: change, Expected: 1}
				if i%4 == 3 {
					total.Qualifier = "about"
				}
				totals.Totals = append(totals.Totals, total)
			}
		}
	}
	s := newStore(t)
	c := parseCatalogue(t, text.String())
	if err := s.SyncCatalogue(t.Context(), c, time.Now()); err != nil {
		t.Fatal(err)
	}
	put(t, s, &totalsBlock{}, 1, totalsMessage(t, totals))
	shown := map[string][]string{}
	rows, err := csv.NewReader(strings.NewReader(query(t, s, "SELECT indicator, value_shown, change_shown, programme_zh, period_zh FROM figures WHERE kind = 'city'"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		shown[row[0]] = row[1:]
	}
	for i := range totals.Totals {
		total := &totals.Totals[i]
		indicator, _ := c.Indicator(total.Indicator)
		value, change := decimal.RequireFromString(total.Value), decimal.RequireFromString(total.Change)
		decimals := indicator.Decimals
		if total.Qualifier == "" {
			decimals = indicator.DisplayDecimals(value)
		}
		sign := ""
		if change.IsPositive() {
			sign = "+"
		}
		want := []string{indicator.Display(value, decimals), sign + indicator.Display(change, indicator.ChangeDecimals), "科技", "2021年"}
		if got := shown[total.Indicator]; strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s, %s with %s: want %s, got %s", total.Indicator, total.Value, total.Change, want, got)
		}
	}
}

// A step is complete up to the last moment whose messages it has worked through, and what
// nobody has moved is stored once a minute.
func TestProgressIsCompleteUpToWhatWasReached(t *testing.T) {
	p := &progress{open: map[string][]milestone{}, completeTo: map[string]time.Time{}}
	begin := time.Unix(1700000000, 0)
	for i, step := range []struct {
		last, floor uint64
		pending     int
		complete    int // number of the step whose moment it is complete up to; -1 is none
		stored      bool
	}{
		{10, 4, 6, -1, true}, {20, 10, 10, 0, true}, {30, 15, 15, 0, true}, {30, 30, 0, 3, true}, {30, 30, 0, 4, false},
	} {
		at := begin.Add(time.Duration(i) * time.Second)
		rows := p.measure([]stream.Status{
			{Stream: stream.Commands, Last: 9, Consumers: map[string]stream.Position{"recompute": {}}},
			{Stream: stream.Accepted, Last: step.last, Consumers: map[string]stream.Position{AcceptedConsumer: {AckFloor: step.floor, Pending: step.pending}}},
			{Stream: stream.Dead, Last: 3, Messages: 2},
		}, at)
		if len(rows) != 2 || rows[0].step != AcceptedConsumer || rows[0].reached != step.floor || rows[1].waiting != 2 {
			t.Fatalf("step %d: %+v", i, rows)
		}
		if got := rows[0].completeTo; (got == nil) != (step.complete < 0) || got != nil && !got.Equal(begin.Add(time.Duration(step.complete)*time.Second)) {
			t.Errorf("step %d is complete up to %v, want moment %d", i, got, step.complete)
		}
		if got := p.worthStoring(rows); got != step.stored {
			t.Errorf("step %d: worth storing is %v", i, got)
		}
		if step.stored {
			p.stored = rows
		}
	}
}
