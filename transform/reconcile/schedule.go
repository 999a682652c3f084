package reconcile

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/robfig/cron/v3"
)

// A schedule's name is a token of a subject.
var token = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Schedule says when a recomputation is requested, and of what.
type Schedule struct {
	// Name is made of letters, digits, - and _.
	Name string `yaml:"name"`
	// Cron is a standard five-field cron expression or a descriptor such as
	// @daily, in the settings' time zone.
	Cron string `yaml:"cron"`
	// Period and Indicator bound what is recomputed; empty is no bound. Period is a
	// period's code, or this_year or last_year, which depend on the slot.
	Period    string `yaml:"period"`
	Indicator string `yaml:"indicator"`
}

// ValidateSchedules reports everything that is wrong with the schedules, each mistake
// with its place in the setting transform.schedules.
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

// Periods of a schedule that depend on its slot.
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

// resolvePeriod returns the code of a schedule's period at a slot.
func resolvePeriod(period string, slot time.Time) string {
	switch period {
	case thisYear:
		return strconv.Itoa(slot.Year())
	case lastYear:
		return strconv.Itoa(slot.Year() - 1)
	}
	return period
}
