package catalogue

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"
)

// An identifier becomes a token of a subject, a value of a column and a part of a URL.
var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// checkIdentifier reports an identifier that cannot be a token, or that an earlier entry
// of its list has taken.
func checkIdentifier(path, id string, taken bool, report func(format string, args ...any)) {
	if !identifier.MatchString(id) {
		report("%s: want letters, digits, - and _, got %q", path, id)
	}
	if taken {
		report("%s: %q occurs twice", path, id)
	}
}

// index builds the look-up tables and checks everything that users of the catalogue rely on.
// It reports all mistakes at once.
func (c *Catalogue) index() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	var err error
	if c.zone, err = time.LoadLocation(c.TimeZone); err != nil || c.TimeZone == "Local" {
		report("time_zone: want an IANA name such as Asia/Shanghai, got %q", c.TimeZone)
	}
	c.areas = make(map[string]*Area, len(c.Areas))
	for i := range c.Areas {
		a := &c.Areas[i]
		checkIdentifier(fmt.Sprintf("areas[%d].code", i), a.Code, c.areas[a.Code] != nil, report)
		c.areas[a.Code] = a
	}
	c.datasets = make(map[string]*Dataset, len(c.Datasets))
	for i := range c.Datasets {
		d := &c.Datasets[i]
		checkIdentifier(fmt.Sprintf("datasets[%d].id", i), d.ID, c.datasets[d.ID] != nil, report)
		if len(d.Periods) == 0 {
			report("datasets[%d].periods: want at least one of year, half, quarter, month, ytd", i)
		}
		for j, kind := range d.Periods {
			if slices.Index(d.Periods, kind) < j {
				report("datasets[%d].periods: %s occurs twice", i, kind)
			}
		}
		if d.DueDays < 0 {
			report("datasets[%d].due_days: want 0 or more days after the period's end, got %d", i, d.DueDays)
		}
		c.datasets[d.ID] = d
	}
	c.indicators = make(map[string]*Indicator, len(c.Indicators))
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		checkIdentifier(fmt.Sprintf("indicators[%d].id", i), ind.ID, c.indicators[ind.ID] != nil, report)
		c.indicators[ind.ID] = ind
	}
	for i := range c.Indicators {
		c.deriveFrequency(&c.Indicators[i])
	}
	errs = append(errs, c.checkProgrammes()...)
	errs = append(errs, c.checkAreas()...)
	errs = append(errs, c.checkIndicators()...)
	errs = append(errs, c.checkLists()...)
	errs = append(errs, c.checkUnitSynonyms()...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	c.indexNames()
	c.dependents = map[string][]*Indicator{}
	for i := range c.Indicators {
		if ind := &c.Indicators[i]; ind.Total == RatioRule {
			for _, part := range slices.Compact([]string{ind.Numerator, ind.Denominator}) {
				c.dependents[part] = append(c.dependents[part], ind)
			}
		}
	}
	return nil
}

func (c *Catalogue) checkProgrammes() (errs []error) {
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	seen := make(map[string]bool, len(c.Programmes))
	for i, p := range c.Programmes {
		checkIdentifier(fmt.Sprintf("programmes[%d].id", i), p.ID, seen[p.ID], report)
		seen[p.ID] = true
	}
	for i := range c.Indicators {
		if ind := &c.Indicators[i]; ind.Programme != "" && !seen[ind.Programme] {
			report("indicators[%d].programme (%s): %q is no programme", i, ind.ID, ind.Programme)
		}
	}
	return errs
}
