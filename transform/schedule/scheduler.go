package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Option changes a scheduler under construction.
type Option func(*Scheduler)

// WithMetrics makes the scheduler tell what it does.
func WithMetrics(m *SchedulerMetrics) Option { return func(s *Scheduler) { s.metrics = m } }

// Scheduler asks for jobs by cron. A slot is one time at which a schedule fires. It is asked
// for once for ever, however many schedulers run and however often they start: the commands
// that wait and the runs that are recorded tell which slots have been asked for. Of slots
// that were missed the latest is made up for.
type Scheduler struct {
	log       *stream.Log
	schedules []plannedSchedule
	location  *time.Location
	logger    zerolog.Logger
	now       func() time.Time
	metrics   *SchedulerMetrics
	ready     chan struct{}
}

// plannedSchedule is a schedule with the last slot that is known to have been requested.
type plannedSchedule struct {
	Schedule
	clock  *clock
	last   time.Time
	paused bool // as it was found last
}

// NewScheduler returns a scheduler whose cron expressions are in the location's time.
func NewScheduler(log *stream.Log, schedules []Schedule, location *time.Location, logger zerolog.Logger, now func() time.Time, options ...Option) (*Scheduler, error) {
	if err := Validate(schedules); err != nil {
		return nil, err
	}
	s := &Scheduler{
		log: log, location: location, logger: logger, now: now, metrics: NewSchedulerMetrics(nil), ready: make(chan struct{}),
	}
	for _, sc := range schedules {
		parsed, err := newClock(sc.Cron, location)
		if err != nil {
			return nil, fmt.Errorf("schedule %s: %w", sc.Name, err)
		}
		s.schedules = append(s.schedules, plannedSchedule{Schedule: sc, clock: parsed})
	}
	for _, option := range options {
		option(s)
	}
	return s, nil
}

// Next returns the next n slots of a schedule after an instant, in a location's time.
func (s *Schedule) Next(after time.Time, location *time.Location, n int) ([]time.Time, error) {
	c, err := newClock(s.Cron, location)
	if err != nil {
		return nil, fmt.Errorf("schedule %s: %w", s.Name, err)
	}
	var slots []time.Time
	for range n {
		if after = c.next(after); after.IsZero() {
			break
		}
		slots = append(slots, after)
	}
	return slots, nil
}

// Ready returns a channel that is closed once missed slots have been requested and the
// schedules run.
func (s *Scheduler) Ready() <-chan struct{} { return s.ready }

// maxSleep is how long the scheduler sleeps at most, so that it notices a clock that was set
// and a pause that has ended.
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
			if slot, ok := sc.clock.latest(sc.last, now); ok {
				s.request(ctx, sc, slot)
			}
			if at := sc.clock.next(now); !at.IsZero() {
				s.metrics.next.WithLabelValues(sc.Name).Set(float64(at.Unix()))
				if at.Before(next) {
					next = at
				}
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

// request publishes a slot's command unless it has been requested before or the schedule is
// paused, and retries while the broker is away.
func (s *Scheduler) request(ctx context.Context, sc *plannedSchedule, slot time.Time) {
	asked := false
	err := s.log.Retry(ctx, stream.Attempt{What: "ask for " + sc.Name, Stage: "schedule", Stream: stream.Commands, Logger: s.logger}, func(ctx context.Context) error {
		pause, err := PauseOf(ctx, s.log, sc.Name)
		if err != nil {
			return err
		}
		s.tellPause(sc, &pause)
		if pause.Paused {
			return nil
		}
		requested, err := s.isRequested(ctx, sc.Name, slot)
		if err != nil || requested {
			return err
		}
		asked = true
		command := sc.Command(slot)
		command.ID, command.Trigger, command.Slot = sc.Name+"."+slot.UTC().Format(time.RFC3339), event.BySchedule, slot.UTC()
		return Request(ctx, s.log, sc.JobName(), command)
	})
	if err != nil && ctx.Err() != nil || sc.paused {
		return // the slot is still to be asked for
	}
	sc.last = slot
	switch {
	case err != nil:
		s.logger.Error().Err(err).Str("schedule", sc.Name).Time("slot", slot).Msg("the slot cannot be asked for; citytally schedule run does what it would have done")
	case asked:
		s.metrics.slots.WithLabelValues(sc.Name).Inc()
		s.logger.Info().Str("schedule", sc.Name).Time("slot", slot).Msg("asked for " + sc.JobName())
	}
}

// tellPause says in the metrics, and where it has changed in the program's log, whether a
// schedule is paused.
func (s *Scheduler) tellPause(sc *plannedSchedule, p *Pause) {
	value := 0.0
	if p.Paused {
		value = 1
	}
	s.metrics.paused.WithLabelValues(sc.Name).Set(value)
	if sc.paused != p.Paused {
		s.logger.Info().Str("schedule", sc.Name).Bool("paused", p.Paused).Str("reason", p.Reason).Stringer("by", p.Person).Msg("schedule paused or resumed")
	}
	sc.paused = p.Paused
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
	var unreadable *UnreadableRunError
	if errors.As(err, &unreadable) {
		// The sink has put it aside in DEAD. The schedule goes on at its next slot.
		s.logger.Warn().Err(err).Str("schedule", sc.Name).Msg("the record of the last run cannot be read, so that no missed slot is made up for; citytally schedule run does what it would have done")
		err = nil
	}
	if sc.last.IsZero() {
		sc.last = now
	}
	sc.last = sc.last.In(s.location)
	if err != nil {
		return err
	}
	pause, err := PauseOf(ctx, s.log, sc.Name)
	s.tellPause(sc, &pause)
	return err
}
