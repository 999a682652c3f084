package sink

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
)

// Obligations are stored with deadlines from obligationYearsBack years ago to the end of the
// year after next.
const obligationYearsBack = 10

// SyncCalendar stores what the calendar says is owed, under its version, and makes the views
// show that version. It may be repeated.
func (s *Store) SyncCalendar(ctx context.Context, c *calendar.Calendar) error {
	now := s.now()
	year := now.In(c.Catalogue().Zone()).Year()
	begin := func(year int) time.Time { return time.Date(year, time.January, 1, 0, 0, 0, 0, c.Catalogue().Zone()) }
	owed := c.Obligations(begin(year-obligationYearsBack), begin(year+3))
	err := s.insert(ctx, "obligations_data", obligationColumns(c, owed, now))
	if err == nil {
		// This insert makes the views show the version, whose rows are all there.
		err = s.insert(ctx, "calendars_data", []column{{"version", []string{c.Version()}}, {"synced_at", []time.Time{now}}})
	}
	if err != nil {
		return fmt.Errorf("sync calendar %s: %w", c.Version(), err)
	}
	return nil
}

// calendarFollower is how a store comes to the calendar of a catalogue that comes into force.
type calendarFollower struct {
	load func(*catalogue.Catalogue) (*calendar.Calendar, error)

	mu    sync.Mutex
	since time.Time // of the catalogue whose calendar is stored
}

func (f *calendarFollower) begin(since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.since = since
}

// FollowCalendar has obligations follow a catalogue that comes into force, by the calendar that
// load reads against it. It is called before the store is used.
func (s *Store) FollowCalendar(load func(*catalogue.Catalogue) (*calendar.Calendar, error)) {
	s.calendar.load = load
}

// followCalendar stores what is owed under a catalogue that came into force, unless it is stored
// for a later one. Where the calendar does not go with it, what is owed stays as it was.
func (s *Store) followCalendar(ctx context.Context, e *edition.Edition) error {
	f := s.calendar
	if f.load == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Since.Before(f.since) {
		return nil
	}
	owed, err := f.load(e.Catalogue)
	if err != nil {
		s.logger.Error().Err(err).Str("catalogue", e.Version()).Msg("the calendar does not go with the catalogue now in force, so that the obligations stay as they were; correct it and start again")
		return nil
	}
	if err := s.SyncCalendar(ctx, owed); err != nil {
		return err
	}
	f.since = e.Since
	return nil
}

func obligationColumns(c *calendar.Calendar, owed []calendar.Obligation, now time.Time) []column {
	type obligation = calendar.Obligation
	optional := func(at time.Time) *time.Time {
		if at.IsZero() {
			return nil
		}
		return &at
	}
	return []column{
		{"calendar", valuesOf(owed, func(*obligation) string { return c.Version() })},
		{"dataset", valuesOf(owed, func(o *obligation) string { return o.Dataset })},
		{"period", valuesOf(owed, func(o *obligation) string { return o.Period.String() })},
		{"area", valuesOf(owed, func(o *obligation) string { return o.Area })},
		{"year", valuesOf(owed, func(o *obligation) uint16 { return uint16(o.Period.Year) })},
		{"period_start", valuesOf(owed, func(o *obligation) time.Time { return o.Period.Start() })},
		{"period_end", valuesOf(owed, func(o *obligation) time.Time { return o.Period.LastDay() })},
		{"indicators", valuesOf(owed, func(o *obligation) []string { return c.Indicators(o.Dataset, o.Area, o.Period) })},
		{"deadline", valuesOf(owed, func(o *obligation) time.Time { return o.Deadline })},
		{"grace", valuesOf(owed, func(o *obligation) *time.Time { return optional(o.Grace) })},
		{"lock", valuesOf(owed, func(o *obligation) *time.Time { return optional(o.Lock) })},
		{"final", valuesOf(owed, func(o *obligation) *time.Time { return optional(o.Final) })},
		{"provisional", valuesOf(owed, func(o *obligation) bool { return len(o.HolidaysMissing) > 0 })},
		{"synced_at", valuesOf(owed, func(*obligation) time.Time { return now })},
	}
}

// Select reads the rows of a query into rows, a pointer to a slice of structs whose fields have
// the names of columns as tags (ch).
func (s *Store) Select(ctx context.Context, rows any, query string, args ...any) error {
	return s.conn.Select(ctx, rows, query, args...)
}
