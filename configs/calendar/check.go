package calendar

import (
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// check completes the entries and reports whatever in them contradicts the catalogue, the
// other entries or itself.
func (c *Calendar) check() error {
	var errs problems
	for i, e := range c.entries {
		path := fmt.Sprintf("obligations[%d]", i)
		dataset, ok := c.catalogue.Dataset(e.Dataset)
		if !ok {
			errs.add("%s.dataset: want a dataset of the catalogue, got %q", path, e.Dataset)
			continue
		}
		e.of = dataset
		before := len(errs)
		checkPeriods(e, dataset, path, &errs)
		c.checkAreas(e, path, &errs)
		e.checkRules(dataset, path, &errs)
		if !e.ValidFrom.IsZero() && !e.ValidTo.IsZero() && !e.ValidFrom.Before(e.ValidTo.Time) {
			errs.add("%s.valid_to: want a day after valid_from %s, got %s", path, e.ValidFrom.Format(time.DateOnly), e.ValidTo.Format(time.DateOnly))
		}
		c.checkTwice(i, path, &errs)
		if len(errs) == before && !e.Exempt {
			c.checkOrder(e, path, &errs)
		}
	}
	return errs.join()
}

func checkPeriods(e *entry, dataset *catalogue.Dataset, path string, errs *problems) {
	if len(e.Periods) == 0 {
		errs.add("%s.periods: want at least one of %v, the kinds of period of %s", path, dataset.Periods, dataset.ID)
	}
	for j, kind := range e.Periods {
		if !slices.Contains(dataset.Periods, kind) {
			errs.add("%s.periods[%d]: want one of %v, the kinds of period of %s, got %s", path, j, dataset.Periods, dataset.ID, kind)
		}
		if slices.Index(e.Periods, kind) < j {
			errs.add("%s.periods[%d]: %s occurs twice", path, j, kind)
		}
		for k, index := range e.Skip {
			if kind == catalogue.Year {
				errs.add("%s.skip: want nothing, as a year has no number within a year", path)
				break
			}
			if index < 1 || index > lastIndex(kind) {
				errs.add("%s.skip[%d]: want a number from 1 to %d for periods of kind %s, got %d", path, k, lastIndex(kind), kind, index)
			}
		}
	}
}

func (c *Calendar) checkAreas(e *entry, path string, errs *problems) {
	for j, code := range e.Areas {
		area, ok := c.catalogue.Area(code)
		switch {
		case !ok:
			errs.add("%s.areas[%d]: want an area of the catalogue, got %q", path, j, code)
		case slices.Index(e.Areas, code) < j:
			errs.add("%s.areas[%d]: %q occurs twice", path, j, code)
		case !slices.ContainsFunc(e.Periods, func(k catalogue.PeriodKind) bool { return len(c.indicators(e.of, area, k)) > 0 }):
			errs.add("%s.areas[%d]: %s reports no indicator of %s for such periods", path, j, code, e.Dataset)
		}
	}
	e.members = slices.Clone(e.Areas)
	if len(e.Areas) == 0 {
		for i := range c.catalogue.Areas {
			if area := &c.catalogue.Areas[i]; area.Kind != catalogue.InsideZone {
				e.members = append(e.members, area.Code)
			}
		}
	}
	slices.Sort(e.members)
}

func (e *entry) checkRules(dataset *catalogue.Dataset, path string, errs *problems) {
	rules := []struct {
		name string
		rule Rule
	}{{"deadline", e.Deadline}, {"grace", e.Grace}, {"lock", e.Lock}, {"final", e.Final}}
	if e.Exempt {
		for _, r := range rules {
			if r.rule.base != never {
				errs.add("%s.%s: want none, as exempt areas owe nothing", path, r.name)
			}
		}
		return
	}
	if e.Deadline.CountsFromDeadline() {
		errs.add("%s.deadline: want a rule that counts from the period, got %q", path, e.Deadline)
	}
	if e.Deadline.base == never {
		e.Deadline = Rule{base: afterPeriod, count: dataset.DueDays, minute: -1}
		if dataset.DueDays == 0 {
			errs.add("%s.deadline: want a rule such as %q, as the catalogue has no due_days for %s", path, "8th working day at 17:00", dataset.ID)
		}
	}
}

// checkTwice reports an area whose obligation an earlier entry states already.
func (c *Calendar) checkTwice(i int, path string, errs *problems) {
	e := c.entries[i]
	for j, earlier := range c.entries[:i] {
		if earlier.Dataset != e.Dataset || (len(earlier.Areas) == 0) != (len(e.Areas) == 0) || !earlier.overlaps(e) {
			continue
		}
		for _, kind := range e.Periods {
			if !slices.Contains(earlier.Periods, kind) {
				continue
			}
			if len(e.Areas) == 0 {
				errs.add("%s: obligations[%d] is for %s and %s already", path, j, e.Dataset, kind)
			}
			for _, code := range e.Areas {
				if slices.Contains(earlier.Areas, code) {
					errs.add("%s: obligations[%d] is for %s, %s and %s already", path, j, e.Dataset, kind, code)
				}
			}
		}
	}
}

// overlaps reports whether there are days on which both entries are valid.
func (e *entry) overlaps(f *entry) bool {
	before := func(from, to catalogue.Date) bool { return from.IsZero() || to.IsZero() || from.Before(to.Time) }
	return before(e.ValidFrom, f.ValidTo) && before(f.ValidFrom, e.ValidTo)
}

// checkOrder reports the first period whose dates do not follow one another. It tries the
// years of which holidays are known, as holidays move the dates.
func (c *Calendar) checkOrder(e *entry, path string, errs *problems) {
	for _, year := range c.HolidayYears() {
		for p := range e.periodsOf(year) {
			due := c.due(e, p)
			last, name := due.Deadline, "deadline"
			for _, next := range []struct {
				name string
				at   time.Time
			}{{"grace", due.Grace}, {"lock", due.Lock}, {"final", due.Final}} {
				if next.at.IsZero() {
					continue
				}
				if next.at.Before(last) {
					errs.add("%s.%s: want it after the %s; for %s it is %s, before %s", path, next.name, name, p, next.at.Format(time.DateTime), last.Format(time.DateTime))
					return
				}
				last, name = next.at, next.name
			}
		}
	}
}

// lastIndex returns how many periods of a kind a year has.
func lastIndex(kind catalogue.PeriodKind) int {
	return map[catalogue.PeriodKind]int{catalogue.Half: 2, catalogue.Quarter: 4, catalogue.Month: 12, catalogue.YearToDate: 12}[kind]
}
