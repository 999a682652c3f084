package schedule

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// The jobs. The name of one is the last token of the subject of its commands.
const (
	// Recompute computes totals anew and makes ClickHouse agree with the log.
	Recompute = "recompute"
	// Check counts whether everything received is accounted for, and changes nothing.
	Check = "check"
	// Remind tells who has yet to report what is owed.
	Remind = "remind"
	// Close locks the periods whose date has come, and asks for their recomputation.
	Close = "close"
	// Backup adds a backup of the log to a directory.
	Backup = "backup"
)

// Kind is a job as settings know it.
type Kind struct {
	Name string
	// Bounded says that the job takes bounds: periods, an indicator, an area.
	Bounded bool
}

// Kinds returns the jobs.
func Kinds() []Kind {
	return []Kind{{Name: Recompute, Bounded: true}, {Name: Check}, {Name: Remind}, {Name: Close}, {Name: Backup}}
}

func kindOf(job string) (Kind, bool) {
	i := slices.IndexFunc(Kinds(), func(k Kind) bool { return k.Name == job })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds()[i], true
}

// A schedule's name is a token of a subject.
var token = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)

// Manual is the name under which runs are recorded that a person asked for.
const Manual = "manual"

// Schedule says when a job is asked for, and of what.
type Schedule struct {
	// Name is made of letters, digits, - and _.
	Name string `yaml:"name"`
	// Job is one of Kinds; "" is recompute.
	Job string `yaml:"job"`
	// Cron is a cron expression of five fields, or of six with seconds before them, or a
	// descriptor such as @daily or @every 1h, in the settings' time zone.
	Cron string `yaml:"cron"`
	// Period, Until, Indicator and Area bound what is recomputed; empty is no bound. Period
	// is a period's code, or one of this_year, last_year, last_quarter and last_month, which
	// depend on the slot. With Until everything from the first day of Period to the last one
	// of Until is meant.
	Period    string `yaml:"period"`
	Until     string `yaml:"until"`
	Indicator string `yaml:"indicator"`
	Area      string `yaml:"area"`
	// Full has everything in these bounds computed anew, also what has not changed since
	// the last recomputation of everything.
	Full bool `yaml:"full"`
}

// JobName returns the schedule's job.
func (s *Schedule) JobName() string { return cmp.Or(s.Job, Recompute) }

// Validate reports everything that is wrong with the schedules, each mistake with its
// place in the setting transform.schedules.
func Validate(schedules []Schedule) error {
	var errs []error
	names := map[string]bool{Manual: true}
	for i := range schedules {
		s := &schedules[i]
		report := func(key, format string, args ...any) {
			errs = append(errs, fmt.Errorf("transform.schedules[%d].%s: %w", i, key, fmt.Errorf(format, args...)))
		}
		switch {
		case !token.MatchString(s.Name):
			report("name", "want letters, digits, - and _, got %q", s.Name)
		case names[s.Name]:
			report("name", "%q occurs twice, or is the name of runs that people ask for", s.Name)
		}
		names[s.Name] = true
		kind, known := kindOf(s.JobName())
		if !known {
			report("job", "want one of %s, got %q", jobNames(), s.Job)
		}
		if _, err := newClock(s.Cron, time.UTC); err != nil {
			report("cron", "want five fields (minute hour day month weekday), six with seconds before them, or @daily, @every 1h and the like, got %q: %w", s.Cron, err)
		}
		if err := CheckBounds(s.Period, s.Until); err != nil {
			report("period", "%w", err)
		}
		if known && !kind.Bounded && (s.Period != "" || s.Until != "" || s.Indicator != "" || s.Area != "" || s.Full) {
			report("job", "%s takes no period, until, indicator, area or full", s.Job)
		}
	}
	return errors.Join(errs...)
}

func jobNames() string {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
	}
	return strings.Join(names, ", ")
}

// Periods of a schedule that depend on its slot.
const (
	thisYear    = "this_year"
	lastYear    = "last_year"
	lastQuarter = "last_quarter"
	lastMonth   = "last_month"
)

// CheckBounds reports what is wrong with the periods that bound a job; "" is no bound.
func CheckBounds(period, until string) error {
	if err := checkPeriod(period); err != nil {
		return fmt.Errorf("want a period, this_year, last_year, last_quarter or last_month, got %q", period)
	}
	if until == "" {
		return nil
	}
	if period == "" {
		return errors.New("want a period beside until, from which on")
	}
	if err := checkPeriod(until); err != nil {
		return fmt.Errorf("until: want a period, this_year, last_year, last_quarter or last_month, got %q", until)
	}
	return nil
}

func checkPeriod(period string) error {
	if slices.Contains([]string{"", thisYear, lastYear, lastQuarter, lastMonth}, period) {
		return nil
	}
	_, err := catalogue.ParsePeriod(period)
	return err
}

// resolvePeriod returns the code of a schedule's period at a slot.
func resolvePeriod(period string, slot time.Time) string {
	first := time.Date(slot.Year(), slot.Month(), 1, 0, 0, 0, 0, time.UTC)
	switch period {
	case thisYear:
		return strconv.Itoa(slot.Year())
	case lastYear:
		return strconv.Itoa(slot.Year() - 1)
	case lastQuarter:
		before := first.AddDate(0, -3, 0)
		return fmt.Sprintf("%d-Q%d", before.Year(), (int(before.Month())+2)/3)
	case lastMonth:
		return first.AddDate(0, -1, 0).Format("2006-01")
	}
	return period
}
