package calendar

import (
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/strict"
)

// Holidays are the days off of one year and the weekend days that are worked instead, by one
// notice of the State Council.
type Holidays struct {
	Year   int    `yaml:"year"`
	Notice string `yaml:"notice"`
	// Off and Working lie in the year, or in the last week of the year before, when the
	// holiday of 1 January begins there.
	Off     []Days `yaml:"off"`
	Working []Days `yaml:"working"`
}

// Days are the days from First to Last, both at midnight UTC and both included.
type Days struct{ First, Last time.Time }

// UnmarshalText reads 2020-10-01, or 2020-10-01..2020-10-08.
func (d *Days) UnmarshalText(text []byte) error {
	first, last, span := strings.Cut(string(text), "..")
	if !span {
		last = first
	}
	var err1, err2 error
	d.First, err1 = time.Parse(time.DateOnly, first)
	d.Last, err2 = time.Parse(time.DateOnly, last)
	if err1 != nil || err2 != nil || d.Last.Before(d.First) || d.Last.Sub(d.First) > 31*24*time.Hour {
		return fmt.Errorf("want a day such as 2020-10-01, or the first and the last of at most a month, 2020-10-01..2020-10-08, got %q", text)
	}
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Days) MarshalText() ([]byte, error) {
	text := d.First.Format(time.DateOnly)
	if !d.Last.Equal(d.First) {
		text += ".." + d.Last.Format(time.DateOnly)
	}
	return []byte(text), nil
}

// within reports whether the days belong to the notice for a year.
func (d Days) within(year int) bool {
	return !d.First.Before(time.Date(year-1, time.December, 25, 0, 0, 0, 0, time.UTC)) && d.Last.Year() == year ||
		d.First.Year() == year-1 && d.Last.Year() == year-1 && d.First.YearDay() > 358
}

// The built-in table of holidays.
//
//go:embed holidays.yaml
var builtInHolidays []byte

// workdays tells working days from days off.
type workdays struct {
	years map[int]bool
	days  map[time.Time]bool // the days that a notice names, and whether each is worked
}

// newWorkdays builds the table from the built-in notices. The notices that a calendar file
// has replace those of the same years.
func newWorkdays(own []Holidays) (*workdays, error) {
	table := struct {
		Holidays []Holidays `yaml:"holidays"`
	}{}
	decoder := strict.NewDecoder("built-in holidays", &table)
	decoder.Document(builtInHolidays)
	decoder.Add(checkHolidays(table.Holidays))
	if err := decoder.Err(); err != nil {
		return nil, err
	}
	w := &workdays{years: map[int]bool{}, days: map[time.Time]bool{}}
	for _, h := range own {
		w.add(h)
	}
	for _, h := range table.Holidays {
		if !w.years[h.Year] {
			w.add(h)
		}
	}
	return w, nil
}

func (w *workdays) add(h Holidays) {
	w.years[h.Year] = true
	for _, list := range []struct {
		spans  []Days
		worked bool
	}{{h.Off, false}, {h.Working, true}} {
		for _, d := range list.spans {
			for day := d.First; !day.After(d.Last); day = day.AddDate(0, 0, 1) {
				w.days[day] = list.worked
			}
		}
	}
}

// worked reports whether a day, given by its midnight in UTC, is a working day.
func (w *workdays) worked(day time.Time) bool {
	if worked, ok := w.days[day]; ok {
		return worked
	}
	return !isWeekend(day)
}

func isWeekend(day time.Time) bool {
	return day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
}

// checkHolidays reports notices that contradict themselves or each other.
func checkHolidays(all []Holidays) error {
	var errs problems
	years := map[int]int{}
	for i, h := range all {
		path := fmt.Sprintf("holidays[%d]", i)
		if h.Year < 1949 || h.Year > 2199 {
			errs.add("%s.year: want a year such as 2026, got %d", path, h.Year)
		}
		if first, twice := years[h.Year]; twice {
			errs.add("%s.year: %d has holidays[%d] already", path, h.Year, first)
		}
		years[h.Year] = i
		if h.Notice == "" {
			errs.add("%s.notice: want the number of the notice that the days come from", path)
		}
		if len(h.Off) == 0 {
			errs.add("%s.off: want the year's days off", path)
		}
		off := map[time.Time]bool{}
		for j, d := range h.Off {
			if !d.within(h.Year) {
				errs.add("%s.off[%d]: want days of %d, got %s", path, j, h.Year, d.First.Format(time.DateOnly))
			}
			for day := d.First; !day.After(d.Last); day = day.AddDate(0, 0, 1) {
				off[day] = true
			}
		}
		for j, d := range h.Working {
			if !d.within(h.Year) {
				errs.add("%s.working[%d]: want days of %d, got %s", path, j, h.Year, d.First.Format(time.DateOnly))
			}
			for day := d.First; !day.After(d.Last); day = day.AddDate(0, 0, 1) {
				if off[day] {
					errs.add("%s.working[%d]: %s is among the days off", path, j, day.Format(time.DateOnly))
				} else if !isWeekend(day) {
					errs.add("%s.working[%d]: %s is a %s, which is worked anyway", path, j, day.Format(time.DateOnly), day.Weekday())
				}
			}
		}
	}
	return errs.join()
}
