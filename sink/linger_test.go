package sink

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/citytally/citytally/ingest/stream"
)

// After a pause a message is inserted at once. Messages that come soon after it are inserted
// together.
func TestTrickleIsStoredTogether(t *testing.T) {
	t.Parallel()
	s, log := newStore(t), newLog(t)
	config := testConfig()
	config.BatchMessages = 3
	registry := prometheus.NewRegistry()
	workers, err := NewWorkers(log, s, config, s.logger, WithMetrics(NewMetrics(registry)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- workers.move(ctx, stream.Accepted, AcceptedConsumer, false, time.Hour, &observationBlock{})
	}()
	stored := func(rows string) {
		t.Helper()
		within(t, rows+" rows stored", func() bool { return query(t, s, "SELECT count() AS n FROM observations") == "n\n"+rows+"\n" })
	}
	publish(t, log, one(t, "a", 1))
	stored("1")
	for i := range uint64(3) {
		publish(t, log, one(t, "a", 2+i))
	}
	stored("4")
	publish(t, log, one(t, "a", 5))
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() != "citytally_sink_batch_rows" {
			continue
		}
		// The last message may have been received before the stop.
		if n := family.GetMetric()[0].GetHistogram().GetSampleCount(); n < 2 || n > 3 {
			t.Errorf("%d inserts, want one of the first and one of the next three", n)
		}
	}
}
