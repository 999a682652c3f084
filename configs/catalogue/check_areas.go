package catalogue

import (
	"fmt"
	"slices"
	"time"
)

func (c *Catalogue) checkAreas() (errs []error) {
	if city := c.areas[c.City]; city == nil || city.Kind != City {
		errs = append(errs, fmt.Errorf("city: want the code of the one area of kind city, got %q", c.City))
	}
	for i := range c.Areas {
		report := func(field, format string, args ...any) {
			errs = append(errs, fmt.Errorf("areas[%d].%s: %w", i, field, fmt.Errorf(format, args...)))
		}
		a := &c.Areas[i]
		c.checkKind(a, report)
		if !a.ValidFrom.IsZero() && !a.ValidTo.IsZero() && !a.ValidFrom.Before(a.ValidTo.Time) {
			report("valid_to", "want a day after valid_from")
		}
		c.checkPredecessors(a, report)
		c.checkGained(a, report)
		for j := range i {
			if b := &c.Areas[j]; b.NameZH != "" && b.NameZH == a.NameZH && b.Code != a.Code && overlap(a, b) {
				report("name_zh", "%s is %q already, at the same time; end one of them (valid_to) or rename it", a.NameZH, b.Code)
			}
		}
	}
	return errs
}

func (c *Catalogue) checkKind(a *Area, report func(field, format string, args ...any)) {
	switch a.Kind {
	case City:
		if a.Code != c.City {
			report("kind", "only %q is the city", c.City)
		}
	case District, CarvedOut:
	case InsideZone:
		host := c.areas[a.Host]
		switch {
		case host == nil || host.Kind != District:
			report("host", "a zone inside a district names it, got %q", a.Host)
		case !within(a, host):
			report("host", "the zone exists while %q does not; want its valid_from and valid_to within its host's", a.Host)
		}
	default:
		report("kind", "want city, district, carved_out or inside, got %q", a.Kind)
	}
	if a.Kind != InsideZone && a.Host != "" {
		report("host", "only an inside zone has a host, got %q", a.Host)
	}
}

func (c *Catalogue) checkPredecessors(a *Area, report func(field, format string, args ...any)) {
	for j, code := range a.Predecessors {
		field := indexed("predecessors", j)
		p := c.areas[code]
		switch {
		case p == nil || code == a.Code:
			report(field, "%q is no other area", code)
		case slices.Index(a.Predecessors, code) < j:
			report(field, "%q occurs twice", code)
		case p.ValidTo.IsZero() || a.ValidFrom.IsZero() || a.ValidFrom.Before(p.ValidTo.Time):
			report(field, "%q has to end (valid_to) no later than %q begins (valid_from); a part of an area that goes on is written under gained", code, a.Code)
		case p.Kind == City || a.Kind == City:
			report(field, "the city takes nobody's place, and nobody takes its")
		}
	}
}

func (c *Catalogue) checkGained(a *Area, report func(field, format string, args ...any)) {
	for j, gain := range a.Gained {
		field := indexed("gained", j)
		p := c.areas[gain.From]
		switch {
		case p == nil || gain.From == a.Code:
			report(field, "%q is no other area", gain.From)
		case p.Kind == City || a.Kind == City:
			report(field, "the city is made of its areas; want the area within it that the part belonged to, or belongs to now")
		case gain.Day.IsZero():
			report(field, "want the day on which the part of %q became one of %q", gain.From, a.Code)
		case slices.Index(a.Gained, gain) < j || slices.Contains(a.Predecessors, gain.From):
			report(field, "%q occurs twice", gain.From)
		case !a.ExistsOn(gain.Day.Time):
			report(field, "%q does not exist on %s", a.Code, gain.Day.Format(time.DateOnly))
		case !p.ExistsOn(gain.Day.AddDate(0, 0, -1)):
			report(field, "%q does not exist on the day before %s", gain.From, gain.Day.Format(time.DateOnly))
		}
	}
}

// span returns the first day on which an area exists, and the first day on which it no
// longer does, in the year 9999 where it has no end.
func span(a *Area) (from, to time.Time) {
	from, to = a.ValidFrom.Time, a.ValidTo.Time
	if to.IsZero() {
		to = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
	}
	return from, to
}

// overlap reports whether there is a day on which both areas exist.
func overlap(a, b *Area) bool {
	aFrom, aTo := span(a)
	bFrom, bTo := span(b)
	return aFrom.Before(bTo) && bFrom.Before(aTo)
}

// within reports whether an inside zone has its host on every day on which it exists. Before
// the host's first day, the host's predecessors count as host.
func within(a, host *Area) bool {
	aFrom, aTo := span(a)
	hostFrom, hostTo := span(host)
	return !aTo.After(hostTo) && (!aFrom.Before(hostFrom) || len(host.Predecessors) > 0)
}

func indexed(field string, i int) string { return fmt.Sprintf("%s[%d]", field, i) }
