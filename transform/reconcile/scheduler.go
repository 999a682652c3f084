package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"
)

// ScheduleOption changes a scheduler under construction.
type ScheduleOption func(*Scheduler)

// WithScheduleMetrics makes the scheduler count what it does.
func WithScheduleMetrics(m *ScheduleMetrics) ScheduleOption {
	return func(s *Scheduler) { s.metrics = m }
}

// Scheduler requests recomputations by cron. A slot is one time at which a schedule
// fires. It is requested once for ever, however many schedulers run and however often they
// start: the commands that wait and the runs that are recorded tell which slots have been
// requested. Of slots that were missed the latest is made up for.
type Scheduler struct {
	log       *stream.Log
	schedules []plannedSchedule
	location  *time.Location
	logger    zerolog.Logger
	now       func() time.Time
	metrics   *ScheduleMetrics
	ready     chan struct{}
}

// plannedSchedule is a schedule with the last slot that is known to have been requested.
type plannedSchedule struct {
	Schedule
	cron cron.Schedule
	last time.Time
}

// NewScheduler returns a scheduler whose cron expressions are in the location's
// time.
func NewScheduler(log *stream.Log, schedules []Schedule, location *time.Location, logger zerolog.Logger, now func() time.Time, options ...ScheduleOption) (*Scheduler, error) {
	if err := ValidateSchedules(schedules); err != nil {
		return nil, err
	}
	s := &Scheduler{
		log: log, location: location, logger: logger, now: now, metrics: NewScheduleMetrics(nil), ready: make(chan struct{}),
	}
	for _, sc := range schedules {
		parsed, err := cron.ParseStandard(sc.Cron)
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", sc.Name, err)
		}
		s.schedules = append(s.schedules, plannedSchedule{Schedule: sc, cron: parsed})
	}
	for _, option := range options {
		option(s)
	}
	return s, nil
}

// Ready returns a channel that is closed once missed slots have been requested and the
// schedules run.
func (s *Scheduler) Ready() <-chan struct{} { return s.ready }

// maxSleep is how long the scheduler sleeps at most, so that it notices a clock that was set.
const maxSleep = time.Minute

// Run requests the latest slot of each schedule that was missed while no scheduler ran,
// then every slot until ctx ends, and returns nil. While the broker is away slots pass, and
// the latest of them is requested afterwards.
func (s *Scheduler) Run(ctx context.Context) error {
	for i := range s.schedules {
		if err := s.recallLast(ctx, &s.schedules[i]); err != nil {
			return err
		}
	}
	for started := false; ; {
		now := s.now().In(s.location)
		next := now.Add(maxSleep)
		for i := range s.schedules {
			sc := &s.schedules[i]
			if slot, ok := missedSlot(sc.cron, sc.last, now); ok {
				s.request(ctx, sc, slot)
			}
			if at := nextSlot(sc.cron, now); !at.IsZero() && at.Before(next) {
				next = at
			}
		}
		if !started {
			started = true
			close(s.ready)
		}
		timer := time.NewTimer(next.Sub(s.now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// request publishes a slot's command unless it has been requested before, and retries while
// the broker is away.
func (s *Scheduler) request(ctx context.Context, sc *plannedSchedule, slot time.Time) {
	asked := false
	err := s.log.Retry(ctx, stream.Attempt{What: "request a recomputation", Stage: "schedule", Stream: stream.Commands, Logger: s.logger}, func(ctx context.Context) error {
		requested, err := s.isRequested(ctx, sc.Name, slot)
		if err != nil || requested {
			return err
		}
		asked = true
		return RequestRecomputation(ctx, s.log, event.Command{
			ID: sc.Name + "." + slot.UTC().Format(time.RFC3339), Schedule: sc.Name, Trigger: event.BySchedule,
			Slot: slot.UTC(), Period: resolvePeriod(sc.Period, slot), Indicator: sc.Indicator,
		})
	})
	if err != nil && ctx.Err() != nil {
		return
	}
	sc.last = slot
	switch {
	case err != nil:
		s.logger.Error().Err(err).Str("schedule", sc.Name).Time("slot", slot).Msg("the recomputation cannot be asked for; citytally recompute does what it would have done")
	case asked:
		s.metrics.slots.WithLabelValues(sc.Name).Inc()
		s.logger.Info().Str("schedule", sc.Name).Time("slot", slot).Msg("recomputation asked for")
	}
}

// isRequested reports whether a slot or a later one of the schedule was requested before: a
// command for it waits, or its run is recorded.
func (s *Scheduler) isRequested(ctx context.Context, schedule string, slot time.Time) (bool, error) {
	limit := s.now()
	waiting, err := latestWaiting(ctx, s.log, schedule, 0, limit)
	if err != nil || !waiting.Before(slot) {
		return err == nil, err
	}
	run, err := latestRun(ctx, s.log, schedule, limit)
	return err == nil && !run.Before(slot), err
}

// recallLast reads the last slot of the schedule that has a run. A schedule that never ran
// has missed nothing.
func (s *Scheduler) recallLast(ctx context.Context, sc *plannedSchedule) (err error) {
	now := s.now().In(s.location)
	sc.last, err = latestRun(ctx, s.log, sc.Name, now)
	var unreadable *unreadableRun
	if errors.As(err, &unreadable) {
		// The sink has put it aside in DEAD. The schedule goes on at its next slot.
		s.logger.Warn().Err(err).Str("schedule", sc.Name).Msg("the record of the last run cannot be read, so that no missed slot is made up for; citytally recompute does what it would have done")
		err = nil
	}
	if sc.last.IsZero() {
		sc.last = now
	}
	sc.last = sc.last.In(s.location)
	return err
}

// missedSlot returns the latest slot after the last one and not after now. A last slot
// in the future was requested by a clock that was ahead, and does not count.
func missedSlot(schedule cron.Schedule, last, now time.Time) (time.Time, bool) {
	if last.After(now) {
		last = time.Time{}
	}
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
		missed := now.Truncate(every.Delay)
		return missed, missed.After(last)
	}
	missed, ok := time.Time{}, false
	// A year back bounds the steps. A schedule that never fires has a zero next time.
	for t := schedule.Next(slices.MaxFunc([]time.Time{last, now.AddDate(-1, 0, 0)}, time.Time.Compare)); !t.IsZero() && !t.After(now); t = schedule.Next(t) {
		missed, ok = t, true
	}
	return missed, ok
}

// nextSlot returns the first slot after now: the same on every machine.
func nextSlot(schedule cron.Schedule, now time.Time) time.Time {
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
		return now.Truncate(every.Delay).Add(every.Delay)
	}
	return schedule.Next(now)
}
