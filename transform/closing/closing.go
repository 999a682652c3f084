package closing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
)

// ActsWithin is how long after a date it still acts. What passed before, it is left to people: the
// program may have been installed, or the calendar written, since.
const ActsWithin = 31 * 24 * time.Hour

// Closer is the job that locks periods.
type Closer struct {
	log    *stream.Log
	ledger *ledger.Ledger
	load   func(*catalogue.Catalogue) (*calendar.Calendar, error)
	logger zerolog.Logger
	now    func() time.Time
}

var _ schedule.Job = (*Closer)(nil)

// New returns the job. The catalogue in force is the ledger's; load reads the calendar against it.
func New(log *stream.Log, l *ledger.Ledger, load func(*catalogue.Catalogue) (*calendar.Calendar, error), logger zerolog.Logger, now func() time.Time) *Closer {
	return &Closer{log: log, ledger: l, load: load, logger: logger, now: now}
}

// Do locks what is to be locked, and says so in the run.
func (c *Closer) Do(ctx context.Context, task *schedule.Task) error {
	inForce := c.ledger.Catalogue()
	task.Run.Catalogue, task.Run.Basis = inForce.Version(), c.ledger.Basis()
	owed, err := c.load(inForce)
	if err != nil {
		return fmt.Errorf("read the calendar for catalogue %s: %w", inForce.Version(), err)
	}
	states, err := States(ctx, c.log)
	if err != nil {
		return err
	}
	by := task.Command.Person
	if !by.Identified() {
		by = event.Person{Name: task.Command.Schedule, Role: event.RoleSchedule, Way: event.WaySchedule}
	}
	now := c.now()
	for _, d := range Dates(owed, now) {
		at, final := d.newest(now)
		if at.IsZero() || now.Sub(at) > ActsWithin {
			continue
		}
		state := states[d.Period]
		acted := state.Last != nil && !state.Last.Decided().Before(at.Truncate(time.Millisecond))
		if !acted && !state.Locked {
			lock := event.Decision{Kind: event.Lock, Period: d.Period.String(), Reason: reason(at, final, inForce.Zone()), Person: by}
			if err := judge.Decide(ctx, c.log, inForce, lock, now); err != nil {
				return fmt.Errorf("lock %s: %w", d.Period, err)
			}
			task.Run.Did = append(task.Run.Did, "locked "+d.Period.String())
			c.logger.Info().Stringer("period", d.Period).Time("date", at).Bool("final", final).Stringer("by", by).Msg("period locked by the calendar")
		}
		if err := c.recompute(ctx, task, d.Period, at); err != nil {
			return err
		}
	}
	return nil
}

// recompute asks for the recomputation that belongs to a date of a period, once for ever.
func (c *Closer) recompute(ctx context.Context, task *schedule.Task, period catalogue.Period, at time.Time) error {
	name := "close-" + period.String()
	last, err := schedule.LastRun(ctx, c.log, name)
	if err != nil && !errors.As(err, new(*schedule.UnreadableRunError)) {
		return fmt.Errorf("look for the recomputation of %s: %w", period, err)
	}
	if last != nil && !last.Slot.Before(at.UTC()) {
		return nil
	}
	command := event.Command{
		ID: name + "." + at.UTC().Format(time.RFC3339), Schedule: name, Trigger: event.BySchedule, Slot: at.UTC(), Period: period.String(), Full: true, Person: task.Command.Person,
	}
	if err := schedule.Request(ctx, c.log, schedule.Recompute, command); err != nil {
		return fmt.Errorf("ask for the recomputation of %s: %w", period, err)
	}
	task.Run.Did = append(task.Run.Did, "asked for recomputation of "+period.String())
	return nil
}

func reason(at time.Time, final bool, zone *time.Location) string {
	at = at.In(zone)
	if final {
		return "报送日历：已到定案时间；the calendar's final date " + at.Format("2006-01-02 15:04")
	}
	return "报送日历：已到锁定时间；the calendar's lock date " + at.Format("2006-01-02 15:04")
}

// Date says when a period is to be locked, and when its figures are final: the latest instants
// of its obligations. The zero time is no such date.
type Date struct {
	Period      catalogue.Period
	Lock, Final time.Time
}

// newest returns the one of the dates that passed last, and whether it is the final one.
func (d *Date) newest(now time.Time) (at time.Time, final bool) {
	if !d.Final.IsZero() && !d.Final.After(now) {
		return d.Final, true
	}
	if !d.Lock.IsZero() && !d.Lock.After(now) {
		return d.Lock, false
	}
	return time.Time{}, false
}

// yearsAround is how far from now deadlines may lie whose periods are looked at, in years.
const yearsAround = 6

// Dates returns the dates of the periods with deadlines around now, in the order of periods.
func Dates(c *calendar.Calendar, now time.Time) []Date {
	byPeriod := map[catalogue.Period]*Date{}
	for _, o := range c.Obligations(now.AddDate(-yearsAround, 0, 0), now.AddDate(1, 0, 0)) {
		d := byPeriod[o.Period]
		if d == nil {
			d = &Date{Period: o.Period}
			byPeriod[o.Period] = d
		}
		if o.Lock.After(d.Lock) {
			d.Lock = o.Lock
		}
		if o.Final.After(d.Final) {
			d.Final = o.Final
		}
	}
	var all []Date
	for _, d := range byPeriod {
		if !d.Lock.IsZero() || !d.Final.IsZero() {
			all = append(all, *d)
		}
	}
	slices.SortFunc(all, func(a, b Date) int { return a.Period.Compare(b.Period) })
	return all
}

// State is whether a period is locked, and the last decision about that.
type State struct {
	Locked bool
	Last   *event.Decision
}

// States reads what the log has decided about locks, by period.
func States(ctx context.Context, log *stream.Log) (map[catalogue.Period]State, error) {
	states := map[catalogue.Period]State{}
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := log.Follow(following, stream.FollowConfig{Stream: stream.Accepted, Subjects: []string{judge.DecisionSubject}}, func(d stream.Delivery) error {
		batch, err := event.DecodeAccepted(d.Body)
		if err != nil {
			if event.IsNewerLayout(err) {
				return err
			}
			return nil // whoever works on the stream has put it aside
		}
		for i := range batch.Decisions {
			decision := &batch.Decisions[i]
			period, err := catalogue.ParsePeriod(decision.Period)
			if err == nil && (decision.Kind == event.Lock || decision.Kind == event.Unlock) {
				states[period] = State{Locked: decision.Kind == event.Lock, Last: decision}
			}
		}
		return nil
	}, caughtUp)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	return states, nil
}
