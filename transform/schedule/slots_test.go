package schedule

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/natsd/natsdtest"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// forgetfulLog returns a log whose broker recognises a message id for a second only.
func forgetfulLog(t *testing.T) *stream.Log {
	t.Helper()
	nc, err := nats.Connect("", natsdtest.Start(t).InProcess())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	config := stream.DefaultConfig()
	config.DeduplicateFor = time.Second
	log, err := stream.Open(t.Context(), nc, config, fixture.Logger(t))
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func publishJSON(t *testing.T, log *stream.Log, subject, id string, v any) stream.Published {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	published, err := log.Publish(t.Context(), stream.Message{Subject: subject, ID: id, Body: body})
	if err != nil {
		t.Fatal(err)
	}
	return published[0]
}

// afterForgetting returns once the broker no longer recognises an id that it has just seen,
// and with it none that came before.
func afterForgetting(t *testing.T, log *stream.Log) {
	t.Helper()
	command := event.Command{ID: "probe", Schedule: "probe"}
	for publishJSON(t, log, commandSubject(Recompute), "probe", command); publishJSON(t, log, commandSubject(Recompute), "probe", command).Duplicate; {
	}
}

// startOnce runs a scheduler until it has requested what was missed.
func startOnce(t *testing.T, log *stream.Log, now time.Time) {
	t.Helper()
	s, err := NewScheduler(log, []Schedule{{Name: "nightly", Cron: "30 2 * * *"}}, now.Location(), fixture.Logger(t), func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// A missed slot is asked for once for ever: not again by a scheduler that starts after the
// broker has forgotten the command's id, while the command waits and after its run. Nights
// that were missed are made up for by the latest.
func TestMissedSlotIsAskedForOnceForEver(t *testing.T) {
	log := forgetfulLog(t)
	publishJSON(t, log, RunSubject("nightly"), "run", event.Run{ID: "r", Schedule: "nightly", Slot: at(t, "2021-05-01 02:30:00")})
	now := at(t, "2021-05-04 12:00:00")
	commands := func() (slots []time.Time) {
		last, err := log.LastSequence(t.Context(), stream.Commands)
		if err != nil {
			t.Fatal(err)
		}
		for sequence := uint64(1); sequence <= last; sequence++ {
			m, err := log.Get(t.Context(), stream.Commands, sequence)
			if err != nil {
				t.Fatal(err)
			}
			var c event.Command
			if err := json.Unmarshal(m.Data, &c); err != nil {
				t.Fatal(err)
			}
			if c.Schedule == "nightly" {
				slots = append(slots, c.Slot)
			}
		}
		return slots
	}
	for range 3 {
		startOnce(t, log, now)
		afterForgetting(t, log)
	}
	if slots := commands(); len(slots) != 1 || !slots[0].Equal(at(t, "2021-05-04 02:30:00")) {
		t.Errorf("asked for %v, want the slot of 4 May once", slots)
	}
	publishJSON(t, log, RunSubject("nightly"), "run2", event.Run{ID: "r2", Schedule: "nightly", Slot: at(t, "2021-05-04 02:30:00")})
	startOnce(t, log, now)
	if slots := commands(); len(slots) != 1 {
		t.Errorf("asked for %v after the run", slots)
	}
	startOnce(t, log, at(t, "2021-05-05 02:30:00"))
	if slots := commands(); len(slots) != 2 {
		t.Errorf("asked for %v, want the next slot too", slots)
	}
}

// Commands of a schedule that gathered while nobody worked are carried out once, by the
// latest; a slot that has a run is not carried out again.
func TestGatheredCommandsAreCarriedOutOnce(t *testing.T) {
	log := fixture.Log(t)
	r := &Runner{log: log, job: Recompute, now: func() time.Time { return at(t, "2021-05-04 12:00:00") }, metrics: NewRunMetrics(nil)}
	command := func(schedule, slot string) event.Command {
		return event.Command{ID: schedule + slot, Schedule: schedule, Trigger: event.BySchedule, Slot: at(t, slot)}
	}
	queued := []event.Command{
		command("nightly", "2021-05-02 02:30:00"), command("weekly", "2021-05-02 03:00:00"), command("nightly", "2021-05-03 02:30:00"),
		command("nightly", "2021-05-04 02:30:00"), {ID: "manual", Schedule: "manual", Trigger: event.ByManual},
		command("nightly", "2035-05-04 02:30:00"), // by a clock that was ahead
	}
	for i := range queued {
		publishJSON(t, log, commandSubject(Recompute), queued[i].ID, queued[i])
	}
	check := func(want ...bool) {
		t.Helper()
		for i := range want {
			settled, err := r.isSettled(t.Context(), &queued[i], uint64(i+1))
			if err != nil || settled != want[i] {
				t.Errorf("command %d, %s: settled %v, %v; want %v", i+1, queued[i].ID, settled, err, want[i])
			}
		}
	}
	check(true, false, true, false, false, false)
	publishJSON(t, log, RunSubject("nightly"), "run", event.Run{ID: "r", Schedule: "nightly", Slot: at(t, "2021-05-04 02:30:00"), FinishedAt: time.Unix(1_620_000_000, 0)})
	check(true, false, true, true, false, false)

	// The metrics of a process that starts show the last run.
	if err := r.recallRuns(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := testutil.ToFloat64(r.metrics.finished.WithLabelValues("nightly")); got != 1_620_000_000 {
		t.Errorf("last run at %f", got)
	}
}

// The last run that a person asked for is known of each schedule, whatever else was asked for since.
func TestLastByHand(t *testing.T) {
	log := forgetfulLog(t)
	for i, run := range []event.Run{
		{ID: "first", Schedule: "nightly", FinishedAt: at(t, "2021-05-04 02:30:00")}, {ID: "second", Schedule: "nightly", FinishedAt: at(t, "2021-05-05 02:30:00")},
		{ID: "other", Schedule: Manual, FinishedAt: at(t, "2021-05-06 02:30:00")},
	} {
		publishJSON(t, log, RunSubject(Manual), fmt.Sprint("run", i), run)
	}
	if last, err := LastByHand(t.Context(), log); err != nil || last["nightly"] == nil || last["nightly"].ID != "second" || last["weekly"] != nil {
		t.Errorf("last runs %+v, %v", last, err)
	}
}
