package ingest

import (
	"context"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

// The index holds what the streams hold: what they drop is dropped, what either still has stays.
func TestIndexForgetsWhatStreamsForget(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]event.SubmissionID, 3)
	for i := range ids {
		ids[i][0] = byte(i + 1)
		header := map[string]string{event.SubmissionHeader: ids[i].String()}
		for _, subject := range []string{"submissions.320812.sti-annual", "verdicts.320812.sti-annual"} {
			if _, err := log.Publish(t.Context(), stream.Message{Subject: subject, Header: header, Body: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	x := newIndex(newUnjudged(DefaultConfig()))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- x.follow(ctx, log) }()
	<-x.ready
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	purge := func(name string, below uint64) {
		s, err := js.Stream(t.Context(), name)
		if err == nil {
			err = s.Purge(t.Context(), jetstream.WithPurgeSequence(below))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	purge(stream.Submissions, 3)
	purge(stream.Verdicts, 2)
	forgetting := make(chan struct{})
	go func() { defer close(forgetting); x.forgetExpired(ctx, log, time.Millisecond) }()
	for known := true; known; _, known = x.lookup(ids[0]) {
		select {
		case <-t.Context().Done():
			t.Fatal("what both streams have dropped is still known")
		case <-time.After(time.Millisecond):
		}
	}
	if _, known := x.lookup(ids[1]); !known {
		t.Error("a submission whose verdict is kept is forgotten")
	}
	if _, known := x.lookup(ids[2]); !known {
		t.Error("a submission that is kept is forgotten")
	}
	if recent := x.recentOf("320812", 10); len(recent) != 1 || recent[0] != ids[2] {
		t.Errorf("the area's list has %v", recent)
	}
	stop()
	<-forgetting
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
