package transform

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A clock that jumps an hour back, a day ahead and back again changes no verdict and no
// total. It only tells when something was decided or computed; the broker's clock tells
// when a submission was received, and the log's order which vintage is the best.
func TestClockJumpsChangeNoAnswer(t *testing.T) {
	var asked atomic.Int64
	jumpy := func() time.Time {
		jump := []time.Duration{0, -time.Hour, 24 * time.Hour, -24 * time.Hour}[asked.Add(1)%4]
		return time.Now().Add(jump)
	}
	steadyVerdicts, steadyTotals := outcome(t, time.Now)
	verdicts, totals := outcome(t, jumpy)
	if asked.Load() == 0 {
		t.Fatal("nobody asked the clock")
	}
	if diff := cmp.Diff(steadyVerdicts, verdicts, cmpopts.IgnoreFields(event.Verdict{}, "ReceivedAt", "DecidedAt", "AcceptedSequence", "Basis", "Batch")); diff != "" {
		t.Errorf("verdicts (-steady +jumpy):\n%s", diff)
	}
	if diff := cmp.Diff(steadyTotals, totals); diff != "" {
		t.Errorf("totals (-steady +jumpy):\n%s", diff)
	}
}

// outcome returns the verdicts on, and the totals of, a fixed set of submissions under a
// clock: new ones, revisions, repetitions and bad ones, with a lock in the middle.
func outcome(t *testing.T, now func() time.Time) (verdicts []event.Verdict, totals map[ledger.Cell]event.Total) {
	t.Helper()
	log, c := fixture.Log(t), fixture.Catalogue(t)
	stage, _ := startTransformAt(t, log, c, now)
	var last uint64
	for n := range 20 {
		for _, area := range []string{"901", "902", "903", "906"} {
			last = fixture.Submit(t, log, fixture.From(area, fixture.Figure("gdp", fmt.Sprint(2019+n%3), fmt.Sprint(100+n%5)), fixture.Figure("rd", fmt.Sprint(2019+n%3), fmt.Sprint(n)), fixture.Figure("none", "2021", "1")))
		}
		if n == 10 {
			fixture.VerdictOn(t, log, last)
			published, err := log.Publish(t.Context(), stream.Message{Subject: "accepted.decisions", Body: locked(t, now())})
			if err != nil {
				t.Fatal(err)
			}
			if err := stage.Ledger().Wait(t.Context(), published[0].Sequence); err != nil {
				t.Fatal(err)
			}
		}
	}
	fixture.Await(t, log, stream.Verdicts, "verdicts", func(d stream.Delivery) bool {
		var v event.Verdict
		if err := json.Unmarshal(d.Body, &v); err != nil {
			t.Fatal(err)
		}
		verdicts = append(verdicts, v)
		return v.Sequence == last
	})
	totals = map[ledger.Cell]event.Total{}
	accepted, err := log.LastSequence(t.Context(), stream.Accepted)
	if err != nil {
		t.Fatal(err)
	}
	fixture.Await(t, log, stream.Totals, "totals", func(d stream.Delivery) bool {
		batch, err := event.DecodeTotals(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		for _, total := range batch.Totals {
			totals[ledger.Cell{Indicator: total.Indicator, Period: fixture.Period(batch.Period)}] = total
		}
		return batch.Basis >= accepted && batch.Part == batch.Parts
	})
	return verdicts, totals
}

func locked(t testing.TB, at time.Time) []byte {
	t.Helper()
	body, err := event.EncodeAccepted(&event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Lock, Period: "2019", Reason: "published", By: "bureau", At: at.UnixMilli()}}})
	if err != nil {
		t.Fatal(err)
	}
	return body
}
