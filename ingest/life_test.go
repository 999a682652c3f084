package ingest_test

import (
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// The receipt of one submission says how far it has come: judged, in the totals from a basis on,
// and in ClickHouse, by how far those who carry it have come.
func TestLifeOfASubmission(t *testing.T) {
	h := open(t, func(_ *ingest.Config, options *[]ingest.Option) {
		*options = append(*options, ingest.WithReaders(ingest.Readers{Tally: "tally", Accepted: "rows", Verdicts: "findings", Totals: "totals"}))
	})
	r := h.post("320812", figure("320812", "120")).receipt(t)
	at := func(stage string, basis uint64) *ingest.Life {
		t.Helper()
		got := h.do("GET", "/v1/submissions/"+r.ID, "320812", nil, "").receipt(t).Life
		if got == nil || got.Stage != stage || got.Basis != basis {
			t.Fatalf("want %s with basis %d, got %+v", stage, basis, got)
		}
		return got
	}
	if life := at("received", 0); !life.ReceivedAt.Equal(r.ReceivedAt) || life.JudgedAt != nil {
		t.Errorf("want the time of receipt alone, got %+v", life)
	}
	// step has a reader take what a stream holds.
	step := func(name, reader string) {
		t.Helper()
		c, err := h.js().CreateConsumer(t.Context(), name, jetstream.ConsumerConfig{Durable: reader, AckPolicy: jetstream.AckExplicitPolicy})
		check(t, err)
		batch, err := c.FetchNoWait(10)
		check(t, err)
		for m := range batch.Messages() {
			check(t, m.DoubleAck(t.Context()))
		}
	}
	stored, err := h.log.Publish(t.Context(), stream.Message{Subject: "accepted.320812.sti-annual", Body: []byte("x")})
	check(t, err)
	accepted := stored[0].Sequence
	decided := time.Now().UTC()
	check(t, h.publishVerdict(event.Verdict{
		Submission: r.ID, Area: r.Area, Dataset: r.Dataset, Outcome: event.AllAccepted, Sequence: r.Sequence, AcceptedSequence: accepted, ReceivedAt: r.ReceivedAt, DecidedAt: decided,
		Rows: 1, Accepted: 1, Findings: []event.Finding{}, Effects: []event.RowEffect{{Effect: event.New, Count: 1, Rows: "1"}},
	}))
	h.eventually("the verdict", func() bool {
		return h.do("GET", "/v1/submissions/"+r.ID, "320812", nil, "").receipt(t).Verdict != nil
	})
	life := at("judged", 0)
	if !life.JudgedAt.Equal(decided) || life.Counts[event.New] != 1 || life.Counts[event.Refused] != 0 || len(life.Counts) != len(event.Effects()) {
		t.Errorf("want the time of the verdict and the counts, got %+v", life)
	}
	_, err = h.log.Publish(t.Context(), stream.Message{Subject: "totals.2021", Body: []byte("x")})
	check(t, err)
	step(stream.Accepted, "tally")
	at("totalled", accepted)
	step(stream.Accepted, "rows")
	step(stream.Verdicts, "findings")
	at("totalled", accepted)
	step(stream.Totals, "totals")
	at("stored", accepted)
}
