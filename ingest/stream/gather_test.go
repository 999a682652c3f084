package stream

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
)

func TestGatherWaitsOnlyWhileABacklogIsWorkedOff(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := Open(t.Context(), nc, DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := log.Consume(t.Context(), ConsumerConfig{Stream: Submissions, Name: "gather", AckWait: 10 * time.Second, MaxPending: 2 * busyBatch})
	if err != nil {
		t.Fatal(err)
	}
	defer consumer.Stop()
	gather := func(messages int) time.Duration {
		t.Helper()
		for range messages {
			if _, err := log.Publish(t.Context(), Message{Subject: "submissions.a.d", Body: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		batch, err := consumer.Gather(t.Context(), 2*busyBatch)
		if err != nil {
			t.Fatal(err)
		}
		if len(batch) == 0 {
			t.Fatal("an empty batch")
		}
		if err := AckAll(batch); err != nil {
			t.Fatal(err)
		}
		return time.Since(began)
	}
	consumer.backlog = true
	if took := gather(1); took < gatherTime {
		t.Errorf("after a large batch it waited for %s, want %s", took, gatherTime)
	}
	if consumer.backlog {
		t.Error("a batch of one counts as a backlog")
	}
	// A batch that is full is returned without waiting.
	consumer.backlog = true
	if _, err := log.Publish(t.Context(), Message{Subject: "submissions.a.d", Body: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.Gather(t.Context(), 1)
	if err != nil || len(batch) != 1 {
		t.Errorf("got %d messages, %v, want the one asked for", len(batch), err)
	}
}
