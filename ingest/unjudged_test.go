package ingest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// While nobody judges, one area gets as much into the log as it may have waiting, and no more;
// others get theirs in. A verdict makes room, and so does a message that was put aside.
func TestOneAreaHasItsShareOfWhatWaits(t *testing.T) {
	h := open(t, func(c *ingest.Config, _ *[]ingest.Option) { c.MaxUnjudged = 3 })
	n := 0
	post := func(area string) answer {
		n++
		return h.post(area, figure(area, fmt.Sprint(n)))
	}
	for range 3 {
		if a := post("320812"); a.status != http.StatusAccepted {
			t.Fatalf("got %d %s", a.status, a.body)
		}
	}
	refused := post("320812")
	if p := refused.problem(t); refused.status != http.StatusTooManyRequests || refused.header.Get("Retry-After") == "" ||
		!strings.Contains(p.Detail, "320812 has as many submissions without a verdict as it may have (3,") {
		t.Errorf("got %d %v %s", refused.status, refused.header, refused.body)
	}
	if h.gateway.HasRoom(t.Context(), "320812") || !h.gateway.HasRoom(t.Context(), "320804") {
		t.Error("want room for the other area alone")
	}
	if a := post("320804"); a.status != http.StatusAccepted {
		t.Errorf("want another area served, got %d %s", a.status, a.body)
	}
	// What is in the log already is told as ever.
	if a := h.post("320812", figure("320812", "3")); a.status != http.StatusAccepted {
		t.Errorf("want the earlier receipt, got %d %s", a.status, a.body)
	}
	last, err := h.log.LastSequence(t.Context(), stream.Submissions)
	check(t, err)
	if last != 4 {
		t.Errorf("%d messages in SUBMISSIONS, want 4", last)
	}

	_, err = h.log.Publish(t.Context(), stream.Message{Subject: "verdicts.320812.sti-annual", ID: event.VerdictID(1), Body: []byte("{}")})
	check(t, err)
	h.eventually("a verdict makes room", func() bool { return post("320812").status == http.StatusAccepted })
	if a := post("320812"); a.status != http.StatusTooManyRequests {
		t.Errorf("full again: got %d %s", a.status, a.body)
	}

	consumer, err := h.js().CreateConsumer(t.Context(), stream.Submissions, jetstream.ConsumerConfig{Durable: stream.Validators, AckPolicy: jetstream.AckExplicitPolicy})
	check(t, err)
	batch, err := consumer.Fetch(2, jetstream.FetchMaxWait(10*time.Second))
	check(t, err)
	for m := range batch.Messages() {
		check(t, m.DoubleAck(t.Context()))
	}
	h.eventually("one that was put aside makes room", func() bool { return post("320812").status == http.StatusAccepted })
	batch, err = consumer.FetchNoWait(10)
	check(t, err)
	for m := range batch.Messages() {
		check(t, m.DoubleAck(t.Context()))
	}
	check(t, h.gateway.AwaitRoom(t.Context(), "320812"))
}
