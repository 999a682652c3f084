package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// maxWaiting is how many of the newest commands are looked through for a slot.
const maxWaiting = 1000

// latestWaiting returns the latest slot of a schedule, up to an instant, for which a command
// behind a sequence of COMMANDS waits or is being carried out; zero where there is none.
// Slots later than the instant were requested by a clock that was ahead, and do not count.
func latestWaiting(ctx context.Context, log *stream.Log, schedule string, after uint64, limit time.Time) (latest time.Time, err error) {
	extent, err := log.Extent(ctx, stream.Commands)
	if err != nil || extent.Messages == 0 {
		return latest, err
	}
	first := max(after, extent.Missing, extent.Last-min(extent.Last, maxWaiting)) + 1
	for sequence := first; sequence <= extent.Last; sequence++ {
		m, err := log.Get(ctx, stream.Commands, sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // carried out
		}
		if err != nil {
			return latest, err
		}
		var c event.Command
		if err := json.Unmarshal(m.Data, &c); err != nil {
			continue // put aside when it is received
		}
		if c.Schedule == schedule && c.Slot.After(latest) && !c.Slot.After(limit) {
			latest = c.Slot
		}
	}
	return latest, nil
}

// UnreadableRunError says that the record of a run cannot be read. The next run records anew.
type UnreadableRunError struct{ Err error }

func (u *UnreadableRunError) Error() string {
	return "read the record of the last run: " + u.Err.Error()
}

// Unwrap returns what is wrong with the record.
func (u *UnreadableRunError) Unwrap() error { return u.Err }

// LastRun returns the last run that is recorded under a name, a schedule's or Manual, and
// nil where there is none. The error is an UnreadableRunError where the record is no run.
func LastRun(ctx context.Context, log *stream.Log, name string) (*event.Run, error) {
	m, err := log.GetLast(ctx, stream.Totals, RunSubject(name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	run := &event.Run{}
	if err := json.Unmarshal(m.Data, run); err != nil {
		return nil, &UnreadableRunError{err}
	}
	return run, nil
}

// LastByHand returns, for each schedule, the last run that a person asked for. Records that are no run
// are passed over.
func LastByHand(ctx context.Context, log *stream.Log) (map[string]*event.Run, error) {
	last := map[string]*event.Run{}
	reading, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := log.Follow(reading, stream.FollowConfig{Stream: stream.Totals, Subjects: []string{RunSubject(Manual)}}, func(d stream.Delivery) error {
		run := &event.Run{}
		if json.Unmarshal(d.Body, run) == nil && (last[run.Schedule] == nil || run.FinishedAt.After(last[run.Schedule].FinishedAt)) {
			last[run.Schedule] = run
		}
		return nil
	}, caughtUp)
	if err == nil {
		err = context.Cause(ctx)
	}
	return last, err
}

// latestRun returns the slot of the last run of a schedule that is recorded, zero where there
// is none. A slot later than the instant was recorded by a clock that was ahead, and does not
// count.
func latestRun(ctx context.Context, log *stream.Log, schedule string, limit time.Time) (time.Time, error) {
	run, err := LastRun(ctx, log, schedule)
	if err != nil || run == nil || run.Slot.After(limit) {
		return time.Time{}, err
	}
	return run.Slot, nil
}

// isSettled reports whether a command need not be carried out: its run is recorded, or one of
// a later slot, or a command for a later one waits, so that commands which gathered while
// nobody worked are carried out once.
func (r *Runner) isSettled(ctx context.Context, command *event.Command, sequence uint64) (bool, error) {
	if command.Slot.IsZero() {
		run, err := LastRun(ctx, r.log, Manual)
		if err != nil && !errors.As(err, new(*UnreadableRunError)) {
			return false, fmt.Errorf("look for the last run: %w", err)
		}
		return run != nil && run.ID == command.ID, nil
	}
	limit := r.now()
	run, err := latestRun(ctx, r.log, command.Schedule, limit)
	if err != nil && !errors.As(err, new(*UnreadableRunError)) {
		return false, fmt.Errorf("look for the last run: %w", err)
	}
	if !run.Before(command.Slot) {
		return true, nil
	}
	waiting, err := latestWaiting(ctx, r.log, command.Schedule, sequence, limit)
	return waiting.After(command.Slot), err
}

// recallRuns shows in the metrics when each schedule's last run without a problem finished,
// which a process that starts does not know.
func (r *Runner) recallRuns(ctx context.Context) error {
	last, err := r.log.GetLastOfEach(ctx, stream.Totals, RunSubject("*"))
	if err != nil {
		return fmt.Errorf("look for the last runs: %w", err)
	}
	for _, m := range last {
		var run event.Run
		if err := json.Unmarshal(m.Data, &run); err == nil && run.JobName() == r.job && run.Problem == "" {
			r.metrics.finished.WithLabelValues(run.Schedule).Set(float64(run.FinishedAt.Unix()))
		}
	}
	return nil
}
