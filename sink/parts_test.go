package sink

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// A skipped message of a newer layout in the place of a flush's part does not stop the
// sink, which shows the flush without it.
func TestSkippedMessageInsideAFlush(t *testing.T) {
	t.Parallel()
	broker := natsdtest.Start(t)
	nc, err := nats.Connect("", broker.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	body, err := event.EncodeTotals(&event.TotalsBatch{Period: "2021", Basis: 1, Part: 1, Parts: 2, ComputedAt: 1700000000000, Trigger: event.ByStream})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := log.Publish(t.Context(), stream.Message{Subject: "totals.2021", Body: body}, stream.Message{Subject: "totals.2021", Body: []byte{9, 1, 2}}); err != nil {
		t.Fatal(err)
	}
	if err := log.Skip(t.Context(), stream.Totals, 2, "later version", event.Person{Name: "me"}); err != nil {
		t.Fatal(err)
	}
	b := &totalsBlock{}
	w := &worker{Workers: &Workers{log: log, config: DefaultConfig(), metrics: NewMetrics(nil)}, stream: stream.Totals, block: b, logger: zerolog.Nop()}
	if err := b.addPart("totals.2021", body, 1); err != nil {
		t.Fatal(err)
	}
	if !b.incomplete() {
		t.Fatal("the flush is not incomplete")
	}
	if err := w.fetchMissing(t.Context()); err != nil {
		t.Errorf("the sink stops at a message that was skipped: %v", err)
	}
}

// A part of a flush that lies before the last message taken is not delivered next, so that
// an insert does not wait for it.
func TestNoInsertWaitsForAPartThatCannotCome(t *testing.T) {
	b := &totalsBlock{}
	w := &worker{Workers: &Workers{config: DefaultConfig(), now: time.Now}, stream: stream.Totals, block: b, logger: zerolog.Nop()}
	body := func(part, parts int) []byte {
		text, err := event.EncodeTotals(&event.TotalsBatch{Period: "2021", Basis: 1, Part: part, Parts: parts, ComputedAt: 1700000000000, Trigger: event.ByStream})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if err := w.Take(&stream.Delivery{Subject: "totals.2021", Body: body(2, 2), Sequence: 10}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for n := uint64(11); n < 1900; n++ {
		if err := w.Take(&stream.Delivery{Subject: "totals.2021", Body: body(1, 1), Sequence: n}); err != nil {
			t.Fatal(err)
		}
		if w.Full() || w.Linger() <= 0 {
			return
		}
	}
	t.Errorf("after 1889 further messages (%s) it still waits %s for part 1 at 9", time.Since(began), w.Linger())
}
