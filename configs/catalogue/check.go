package catalogue

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
)

// Identifiers become subject tokens, column values and URL parts.
var identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// index builds the look-ups and checks everything that a reader of the
// catalogue relies on. All mistakes are reported at once.
func (c *Catalogue) index() error {
	var errs []error
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

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
	errs = append(errs, c.checkAreas()...)
	errs = append(errs, c.checkIndicators()...)
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
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

func (c *Catalogue) checkAreas() (errs []error) {
	report := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if city := c.areas[c.City]; city == nil || city.Kind != City {
		report("city: want the code of the one area of kind city, got %q", c.City)
	}
	for i := range c.Areas {
		a := &c.Areas[i]
		switch a.Kind {
		case City:
			if a.Code != c.City {
				report("areas[%d].kind: only %q is the city", i, c.City)
			}
		case District, CarvedOut:
		case InsideZone:
			if host := c.areas[a.Host]; host == nil || host.Kind != District {
				report("areas[%d].host: a zone inside a district names it, got %q", i, a.Host)
			}
		default:
			report("areas[%d].kind: want city, district, carved_out or inside, got %q", i, a.Kind)
		}
		if a.Kind != InsideZone && a.Host != "" {
			report("areas[%d].host: only an inside zone has a host, got %q", i, a.Host)
		}
		if !a.ValidFrom.IsZero() && !a.ValidTo.IsZero() && !a.ValidFrom.Before(a.ValidTo.Time) {
			report("areas[%d].valid_to: want a day after valid_from", i)
		}
		for j, code := range a.Predecessors {
			p := c.areas[code]
			switch {
			case p == nil || code == a.Code:
				report("areas[%d].predecessors[%d]: %q is no other area", i, j, code)
			case p.ValidTo.IsZero() || a.ValidFrom.IsZero() || a.ValidFrom.Before(p.ValidTo.Time):
				report("areas[%d].predecessors[%d]: %q has to end (valid_to) no later than %q begins (valid_from)", i, j, code, a.Code)
			}
		}
	}
	return errs
}

func (c *Catalogue) checkIndicators() (errs []error) {
	report := func(i int, field, format string, args ...any) {
		errs = append(errs, fmt.Errorf("indicators[%d].%s (%s): %s", i, field, c.Indicators[i].ID, fmt.Sprintf(format, args...)))
	}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		oneOf(ind.Kind, func(want any) { report(i, "kind", "want one of %v, got %q", want, ind.Kind) }, Flow, Stock, Ratio)
		oneOf(ind.Total, func(want any) { report(i, "city_total", "want one of %v, got %q", want, ind.Total) }, SumRule, RatioRule, CityRule)
		oneOf(ind.Change, func(want any) { report(i, "change", "want one of %v, got %q", want, ind.Change) }, Percent, Point)
		oneOf(ind.Rounding, func(want any) { report(i, "rounding", "want one of %v, got %q", want, ind.Rounding) }, HalfUp, HalfEven, Truncate)
		oneOf(ind.Coverage, func(want any) { report(i, "coverage", "want one of %v, got %q", want, ind.Coverage) }, Complete, Partial)
		if ind.UnitName == "" {
			report(i, "unit", "want a unit such as 亿元, 家 or %%, got none")
		}
		if ind.Decimals < 0 || ind.Decimals > MaxDecimals {
			report(i, "decimals", "want 0 to %d, got %d", MaxDecimals, ind.Decimals)
		}
		if ind.Factor < 0 {
			report(i, "factor", "want a positive number, got %d", ind.Factor)
		}
		for j, id := range ind.Datasets {
			if c.datasets[id] == nil {
				report(i, fmt.Sprintf("datasets[%d]", j), "%q is no dataset", id)
			}
		}
		ind.minimum = c.bound(ind.Minimum, func(err error) { report(i, "minimum", "%v", err) })
		ind.maximum = c.bound(ind.Maximum, func(err error) { report(i, "maximum", "%v", err) })
		if ind.Total != RatioRule {
			if ind.Numerator != "" || ind.Denominator != "" {
				report(i, "numerator", "only an indicator with city_total ratio has a numerator and a denominator")
			}
			if len(ind.Datasets) == 0 {
				report(i, "datasets", "nobody can report it: name at least one dataset")
			}
			continue
		}
		for _, part := range []struct{ field, id string }{{"numerator", ind.Numerator}, {"denominator", ind.Denominator}} {
			of := c.indicators[part.id]
			switch {
			case of == nil:
				report(i, part.field, "%q is no indicator", part.id)
			case of.Total == RatioRule:
				report(i, part.field, "%q is a ratio itself; a ratio divides sums, never ratios", part.id)
			}
		}
		if len(ind.Datasets) > 0 {
			report(i, "datasets", "a ratio is computed, never reported; leave datasets out")
		}
	}
	return errs
}

func (c *Catalogue) bound(text string, report func(error)) *Value {
	if text == "" {
		return nil
	}
	reading, err := ParseValue(text)
	if err != nil {
		report(err)
		return nil
	}
	return &reading.Value
}

func oneOf[T comparable](got T, report func(any), allowed ...T) {
	if !slices.Contains(allowed, got) {
		report(allowed)
	}
}
