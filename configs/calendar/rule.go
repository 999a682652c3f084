package calendar

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// Rule says on which day and at what time something is due: a deadline, the end of the
// grace, a lock, the final date or a reminder. The zero value is no date.
type Rule struct {
	base  base
	count int // of working days, days, months or years, by the base
	day   int // of the month; 0 is its last day
	month time.Month
	shift shift
	// minute of the day, from 0 to 1440, the end of the day; below 0 it was left out
	minute int
}

// base is what a rule counts from.
type base uint8

const (
	never          base = iota
	workingDay          // the count-th working day after the period
	dayOfMonth          // a day of the count-th month after the period
	dayOfYear           // a day of the count-th year after the period's
	afterDeadline       // count days after the deadline
	worksAfter          // count working days after the deadline
	beforeDeadline      // count days before the deadline
	worksBefore         // count working days before the deadline
	afterPeriod         // count days after the period
)

// shift is what becomes of a rule's day when it is a day off.
type shift uint8

const (
	unshifted shift = iota
	toNext
	toPrevious
)

const endOfDay = 24 * 60

var errRule = errors.New(`want "8th working day", "day 15 of the next month", "last day of the 2nd month", "March 31 of the next year", ` +
	`"10 days after the deadline" or "3 working days after the deadline"; then, where wanted, "or next working day" or "or previous working day"; ` +
	`then, where wanted, a time of day, "at 17:00"`)

var (
	rulePattern = regexp.MustCompile(`^(.+?)(?: or (next|previous) working day)?(?: at (\d\d:\d\d))?$`)
	basePattern = map[base]*regexp.Regexp{
		workingDay:     regexp.MustCompile(`^()()(\d+)(?:st|nd|rd|th) working day$`),
		dayOfMonth:     regexp.MustCompile(`^()(?:day (\d+)|last day) of the (next|\d+(?:nd|rd|th)) month$`),
		dayOfYear:      regexp.MustCompile(`^([A-Z][a-z]+) (\d+) of the (next|\d+(?:nd|rd|th)) year$`),
		afterDeadline:  regexp.MustCompile(`^()()(\d+) days? after the deadline$`),
		worksAfter:     regexp.MustCompile(`^()()(\d+) working days? after the deadline$`),
		beforeDeadline: regexp.MustCompile(`^()()(\d+) days? before the deadline$`),
		worksBefore:    regexp.MustCompile(`^()()(\d+) working days? before the deadline$`),
	}
	// A rule beyond these counts is a typing mistake.
	largestCount = map[base]int{workingDay: 120, dayOfMonth: 24, dayOfYear: 5, afterDeadline: 1000, worksAfter: 250, beforeDeadline: 60, worksBefore: 40}
)

// UnmarshalText reads a rule in words; [errRule] lists the forms.
func (r *Rule) UnmarshalText(text []byte) error {
	parts := rulePattern.FindStringSubmatch(string(text))
	if parts == nil {
		return fmt.Errorf("%w; got %q", errRule, text)
	}
	read := Rule{minute: -1, shift: map[string]shift{"next": toNext, "previous": toPrevious}[parts[2]]}
	if parts[3] != "" {
		hour, _ := strconv.Atoi(parts[3][:2])
		minute, _ := strconv.Atoi(parts[3][3:])
		if read.minute = hour*60 + minute; minute > 59 || read.minute > endOfDay {
			return fmt.Errorf("want a time of day from 00:00 to 24:00, got %q", parts[3])
		}
	}
	if err := read.readBase(parts[1]); err != nil {
		return fmt.Errorf("%w; got %q", err, text)
	}
	if read.shift != unshifted && (read.base == workingDay || read.base == worksAfter || read.base == worksBefore) {
		return fmt.Errorf("a working day is never a day off; leave out %q, got %q", "or "+parts[2]+" working day", text)
	}
	*r = read
	return nil
}

func (r *Rule) readBase(text string) error {
	for base, pattern := range basePattern {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		r.base, r.count = base, 1
		if m[3] != "next" {
			r.count, _ = strconv.Atoi(strings.TrimRight(m[3], "dhnrst"))
		}
		if r.count < 1 || r.count > largestCount[base] {
			return fmt.Errorf("want a number from 1 to %d", largestCount[base])
		}
		r.day, _ = strconv.Atoi(m[2])
		if base == dayOfMonth && m[2] != "" && (r.day < 1 || r.day > 28) {
			return errors.New("want a day from 1 to 28, or the last day, which every month has")
		}
		if base == dayOfYear {
			day, err := time.Parse("January 2 2006", m[1]+" "+m[2]+" 2001") // no leap year
			if err != nil {
				return errors.New("want a day that every year has, such as March 31")
			}
			r.month = day.Month()
		}
		return nil
	}
	return errRule
}

// String returns the rule as UnmarshalText reads it.
func (r Rule) String() string {
	var b strings.Builder
	switch r.base {
	case never:
		return ""
	case workingDay:
		fmt.Fprintf(&b, "%s working day", ordinal(r.count))
	case dayOfMonth:
		day := "last day"
		if r.day > 0 {
			day = fmt.Sprintf("day %d", r.day)
		}
		fmt.Fprintf(&b, "%s of the %s month", day, next(r.count))
	case dayOfYear:
		fmt.Fprintf(&b, "%s %d of the %s year", r.month, r.day, next(r.count))
	case afterDeadline, worksAfter, beforeDeadline, worksBefore, afterPeriod:
		days, where := "day", " after the deadline"
		if r.base == worksAfter || r.base == worksBefore {
			days = "working day"
		}
		if r.count != 1 {
			days += "s"
		}
		switch r.base {
		case beforeDeadline, worksBefore:
			where = " before the deadline"
		case afterPeriod:
			where = " after the period"
		}
		fmt.Fprintf(&b, "%d %s%s", r.count, days, where)
	}
	b.WriteString([]string{"", " or next working day", " or previous working day"}[r.shift])
	if r.minute >= 0 {
		fmt.Fprintf(&b, " at %02d:%02d", r.minute/60, r.minute%60)
	}
	return b.String()
}

// CountsFromDeadline reports whether the rule counts days before or after the deadline.
func (r Rule) CountsFromDeadline() bool {
	switch r.base {
	case afterDeadline, worksAfter, beforeDeadline, worksBefore:
		return true
	}
	return false
}

// MarshalText writes what UnmarshalText reads.
func (r Rule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

func next(count int) string {
	if count == 1 {
		return "next"
	}
	return ordinal(count)
}

func ordinal(n int) string {
	if tens := n % 100; tens < 11 || tens > 13 {
		switch n % 10 {
		case 1:
			return fmt.Sprintf("%dst", n)
		case 2:
			return fmt.Sprintf("%dnd", n)
		case 3:
			return fmt.Sprintf("%drd", n)
		}
	}
	return fmt.Sprintf("%dth", n)
}

// A date is a day, by its midnight in UTC, and a minute of it.
type date struct {
	day    time.Time
	minute int
}

// dater turns the rules of one obligation into dates, and remembers which years it would have
// needed holidays of.
type dater struct {
	*workdays
	missing []int
}

// worked is that of the table, with a note of each year that the table lacks.
func (d *dater) worked(day time.Time) bool {
	if year := day.Year(); !d.years[year] && !slices.Contains(d.missing, year) {
		d.missing = append(d.missing, year)
	}
	return d.workdays.worked(day)
}

// date returns the date of a rule. The deadline is used by rules that count from it.
func (d *dater) date(r Rule, p catalogue.Period, deadline date) date {
	day, minute := p.End(), endOfDay
	switch r.base {
	case workingDay:
		day = d.addWorkingDays(day.AddDate(0, 0, -1), r.count)
	case dayOfMonth:
		day = day.AddDate(0, r.count-1, r.day-1)
		if r.day == 0 {
			day = p.End().AddDate(0, r.count, -1)
		}
	case dayOfYear:
		day = time.Date(int(p.Year)+r.count, r.month, r.day, 0, 0, 0, 0, time.UTC)
	case afterDeadline:
		day, minute = deadline.day.AddDate(0, 0, r.count), deadline.minute
	case worksAfter:
		day, minute = d.addWorkingDays(deadline.day, r.count), deadline.minute
	case beforeDeadline:
		day, minute = deadline.day.AddDate(0, 0, -r.count), deadline.minute
	case worksBefore:
		day, minute = d.subtractWorkingDays(deadline.day, r.count), deadline.minute
	case afterPeriod:
		day = day.AddDate(0, 0, r.count-1)
	}
	if step := []int{0, 1, -1}[r.shift]; step != 0 {
		for !d.worked(day) {
			day = day.AddDate(0, 0, step)
		}
	}
	if r.minute >= 0 {
		minute = r.minute
	}
	return date{day, minute}
}

// addWorkingDays returns the count-th working day after a day.
func (d *dater) addWorkingDays(day time.Time, count int) time.Time {
	for count > 0 {
		if day = day.AddDate(0, 0, 1); d.worked(day) {
			count--
		}
	}
	return day
}

// subtractWorkingDays returns the count-th working day before a day.
func (d *dater) subtractWorkingDays(day time.Time, count int) time.Time {
	for count > 0 {
		if day = day.AddDate(0, 0, -1); d.worked(day) {
			count--
		}
	}
	return day
}
