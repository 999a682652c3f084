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
		if !identifier.MatchString(a.Code) {
			report("areas[%d].code: want letters, digits, - and _, got %q", i, a.Code)
		}
		if c.areas[a.Code] != nil {
			report("areas[%d].code: %q occurs twice", i, a.Code)
		}
		c.areas[a.Code] = a
	}
	c.datasets = make(map[string]*Dataset, len(c.Datasets))
	for i := range c.Datasets {
		d := &c.Datasets[i]
		if !identifier.MatchString(d.ID) {
			report("datasets[%d].id: want letters, digits, - and _, got %q", i, d.ID)
		}
		if c.datasets[d.ID] != nil {
			report("datasets[%d].id: %q occurs twice", i, d.ID)
		}
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
		if !identifier.MatchString(ind.ID) {
			report("indicators[%d].id: want letters, digits, - and _, got %q", i, ind.ID)
		}
		if c.indicators[ind.ID] != nil {
			report("indicators[%d].id: %q occurs twice", i, ind.ID)
		}
		c.indicators[ind.ID] = ind
	}
	for i := range c.Indicators {
		c.deriveFrequency(&c.Indicators[i])
	}
	errs = append(errs, c.checkProgrammes()...)
	errs = append(errs, c.checkAreas()...)
	errs = append(errs, c.checkIndicators()...)
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
		if !identifier.MatchString(p.ID) {
			report("programmes[%d].id: want letters, digits, - and _, got %q", i, p.ID)
		}
		if seen[p.ID] {
			report("programmes[%d].id: %q occurs twice", i, p.ID)
		}
		seen[p.ID] = true
	}
	for i := range c.Indicators {
		if ind := &c.Indicators[i]; ind.Programme != "" && !seen[ind.Programme] {
			report("indicators[%d].programme (%s): %q is no programme", i, ind.ID, ind.Programme)
		}
	}
	return errs
}
