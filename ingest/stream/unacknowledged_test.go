package stream_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func submission(area, id string) stream.Message {
	return stream.Message{
		Subject: "submissions." + area + ".annual", Body: []byte(`{}`), Header: map[string]string{event.SubmissionHeader: id},
	}
}

func TestCensusCountsByOrigin(t *testing.T) {
	log := open(t)
	_, err := log.Publish(t.Context(), submission("901", "a"), submission("902", "b"), submission("901", "c"))
	check(t, err)
	got, err := log.CountByOrigin(t.Context(), stream.Submissions)
	check(t, err)
	want := &stream.OriginCounts{First: 1, Last: 3, Messages: map[event.Origin]int64{
		{Area: "901", Dataset: "annual"}: 2, {Area: "902", Dataset: "annual"}: 1,
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("census (-want +got):\n%s", diff)
	}
}

func TestWaitingForNamesWhatIsNotAcknowledged(t *testing.T) {
	log := open(t)
	named := func(most int) []stream.Unacknowledged {
		t.Helper()
		waiting, err := log.UnacknowledgedBy(soon(t), stream.Submissions, "validate", most)
		check(t, err)
		for _, w := range waiting {
			if age := time.Since(w.StoredAt); age < 0 || age > time.Minute {
				t.Errorf("message %d is %s old", w.Sequence, age)
			}
		}
		return waiting
	}
	if got := named(5); got != nil {
		t.Errorf("of an empty stream wait %v", got)
	}
	_, err := log.Publish(t.Context(), submission("901", "a"), submission("902", "b"), submission("903", "c"))
	check(t, err)
	want := func(from int) []stream.Unacknowledged {
		return []stream.Unacknowledged{
			{Sequence: 1, Origin: event.Origin{Area: "901", Dataset: "annual"}, Submission: "a"},
			{Sequence: 2, Origin: event.Origin{Area: "902", Dataset: "annual"}, Submission: "b"},
			{Sequence: 3, Origin: event.Origin{Area: "903", Dataset: "annual"}, Submission: "c"},
		}[from:]
	}
	apart := cmpopts.IgnoreFields(stream.Unacknowledged{}, "StoredAt")
	// The consumer does not exist yet.
	if diff := cmp.Diff(want(0), named(5), apart); diff != "" {
		t.Error(diff)
	}
	consumer, err := log.Consume(t.Context(), stream.ConsumerConfig{Stream: stream.Submissions, Name: "validate", AckWait: time.Minute, MaxPending: 10})
	check(t, err)
	defer consumer.Stop()
	batch, err := consumer.Batch(soon(t), 1)
	check(t, err)
	check(t, batch[0].Ack())
	for deadline := soon(t); len(named(5)) == 3; { // until the broker has seen the acknowledgement
		if deadline.Err() != nil {
			t.Fatal("the acknowledgement does not show")
		}
	}
	if diff := cmp.Diff(want(1), named(5), apart); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want(1)[:1], named(1), apart); diff != "" {
		t.Error(diff)
	}
}

// Submissions are identified also in messages whose headers do not name them.
func TestWaitingForReadsWhatHasNoName(t *testing.T) {
	log := open(t)
	body, err := os.ReadFile("../event/testdata/submission.v1.json")
	check(t, err)
	submission := event.AcceptedSubmission{ID: "00112233445566778899aabbccddeeff", Area: "320812", Dataset: "sti-annual", Sequence: 300}
	submission.Add(event.AcceptedObservation{Indicator: "hnte_valid", Unit: "家", Period: catalogue.Period{Year: 2021}, Value: catalogue.Value{Coefficient: 120}, Stage: catalogue.Final, Row: 2})
	batch, err := event.EncodeAccepted(&event.AcceptedBatch{Submissions: []event.AcceptedSubmission{submission}})
	check(t, err)
	_, err = log.Publish(t.Context(), stream.Message{Subject: "submissions.320812.sti-annual", Body: body})
	check(t, err)
	_, err = log.Publish(t.Context(), stream.Message{Subject: "accepted.320812.sti-annual", Body: batch}, stream.Message{Subject: "accepted.320812.sti-annual", Body: []byte("?")})
	check(t, err)
	got, err := log.UnacknowledgedBy(soon(t), stream.Submissions, "validate", 5)
	check(t, err)
	if len(got) != 1 || got[0].Submission != "711ba0a12793724856d0339c50ebbdbc" {
		t.Errorf("of SUBMISSIONS wait %+v", got)
	}
	got, err = log.UnacknowledgedBy(soon(t), stream.Accepted, "tally", 5)
	check(t, err)
	want := []string{"320812 sti-annual 00112233445566778899aabbccddeeff", "320812 sti-annual "}
	var named []string
	for _, w := range got {
		named = append(named, w.Origin.Area+" "+w.Origin.Dataset+" "+w.Submission)
	}
	if diff := cmp.Diff(want, named); diff != "" {
		t.Errorf("of ACCEPTED wait (-want +got):\n%s", diff)
	}
}

func TestCollectorAsksTheBroker(t *testing.T) {
	log := open(t)
	publish(t, log, "a", "b")
	consumer, err := log.Consume(t.Context(), stream.ConsumerConfig{Stream: stream.Submissions, Name: "validate", AckWait: time.Minute, MaxPending: 1})
	check(t, err)
	defer consumer.Stop()
	_, err = consumer.Batch(soon(t), 1)
	check(t, err)
	err = testutil.CollectAndCompare(stream.NewCollector(log, 5*time.Second, zerolog.Nop()), strings.NewReader(`
# HELP citytally_broker_up 1 when the broker answered this scrape, else 0.
# TYPE citytally_broker_up gauge
citytally_broker_up 1
# HELP citytally_consumer_ack_pending_messages Messages delivered to a durable consumer and not acknowledged yet.
# TYPE citytally_consumer_ack_pending_messages gauge
citytally_consumer_ack_pending_messages{consumer="validate",stream="SUBMISSIONS"} 1
# HELP citytally_consumer_pending_messages Messages that a durable consumer has not been delivered yet: its lag.
# TYPE citytally_consumer_pending_messages gauge
citytally_consumer_pending_messages{consumer="validate",stream="SUBMISSIONS"} 1
`), "citytally_broker_up", "citytally_consumer_ack_pending_messages", "citytally_consumer_pending_messages")
	if err != nil {
		t.Error(err)
	}
}

func TestCollectorWithoutABroker(t *testing.T) {
	log, nc := join(t, natsdtest.Start(t))
	nc.Close()
	err := testutil.CollectAndCompare(stream.NewCollector(log, time.Second, zerolog.Nop()), strings.NewReader(`
# HELP citytally_broker_up 1 when the broker answered this scrape, else 0.
# TYPE citytally_broker_up gauge
citytally_broker_up 0
`))
	if err != nil {
		t.Error(err)
	}
}
