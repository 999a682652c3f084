package direct_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest/direct"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What districts publish comes into SUBMISSIONS in its order, once, also when all of it is
// delivered again; of the headers only the message id goes on, as a key, and two districts may
// use the same one.
func TestForwarding(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	const count = 40
	for i := range count {
		m := stream.Message{Subject: "direct.320812.d", Body: []byte{byte(i)}, Header: map[string]string{event.ByHeader: "bureau", event.SubmissionHeader: "x", event.KeyHeader: "forged"}}
		if i%2 == 1 {
			m.Subject = "direct.320804.d"
		}
		if i < 2 {
			m.ID, m.Header = "annual", nil
			js, err := jetstream.New(nc)
			if err != nil {
				t.Fatal(err)
			}
			// Past the shortest window in which the broker compares ids.
			s, err := js.Stream(t.Context(), stream.Direct)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.CachedInfo().Config; got.AllowAtomicPublish || got.Duplicates > stream.DefaultConfig().DeduplicateFor/100 {
				t.Errorf("DIRECT takes batches or compares ids for long: %+v", got)
			}
		}
		for {
			stored, err := log.Publish(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			if !stored[0].Duplicate {
				break
			}
		}
	}
	for _, subject := range []string{"direct.320812.*", "direct.320812.>", "direct.*.d"} { // the first two as its ACL lets a district do
		if _, err := nc.Request(subject, []byte(subject), 10*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- direct.Run(ctx, log, unbounded{}, zerolog.Nop()) }()
		awaitForwarded(t, log)
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		if err := js.DeleteConsumer(t.Context(), stream.Direct, direct.Consumer); err != nil {
			t.Fatal(err)
		}
	}
	letters, err := log.Letters(t.Context())
	if err != nil || len(letters) == 0 || !strings.Contains(letters[0].Error, `"direct.*.d" names no area`) {
		t.Errorf("letters %+v, %v", letters, err)
	}
	last, err := log.LastSequence(t.Context(), stream.Submissions)
	if err != nil || last != count+2 {
		t.Fatalf("SUBMISSIONS ends at %d, %v; want %d", last, err, count+2)
	}
	for i, want := range []string{"submissions.320812.＊", "submissions.320812.＞"} { // names of no dataset, about which there is a verdict
		if m, err := log.Get(t.Context(), stream.Submissions, count+1+uint64(i)); err != nil || m.Subject != want {
			t.Errorf("%+v, %v; want it on %s", m, err, want)
		}
	}
	for sequence := uint64(1); sequence <= count; sequence++ {
		m, err := log.Get(t.Context(), stream.Submissions, sequence)
		if err != nil {
			t.Fatal(err)
		}
		area, key := []string{"320804", "320812"}[sequence%2], ""
		if sequence <= 2 {
			key = "annual"
		}
		if m.Data[0] != byte(sequence-1) || m.Subject != "submissions."+area+".d" || m.Header.Get(event.ByHeader) != area ||
			m.Header.Get(event.ViaHeader) != direct.Way || m.Header.Get(event.KeyHeader) != key || m.Header.Get(event.SubmissionHeader) != "" {
			t.Errorf("message %d: %s %v %v", sequence, m.Subject, m.Header, m.Data)
		}
	}
}

// unbounded lets any number of submissions wait for their verdict.
type unbounded struct{}

func (unbounded) HasRoom(context.Context, string) bool { return true }

func (unbounded) AwaitRoom(context.Context, string) error { return nil }

// awaitForwarded waits until everything in DIRECT has been acknowledged.
func awaitForwarded(t *testing.T, log *stream.Log) {
	t.Helper()
	for {
		position, err := log.Position(t.Context(), stream.Direct, direct.Consumer)
		if err == nil && position.Pending+position.Delivered == 0 && position.AckFloor > 0 {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("nothing is forwarded")
		}
	}
}

// Of two messages that a district publishes at once under one message id one is stored, and the other
// is told that it is a duplicate; published again under another id it comes in too. Content decides,
// and nothing is lost without a word.
func TestTwoAtOnceUnderOneMessageID(t *testing.T) {
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	type answer struct {
		body      string
		duplicate bool
		err       error
	}
	answers := make(chan answer)
	send := func(id, body string) {
		published, err := log.Publish(t.Context(), stream.Message{Subject: "direct.320812.d", ID: id, Body: []byte(body)})
		answers <- answer{body, err == nil && published[0].Duplicate, err}
	}
	go send("month", "first")
	go send("month", "second")
	told := []answer{<-answers, <-answers}
	if told[0].err != nil || told[1].err != nil || told[0].duplicate == told[1].duplicate {
		t.Fatalf("answers %+v, want one of two to be a duplicate", told)
	}
	again := told[0]
	if told[1].duplicate {
		again = told[1]
	}
	go send("month-2", again.body)
	if last := <-answers; last.err != nil || last.duplicate {
		t.Fatalf("under another id: %+v", last)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- direct.Run(ctx, log, unbounded{}, zerolog.Nop()) }()
	awaitForwarded(t, log)
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	contents := map[string]string{}
	for sequence := range uint64(2) {
		m, err := log.Get(t.Context(), stream.Submissions, sequence+1)
		if err != nil {
			t.Fatal(err)
		}
		contents[string(m.Data)] = m.Header.Get(event.KeyHeader)
	}
	if contents[again.body] != "month-2" || len(contents) != 2 {
		t.Errorf("SUBMISSIONS has %v", contents)
	}
}
