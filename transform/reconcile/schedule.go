package reconcile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/robfig/cron/v3"
	"github.com/rs/zerolog"
)

// Names of schedules become subject tokens.
var token = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Schedule is one schedule.
type Schedule struct {
	// Name is a token of letters, digits, - and _.
	Name string `yaml:"name"`
	// Cron is a standard five-field cron expression or a descriptor such as
	// @daily, in the settings' time zone.
	Cron string `yaml:"cron"`
	// Period and Indicator bound what is recomputed; empty is everything. Period
	// is a period code, or this_year or last_year, seen from the slot.
	Period    string `yaml:"period"`
	Indicator string `yaml:"indicator"`
}

// ValidateSchedules reports every schedule that cannot work, each by its place in
// the settings' transform.schedules.
func ValidateSchedules(schedules []Schedule) error {
	var errs []error
	names := map[string]bool{}
	for i, s := range schedules {
		report := func(key, format string, args ...any) {
			errs = append(errs, fmt.Errorf("transform.schedules[%d].%s: %w", i, key, fmt.Errorf(format, args...)))
		}
		if !token.MatchString(s.Name) {
			report("name", "want letters, digits, - and _, got %q", s.Name)
		}
		if names[s.Name] {
			report("name", "%q occurs twice", s.Name)
		}
		names[s.Name] = true
		if _, err := cron.ParseStandard(s.Cron); err != nil {
			report("cron", "want five fields (minute hour day month weekday) or @daily and the like, got %q: %w", s.Cron, err)
		}
		if err := checkPeriod(s.Period); err != nil {
			report("period", "want a period, this_year or last_year, got %q", s.Period)
		}
	}
	return errors.Join(errs...)
}

// ScheduleOption changes a scheduler under construction.
type ScheduleOption func(*Scheduler)

// WithScheduleMetrics makes the scheduler count what it does.
func WithScheduleMetrics(m *ScheduleMetrics) ScheduleOption {
	return func(s *Scheduler) { s.metrics = m }
}

// Scheduler asks for recomputations on cron. It only publishes: a command's id
// is the schedule and the slot, so any number of schedulers ask once.
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

// Ready is closed when missed slots have been caught up on and the schedules
// run.
func (s *Scheduler) Ready() <-chan struct{} { return s.ready }

// Run catches up on the last slot that was missed while nobody ran, then asks at
// every slot until ctx ends, and returns nil.
func (s *Scheduler) Run(ctx context.Context) error {
	runner := cron.New(cron.WithLocation(s.location))
	var asking sync.WaitGroup
	for _, sc := range s.schedules {
		schedule, err := cron.ParseStandard(sc.Cron)
		if err != nil {
			return fmt.Errorf("schedule %s: %w", sc.Name, err)
		}
		if err := s.catchUp(ctx, sc, schedule); err != nil {
			return err
		}
		runner.Schedule(schedule, cron.FuncJob(func() {
			asking.Add(1)
			defer asking.Done()
			s.ask(ctx, sc, slot(schedule, s.now().In(s.location)))
		}))
	}
	runner.Start()
	close(s.ready)
	<-ctx.Done()
	<-runner.Stop().Done()
	asking.Wait()
	return nil
}

// ask publishes a slot's command, and does so again while the broker is away.
func (s *Scheduler) ask(ctx context.Context, sc Schedule, slot time.Time) {
	err := s.log.Retry(ctx, stream.Attempt{What: "ask for a recomputation", Stage: "schedule", Stream: stream.Commands, Logger: s.logger}, func(ctx context.Context) error {
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

// slot returns the time the schedule fired for, which is the same on every
// machine though their clocks and delays differ a little.
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

// catchUp asks for the latest slot since the schedule's last run, if one has
// passed. A schedule that never ran has missed nothing.
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
		return fmt.Errorf("read the last run of %s: %w", sc.Name, err)
	}
	now := s.now().In(s.location)
	if missed, ok := missedSlot(schedule, run.Slot.In(s.location), now); ok {
		s.ask(ctx, sc, missed)
	}
	return nil
}

// missedSlot returns the latest slot after the last one and not after now. A last
// one that is yet to come was recorded by a clock that was ahead, and says
// nothing.
func missedSlot(schedule cron.Schedule, last, now time.Time) (time.Time, bool) {
	if last.After(now) {
		last = time.Time{}
	}
	if every, ok := schedule.(cron.ConstantDelaySchedule); ok {
		missed := now.Truncate(every.Delay)
		return missed, missed.After(last)
	}
	missed, ok := time.Time{}, false
	// A year bounds the steps; a schedule that never fires has a zero next time.
	for t := schedule.Next(later(last, now.AddDate(-1, 0, 0))); !t.IsZero() && !t.After(now); t = schedule.Next(t) {
		missed, ok = t, true
	}
	return missed, ok
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// Periods that depend on when the schedule fires.
const (
	thisYear = "this_year"
	lastYear = "last_year"
)

func checkPeriod(period string) error {
	if period == "" || period == thisYear || period == lastYear {
		return nil
	}
	_, err := catalogue.ParsePeriod(period)
	return err
}

func resolvePeriod(period string, slot time.Time) string {
	switch period {
	case thisYear:
		return strconv.Itoa(slot.Year())
	case lastYear:
		return strconv.Itoa(slot.Year() - 1)
	}
	return period
}
