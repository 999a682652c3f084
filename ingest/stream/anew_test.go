package stream_test

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// A stream that was lost is created anew behind the places that it had given, and says so until
// somebody accepts the loss; streams of a new log begin as usual.
func TestLostStreamBeginsBehindWhatItHeld(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	js, err := jetstream.New(nc)
	check(t, err)
	for _, name := range []string{stream.Submissions, stream.Verdicts} {
		extent, err := log.Extent(t.Context(), name)
		check(t, err)
		if extent.Anew || extent.Last != 0 {
			t.Errorf("%s of a new log: %+v", name, extent)
		}
	}
	identity, err := log.Identity(t.Context())
	check(t, err)
	if identity.ID == "" || identity.Generation != 1 {
		t.Errorf("a new log is %s", identity)
	}
	publish(t, log, "one", "two")
	working, stop := context.WithCancel(t.Context())
	worked := make(chan error, 1)
	go func() {
		worked <- log.Work(working, stream.WorkConfig{
			Stage: "validate", What: "judge submissions", Batch: 2, Logger: zerolog.Nop(),
			Consumer: stream.ConsumerConfig{Stream: stream.Submissions, Name: stream.Validators, AckWait: time.Minute, MaxPending: 4},
		}, stream.NewBatchTask(2, func(context.Context, []stream.Delivery) error { return nil }))
	}()
	for ctx := soon(t); ; {
		position, err := log.Position(ctx, stream.Submissions, stream.Validators)
		if err == nil && position.AckFloor == 2 {
			break
		}
		if ctx.Err() != nil {
			t.Fatal("the submissions are not taken")
		}
	}
	stop()
	check(t, <-worked)
	for i, name := range []string{stream.Verdicts, stream.Submissions} {
		_, err := log.Publish(t.Context(), stream.Message{Subject: "verdicts.320812.sti-annual", Body: []byte(`{"sequence":2}`)})
		check(t, err)
		before, err := log.LastSequence(t.Context(), name)
		check(t, err)
		check(t, js.DeleteStream(t.Context(), name))
		_, err = stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
		check(t, err)
		extent, err := log.Extent(t.Context(), name)
		check(t, err)
		if !extent.Anew || extent.Last < before || before > 0 && extent.First <= before {
			t.Errorf("%s was at %d, and is created anew as %+v", name, before, extent)
		}
		if now, err := log.Identity(t.Context()); err != nil || now.ID != identity.ID || now.Generation != uint64(2+i) {
			t.Errorf("after %s was lost the log is %s, was %s, %v", name, now, identity, err)
		}
		check(t, log.AcceptLoss(t.Context(), name))
		if extent, err = log.Extent(t.Context(), name); err != nil || extent.Anew {
			t.Errorf("%s after the loss was accepted: %+v, %v", name, extent, err)
		}
	}
}
