package transform

import (
	"context"
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testCatalogue(t testing.TB) *catalogue.Catalogue {
	t.Helper()
	c, err := catalogue.Load("testdata/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// testLog returns the streams on an embedded broker of the test's own.
func testLog(t testing.TB) *stream.Log {
	t.Helper()
	server := natsdtest.Start(t)
	nc, err := nats.Connect("", server.InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	log, err := stream.Open(t.Context(), nc, stream.DefaultConfig(), testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func testLogger(t testing.TB) zerolog.Logger {
	if os.Getenv("CITYTALLY_TEST_LOG") != "" {
		return zerolog.New(zerolog.NewTestWriter(t))
	}
	return zerolog.Nop()
}

// startTransform runs the stage until the test ends, or stop is called.
func startTransform(t testing.TB, log *stream.Log, c *catalogue.Catalogue) (stage *Transform, stop func()) {
	t.Helper()
	return startTransformAt(t, log, c, time.Now)
}

// startTransformAt is startTransform with a clock of its own.
func startTransformAt(t testing.TB, log *stream.Log, c *catalogue.Catalogue, now func() time.Time) (stage *Transform, stop func()) {
	t.Helper()
	stage, err := New(log, c, nil, DefaultConfig(), testLogger(t), now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- stage.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("transform: %v", err)
		}
	}
	t.Cleanup(stop)
	<-stage.Ready()
	return stage, stop
}

// submissionMessage is a submission as anyone with the broker's credentials may
// publish it.
func submissionMessage(t testing.TB, s event.Submission) stream.Message {
	t.Helper()
	body, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return stream.Message{Subject: "submissions." + s.Area + "." + s.Dataset, Body: body}
}

// submit publishes a submission and returns its sequence.
func submit(t testing.TB, log *stream.Log, s event.Submission) uint64 {
	t.Helper()
	m := submissionMessage(t, s)
	return submitRaw(t, log, m.Subject, m.Body)
}

func submitRaw(t testing.TB, log *stream.Log, subject string, body []byte) uint64 {
	t.Helper()
	published, err := log.Publish(t.Context(), stream.Message{Subject: subject, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return published[0].Sequence
}

func from(area string, rows ...event.Observation) event.Submission {
	return event.Submission{Area: area, Dataset: "annual", Observations: rows}
}

func figure(indicator, period, value string) event.Observation {
	return event.Observation{Indicator: indicator, Period: period, Value: event.Text(value)}
}

// verdictOn waits for the verdict on the submission at the sequence.
func verdictOn(t testing.TB, log *stream.Log, sequence uint64) event.Verdict {
	t.Helper()
	var found event.Verdict
	await(t, log, stream.Verdicts, "verdict", func(d stream.Delivery) bool {
		var v event.Verdict
		if err := json.Unmarshal(d.Body, &v); err != nil {
			t.Fatal(err)
		}
		found = v
		return v.Sequence == sequence
	})
	return found
}

// totalWith waits until the log holds a total of the cell that satisfies ok.
func totalWith(t testing.TB, log *stream.Log, indicator, period string, ok func(event.Total) bool) event.Total {
	t.Helper()
	var found event.Total
	await(t, log, stream.Totals, indicator+" "+period, func(d stream.Delivery) bool {
		batch, err := event.DecodeTotals(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, total := range batch.Totals {
			if batch.Period == period && total.Indicator == indicator && ok(total) {
				found = total
				return true
			}
		}
		return false
	})
	return found
}

// await follows a stream from its start until a message satisfies ok.
func await(t testing.TB, log *stream.Log, name, what string, ok func(stream.Delivery) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err := log.Follow(ctx, stream.FollowConfig{Stream: name}, func(d stream.Delivery) error {
		if ok(d) {
			return context.Canceled
		}
		return nil
	}, func() {})
	if err != context.Canceled {
		t.Fatalf("%s: not in %s after 30s (%v)", what, name, err)
	}
}
