package ingest

import (
	"context"
	"math"
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
	x := newIndex(newUnjudged(DefaultConfig(), nil))
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
	if recent := x.listedBefore("320812", math.MaxUint64, 10); len(recent) != 1 || recent[0].id != ids[2] {
		t.Errorf("the area's list has %v", recent)
	}
	stop()
	<-forgetting
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A message of SUBMISSIONS that was stored after the verdict on its place is not what was judged there,
// in whichever order the two are read, until somebody has accepted the loss. A message that says that
// one was lost is no such message.
func TestPlacesThatWereWrittenOverAreKnown(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	id := func(n byte) string { return event.SubmissionID{n}.String() }
	var submissions, verdicts []stream.Delivery
	read := func(to *[]stream.Delivery, subject, messageID string, header map[string]string) {
		stored, err := log.Publish(t.Context(), stream.Message{Subject: subject, ID: messageID, Header: header, Body: []byte("{}")})
		if err != nil {
			t.Fatal(err)
		}
		name := map[bool]string{true: stream.Submissions, false: stream.Verdicts}[to == &submissions]
		m, err := log.Get(t.Context(), name, stored[0].Sequence)
		if err != nil {
			t.Fatal(err)
		}
		*to = append(*to, stream.Undelivered(stream.Message{Subject: subject, ID: messageID, Header: header}, m.Sequence, m.Time))
	}
	submission := func(header map[string]string) { read(&submissions, "submissions.320812.d", "", header) }
	verdict := func(sequence uint64, n byte) {
		read(&verdicts, "verdicts.320812.d", event.VerdictID(sequence), map[string]string{event.SubmissionHeader: id(n)})
	}
	submission(map[string]string{event.SubmissionHeader: id(1)})
	verdict(1, 1)
	verdict(2, 2)
	submission(map[string]string{event.SubmissionHeader: id(3)}) // in the place of 2
	verdict(2, 3)
	verdict(3, 4)
	submission(map[string]string{event.LostHeader: "true"}) // in the place of 4
	submission(nil)                                         // by NATS, without an id
	verdict(4, 5)

	for name, order := range map[string]func(*unjudged){
		"submissions first": func(u *unjudged) { addAll(u, submissions, nil); addAll(u, nil, verdicts) },
		"verdicts first":    func(u *unjudged) { addAll(u, nil, verdicts); addAll(u, submissions, nil) },
	} {
		found := map[uint64]string{}
		order(newUnjudged(DefaultConfig(), func(sequence uint64, lost event.SubmissionID) { found[sequence] = lost.String() }))
		if len(found) != 1 || found[2] != id(2) {
			t.Errorf("%s: %v; want %s, lost at 2", name, found, id(2))
		}
	}
	log.WriteOver(2, id(2))
	if over := log.WrittenOver(0); over[2] != id(2) {
		t.Errorf("known: %v", over)
	}
	if err := log.AcceptLoss(t.Context(), stream.Submissions); err != nil {
		t.Fatal(err)
	}
	extent, err := log.Extent(t.Context(), stream.Submissions)
	if err != nil || len(log.WrittenOver(extent.Accepted)) != 0 {
		t.Errorf("after the loss was accepted: %+v, %v", extent, err)
	}
}

func addAll(u *unjudged, submissions, verdicts []stream.Delivery) {
	for i := range submissions {
		u.addSubmission(&submissions[i])
	}
	for i := range verdicts {
		sequence, _ := event.JudgedSequence(verdicts[i].ID())
		u.addVerdict(sequence, &verdicts[i])
	}
}
