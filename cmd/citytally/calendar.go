package main

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/present/obligation"
	"github.com/citytally/citytally/configs/calendar"
)

// calendarFlags are those of the command calendar.
type calendarFlags struct {
	area, from, to string
	format         *choice
	lang           *languageFlag
}

func newCalendar(g *globals) *cobra.Command {
	f := &calendarFlags{}
	cmd := &cobra.Command{
		Use: "calendar", Short: "List what areas owe, and by when",
		Long: `List what is due from one day to another, by the calendar of the settings: which
area owes which period of which dataset, its deadline, and the dates of grace, lock
and final figures; and which periods are locked, where a broker is known. Nothing has
to be running. --format ical prints a feed that
calendar programs show; the gateway serves it at /v1/calendar.ics.`,
		Example: `  citytally calendar --area 320812
  citytally calendar --from 2026-01-01 --to 2026-12-31 --format csv
  citytally calendar --area 320812 --format ical > deadlines.ics`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd, g, time.Now()) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.area, "area", "", "only the area with this `code`")
	flags.StringVar(&f.from, "from", "", "first `day` of deadlines, such as 2026-01-01; without it today")
	flags.StringVar(&f.to, "to", "", "last `day` of deadlines; without it 90 days after the first")
	f.format = formatFlag(cmd, present.FormatTable, present.FormatJSON, present.FormatCSV, obligation.FormatICal)
	f.lang = langFlag(cmd)
	return cmd
}

// defaultSpan is how far ahead deadlines are listed.
const defaultSpan = 90

func (f *calendarFlags) run(cmd *cobra.Command, g *globals, now time.Time) error {
	s, err := g.settings()
	if err != nil {
		return err
	}
	instance, err := client.New(s, client.Addresses{})
	if err != nil {
		return err
	}
	c, err := instance.Catalogue(cmd.Context())
	if err != nil {
		return err
	}
	owed, err := s.LoadCalendar(c)
	if err != nil {
		return app.Usage(err)
	}
	if _, ok := c.Area(f.area); !ok && f.area != "" {
		return app.Usage(fmt.Errorf("--area: want an area of the catalogue, got %q", f.area))
	}
	from, to, err := f.span(now.In(c.Zone()))
	if err != nil {
		return app.Usage(err)
	}
	locks, err := instance.Locks(cmd.Context())
	if err != nil {
		return err
	}
	printer := &obligation.Printer{Locks: locks, Printer: &present.Printer{Catalogue: c, Language: f.lang.language(), Location: c.Zone()}}
	return printer.Obligations(cmd.OutOrStdout(), calendar.OfArea(owed.Obligations(from, to), f.area), f.area, f.format.value, now)
}

// span returns the first instant of the days, and the first one after them.
func (f *calendarFlags) span(now time.Time) (from, to time.Time, err error) {
	first := cmp.Or(f.from, now.Format(time.DateOnly))
	if from, err = time.ParseInLocation(time.DateOnly, first, now.Location()); err != nil {
		return from, to, fmt.Errorf("--from: want a day such as 2026-01-01, got %q", first)
	}
	last := cmp.Or(f.to, from.AddDate(0, 0, defaultSpan).Format(time.DateOnly))
	if to, err = time.ParseInLocation(time.DateOnly, last, now.Location()); err != nil {
		return from, to, fmt.Errorf("--to: want a day such as 2026-12-31, got %q", last)
	}
	if to.Before(from) {
		return from, to, errors.New("--to: want a day that is not before --from")
	}
	return from, to.AddDate(0, 0, 1), nil
}
