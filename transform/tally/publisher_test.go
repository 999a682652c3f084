package tally

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// All totals of a recomputation are one flush, which the sink shows at once, though they take
// several times the room of a flush of the stream.
func TestARunIsOneFlush(t *testing.T) {
	log, c := fixture.Log(t), fixture.Catalogue(t)
	var totals []PeriodTotal
	inputs := event.Inputs(strings.Repeat(" ", 200<<10))
	for year := 1950; year < 2030; year++ {
		totals = append(totals, PeriodTotal{catalogue.Period{Year: int16(year), Kind: catalogue.Year}, event.Total{Indicator: c.Indicators[0].ID, Inputs: inputs}})
	}
	if err := NewPublisher(log, time.Now, NewMetrics(nil)).Publish(t.Context(), c, 7, totals, event.ByManual); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	part, bytes := 0, 0
	err := log.Follow(ctx, stream.FollowConfig{Stream: stream.Totals}, func(d stream.Delivery) error {
		batch, err := event.DecodeTotals(d.Body)
		if err != nil {
			return err
		}
		bytes += len(d.Body)
		if part++; batch.Part != part || batch.Parts != len(totals) || d.Sequence != uint64(part) {
			t.Errorf("message %d is part %d of %d, want %d of %d", d.Sequence, batch.Part, batch.Parts, part, len(totals))
		}
		return nil
	}, stop)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	if part != len(totals) || bytes < flushBytes {
		t.Errorf("%d messages of %d bytes together", part, bytes)
	}
}
