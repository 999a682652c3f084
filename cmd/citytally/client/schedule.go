package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/pull"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/schedule"
)

// Schedules returns how each schedule of the settings stands: when it fires next, its last
// run, and whether it is paused.
func (c *Client) Schedules(ctx context.Context) ([]present.Schedule, error) {
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	return c.schedules(ctx, log)
}

func (c *Client) schedules(ctx context.Context, log *stream.Log) ([]present.Schedule, error) {
	all := []present.Schedule{}
	byHand, err := schedule.LastByHand(ctx, log)
	if err != nil {
		return nil, err
	}
	for i := range c.settings.Transform.Schedules {
		s := &c.settings.Transform.Schedules[i]
		one := present.Schedule{Name: s.Name, Job: s.JobName(), Cron: s.Cron}
		next, err := c.NextSlots(s.Name, time.Now(), 1)
		if err != nil {
			return nil, err
		}
		if len(next) > 0 {
			one.Next = next[0]
		}
		one.Last, err = schedule.LastRun(ctx, log, s.Name)
		if unreadable, ok := errors.AsType[*schedule.UnreadableRunError](err); ok {
			one.Problem = unreadable.Error()
		} else if err != nil {
			return nil, err
		}
		if run := byHand[s.Name]; run != nil && (one.Last == nil || run.FinishedAt.After(one.Last.FinishedAt)) {
			one.Last, one.Problem = run, ""
		}
		pause, err := schedule.PauseOf(ctx, log, s.Name)
		if err != nil {
			return nil, err
		}
		if pause.Paused {
			one.Paused = &pause
		}
		all = append(all, one)
	}
	return c.addSources(ctx, log, all)
}

// addSources adds the sources that are fetched, each of which has a schedule of its own.
func (c *Client) addSources(ctx context.Context, log *stream.Log, all []present.Schedule) ([]present.Schedule, error) {
	sources, err := c.sources(ctx, log)
	if err != nil {
		return nil, err
	}
	for i := range sources {
		s := &sources[i]
		one := present.Schedule{Name: s.Name, Job: pull.Way, Cron: s.Cron, Next: s.Next}
		if n := len(s.Record.Runs); n > 0 {
			last := &s.Record.Runs[n-1]
			one.Last = &event.Run{ID: last.ID, Job: pull.Way, Schedule: s.Name, Trigger: event.BySchedule, Slot: last.Slot, StartedAt: last.Started, FinishedAt: last.Ended, Problem: last.Why}
			for j := range last.Files {
				one.Last.Did = append(one.Last.Did, "fetched "+last.Files[j].Name)
			}
		}
		all = append(all, one)
	}
	return all, nil
}

// NextSlots returns the next n slots of a schedule of the settings.
func (c *Client) NextSlots(name string, after time.Time, n int) ([]time.Time, error) {
	s, err := c.scheduleNamed(name)
	if err != nil {
		return nil, err
	}
	location, err := c.settings.Location()
	if err != nil {
		return nil, app.Usage(err)
	}
	return s.Next(after, location, n)
}

// scheduleNamed returns a schedule of the settings; the error is a UsageError.
func (c *Client) scheduleNamed(name string) (*schedule.Schedule, error) {
	var names []string
	for i := range c.settings.Transform.Schedules {
		s := &c.settings.Transform.Schedules[i]
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	for i := range c.settings.Pull.Sources {
		if s := &c.settings.Pull.Sources[i]; s.Name == name {
			return nil, app.Usage(fmt.Errorf("%s is a source, with a schedule of its own: citytally pull run %s", name, name))
		}
	}
	hint := "; citytally schedule list names them"
	if near := strict.Nearest(name, names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, app.Usage(fmt.Errorf("the settings have no schedule %q%s", name, hint))
}

// RunSchedule has what a schedule asks for done now, and waits for the run's record.
func (c *Client) RunSchedule(ctx context.Context, name string) (event.Run, error) {
	s, err := c.scheduleNamed(name)
	if err != nil {
		return event.Run{}, err
	}
	location, err := c.settings.Location()
	if err != nil {
		return event.Run{}, app.Usage(err)
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return event.Run{}, err
	}
	defer disconnect()
	command := s.Command(time.Now().In(location))
	command.Person = app.CurrentPerson()
	return ask(ctx, log, s.JobName(), command, nil)
}

// PauseSchedule holds a schedule of the settings back, or has it go on.
func (c *Client) PauseSchedule(ctx context.Context, name string, paused bool, reason string) error {
	if _, err := c.scheduleNamed(name); err != nil {
		return err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return err
	}
	defer disconnect()
	return schedule.SetPause(ctx, log, schedule.Pause{
		Schedule: name, Paused: paused, Reason: reason, Person: app.CurrentPerson(), At: time.Now().UTC().Truncate(time.Millisecond),
	})
}

// Reminders returns what was told to whom of what an area owes, or, for "", every area.
func (c *Client) Reminders(ctx context.Context, area string) ([]remind.Record, error) {
	names, err := c.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	if _, ok := names.Area(area); !ok && area != "" {
		return nil, app.Usage(fmt.Errorf("--area: want an area of the catalogue, got %q", area))
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer disconnect()
	return remind.List(ctx, log, area)
}
