package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/internal/fixture"
)

// work is a job that notes what it was asked for.
type work struct {
	mu     sync.Mutex
	under  int
	began  chan string // the ids of commands, as they begin
	finish chan error  // what each returns
}

func newWork() *work { return &work{began: make(chan string, 100), finish: make(chan error, 100)} }

func (w *work) Do(ctx context.Context, task *Task) error {
	w.mu.Lock()
	w.under++
	under := w.under
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		w.under--
		w.mu.Unlock()
	}()
	if under > 1 {
		return errors.New("two runs of one job at the same time")
	}
	w.began <- task.Command.ID
	select {
	case err := <-w.finish:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// background runs something until it is stopped, which waits for it.
func background(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func runsOf(t *testing.T, log *stream.Log, name string) []event.Run {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var runs []event.Run
	err := log.Follow(ctx, stream.FollowConfig{Stream: stream.Totals, Subjects: []string{RunSubject(name)}}, func(d stream.Delivery) error {
		var run event.Run
		if err := json.Unmarshal(d.Body, &run); err != nil {
			return err
		}
		runs = append(runs, run)
		return nil
	}, stop)
	if err != nil && ctx.Err() == nil {
		t.Fatal(err)
	}
	return runs
}

// Three schedulers and three runners, of which the one at work is killed in the middle: one
// run of the slot, and none again when all start anew.
func TestOneRunForASlotWhoeverDies(t *testing.T) {
	log := fixture.Log(t)
	// It ran yesterday, so that today's slot was missed.
	publishJSON(t, log, RunSubject("nightly"), "run", event.Run{ID: "r", Job: Recompute, Schedule: "nightly", Slot: at(t, "2021-05-03 02:30:00")})
	now := at(t, "2021-05-04 12:00:00")
	startAll := func(works []*work) (stops []func()) {
		for _, w := range works {
			r := NewRunner(log, Recompute, w, time.Second, fixture.Logger(t), func() time.Time { return now }, NewRunMetrics(nil))
			stops = append(stops, background(t, r.Run))
		}
		for range works {
			s, err := NewScheduler(log, []Schedule{{Name: "nightly", Cron: "30 2 * * *"}}, now.Location(), fixture.Logger(t), func() time.Time { return now })
			if err != nil {
				t.Fatal(err)
			}
			stops = append(stops, background(t, s.Run))
			<-s.Ready()
		}
		return stops
	}
	works := []*work{newWork(), newWork(), newWork()}
	stops := startAll(works)
	next := func() int {
		select {
		case <-works[0].began:
			return 0
		case <-works[1].began:
			return 1
		case <-works[2].began:
			return 2
		case <-t.Context().Done():
			t.Fatal("nobody began")
		}
		return -1
	}
	first := next()
	stops[first]() // it dies with the run half done
	second := next()
	if second == first {
		t.Fatal("the one that died went on")
	}
	works[second].finish <- nil
	fixture.Await(t, log, stream.Totals, "the run", func(d stream.Delivery) bool {
		var run event.Run
		return json.Unmarshal(d.Body, &run) == nil && run.Slot.Equal(at(t, "2021-05-04 02:30:00"))
	})
	for _, stop := range stops {
		stop()
	}
	again := []*work{newWork(), newWork(), newWork()}
	for _, w := range again {
		w.finish <- nil
	}
	for _, stop := range startAll(again) {
		stop()
	}
	runs := runsOf(t, log, "nightly")
	if len(runs) != 2 || runs[1].Job != Recompute || runs[1].Problem != "" {
		t.Errorf("runs of the schedule: %+v; want yesterday's and today's", runs)
	}
	for _, w := range again {
		if len(w.began) > 0 {
			t.Error("the slot was carried out again after everything had started anew")
		}
	}
}

// A paused schedule asks for nothing, at any scheduler and over restarts; resumed, it makes
// up for the latest slot.
func TestPauseHoldsOverRestarts(t *testing.T) {
	log := fixture.Log(t)
	publishJSON(t, log, RunSubject("nightly"), "run", event.Run{ID: "r", Job: Recompute, Schedule: "nightly", Slot: at(t, "2021-05-01 02:30:00")})
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	for _, wrong := range []Pause{{Schedule: "nightly", Paused: true, Person: clerk}, {Schedule: "a b", Paused: true, Reason: "x", Person: clerk}, {Schedule: "nightly", Paused: true, Reason: "x"}} {
		if SetPause(t.Context(), log, wrong) == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	pause := Pause{Schedule: "nightly", Paused: true, Reason: "the disk is being replaced", Person: clerk, At: at(t, "2021-05-01 12:00:00").UTC()}
	if err := SetPause(t.Context(), log, pause); err != nil {
		t.Fatal(err)
	}
	asked := func() uint64 {
		last, err := log.LastSequence(t.Context(), stream.Commands)
		if err != nil {
			t.Fatal(err)
		}
		return last
	}
	for _, now := range []string{"2021-05-02 02:30:00", "2021-05-03 02:30:00"} {
		startOnce(t, log, at(t, now))
	}
	if got, err := PauseOf(t.Context(), log, "nightly"); err != nil || got != pause || asked() != 0 {
		t.Errorf("pause %+v, %v; asked for %d", got, err, asked())
	}
	pause.Paused = false
	if err := SetPause(t.Context(), log, pause); err != nil {
		t.Fatal(err)
	}
	startOnce(t, log, at(t, "2021-05-03 12:00:00"))
	if asked() != 1 {
		t.Errorf("asked for %d after it was resumed, want the latest slot", asked())
	}
}

// What a person asks for is recorded beside the slots, which stay as they are, and is carried
// out once though it is delivered twice.
func TestRunOfAPersonLeavesSlotsAlone(t *testing.T) {
	log := fixture.Log(t)
	publishJSON(t, log, RunSubject("nightly"), "run", event.Run{ID: "r", Job: Recompute, Schedule: "nightly", Slot: at(t, "2021-05-04 02:30:00")})
	w := newWork()
	w.finish <- errors.New("the disk is full")
	r := NewRunner(log, Check, w, time.Second, zerolog.Nop(), time.Now, NewRunMetrics(nil))
	clerk := event.Person{Name: "clerk", Role: event.RoleOperator, Way: event.WayLocal}
	command := event.Command{ID: "manual.x", Schedule: "nightly", Trigger: event.ByManual, Person: clerk}
	body, err := json.Marshal(command)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := r.execute(t.Context(), &stream.Delivery{Subject: "commands.check", Body: body, Sequence: 1}); err != nil {
			t.Fatal(err)
		}
	}
	runs := runsOf(t, log, Manual)
	if len(runs) != 1 || runs[0].Schedule != "nightly" || runs[0].Job != Check || runs[0].Person != clerk || runs[0].Problem != "the disk is full" {
		t.Errorf("runs: %+v", runs)
	}
	if last, err := LastRun(t.Context(), log, "nightly"); err != nil || last.ID != "r" {
		t.Errorf("last run of the schedule: %+v, %v", last, err)
	}
	for _, hostile := range []string{`[]`, `{"id":"a b","schedule":"x"}`, `{"id":"x","schedule":"a.b"}`, `{"id":"x","schedule":"x","period":"nonsense"}`, `{"id":"x","schedule":"x","until":"2021"}`} {
		if err := r.execute(t.Context(), &stream.Delivery{Subject: "commands.check", Body: []byte(hostile)}); !event.IsPermanent(err) {
			t.Errorf("%s: %v, want a permanent error", hostile, err)
		}
	}
}
