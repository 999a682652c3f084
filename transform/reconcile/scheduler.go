package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/nats-io/nats.go/jetstream"
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
// fires. The command's id names the schedule and the slot, so however many schedulers
// run, each slot is requested once.
type Scheduler struct {
	log       *stream.Log
	schedules []Schedule
	location  *time.Location
	logger    zerolog.Logger
	now       func() time.Time
	metrics   *ScheduleMetrics
	ready     chan struct{}
}

// NewScheduler returns a scheduler whose cron expressions are in the location's
// time.
func NewScheduler(log *stream.Log, schedules []Schedule, location *time.Location, logger zerolog.Logger, now func() time.Time, options ...ScheduleOption) (*Scheduler, error) {
	if err := ValidateSchedules(schedules); err != nil {
		return nil, err
	}
	s := &Scheduler{
		log: log, schedules: schedules, location: location, logger: logger, now: now,
		metrics: NewScheduleMetrics(nil), ready: make(chan struct{}),
	}
	for _, option := range options {
		option(s)
	}
	return s, nil
}

// Ready returns a channel that is closed once missed slots have been requested and the
// schedules run.
func (s *Scheduler) Ready() <-chan struct{} { return s.ready }

// Run requests the last slot of each schedule that was missed while no scheduler ran,
// then every slot until ctx ends, and returns nil.
func (s *Scheduler) Run(ctx context.Context) error {
	runner := cron.New(cron.WithLocation(s.location))
	var requests sync.WaitGroup
	for _, sc := range s.schedules {
		schedule, err := cron.ParseStandard(sc.Cron)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", sc.Name, err)
		}
		if err := s.catchUp(ctx, sc, schedule); err != nil {
			return err
		}
		runner.Schedule(schedule, cron.FuncJob(func() {
			requests.Add(1)
			defer requests.Done()
			s.request(ctx, sc, slot(schedule, s.now().In(s.location)))
		}))
	}
	runner.Start()
	close(s.ready)
	<-ctx.Done()
	<-runner.Stop().Done()
	requests.Wait()
	return nil
}

// request publishes a slot's command, and retries while the broker is away.
func (s *Scheduler) request(ctx context.Context, sc Schedule, slot time.Time) {
	err := s.log.Retry(ctx, stream.Attempt{What: "request a recomputation", Stage: "schedule", Stream: stream.Commands, Logger: s.logger}, func(ctx context.Context) error {
		return RequestRecomputation(ctx, s.log, event.Command{
			ID: sc.Name + "." + slot.UTC().Format(time.RFC3339), Schedule: sc.Name, Trigger: event.BySchedule,
			Slot: slot.UTC(), Period: resolvePeriod(sc.Period, slot), Indicator: sc.Indicator,
		})
	})
	if err == nil {
		s.metrics.slots.WithLabelValues(sc.Name).Inc()
		s.logger.Info().Str("schedule", sc.Name).Time("slot", slot).Msg("recomputation asked for")
	}
}

// slot returns the slot of a schedule that fired at an instant. It is the same on every
// machine, though clocks and delays differ by some seconds.
func slot(schedule cron.Schedule, fired time.Time) time.Time {
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
		return fired.Truncate(every.Delay)
	}
	const slack = 30 * time.Second
	last := fired
	for t := schedule.Next(fired.Add(-slack)); !t.After(fired.Add(time.Second)); t = schedule.Next(t) {
		last = t
	}
	return last
}

// catchUp requests the latest slot that has passed since the schedule's last run. A
// schedule that never ran has missed nothing.
func (s *Scheduler) catchUp(ctx context.Context, sc Schedule, schedule cron.Schedule) error {
	m, err := s.log.GetLast(ctx, stream.Totals, RunSubject(sc.Name))
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var run event.Run
	if err := json.Unmarshal(m.Data, &run); err != nil {
		// The sink has put it aside in DEAD. The schedule goes on at its next slot.
		s.logger.Warn().Err(err).Str("schedule", sc.Name).Msg("the record of the last run cannot be read, so that no missed slot is made up for; citytally recompute does what it would have done")
		return nil
	}
	now := s.now().In(s.location)
	if missed, ok := missedSlot(schedule, run.Slot.In(s.location), now); ok {
		s.request(ctx, sc, missed)
	}
	return nil
}

// missedSlot returns the latest slot after the last run's and not after now. A last slot
// in the future was recorded by a clock that was ahead, and does not count.
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
