package stream_test

import (
	"context"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// A stream that lost its end keeps the sequences of what it lost. The newest message is the last
// one that a reader receives: who waits for a reader to come to it does not wait for ever.
func TestNewestMessageIsOneThatIsRead(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := log.Publish(t.Context(), stream.Message{Subject: "verdicts.320812.sti-annual", Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	verdicts, err := js.Stream(t.Context(), stream.Verdicts)
	if err == nil {
		err = verdicts.DeleteMsg(t.Context(), 3)
	}
	if err != nil {
		t.Fatal(err)
	}
	last, err := log.LastSequence(t.Context(), stream.Verdicts)
	if err != nil || last != 2 {
		t.Fatalf("the newest message is %d, %v; want 2", last, err)
	}
	for sequence, want := range map[uint64]bool{0: false, 1: false, 2: false, 3: true, 5: true} {
		if lost, end, err := log.Lost(t.Context(), stream.Verdicts, sequence); err != nil || lost != want || lost && end != 2 {
			t.Errorf("message %d: lost %t, the one before %d, %v; want %t", sequence, lost, end, err, want)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	read := uint64(0)
	err = log.Follow(ctx, stream.FollowConfig{Stream: stream.Verdicts}, func(d stream.Delivery) error {
		if read = d.Sequence; read == last {
			stop()
		}
		return nil
	}, func() {})
	if err != nil || read != last {
		t.Errorf("a reader came to %d, %v", read, err)
	}
	if err := verdicts.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if last, err := log.LastSequence(t.Context(), stream.Verdicts); err != nil || last != 3 {
		t.Errorf("once everything has expired the newest message was %d, %v; want 3", last, err)
	}
}
