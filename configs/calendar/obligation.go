package calendar

import (
	"cmp"
	"iter"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// Obligation is one area's duty to report one period of one dataset.
type Obligation struct {
	Area    string           `json:"area"`
	Dataset string           `json:"dataset"`
	Period  catalogue.Period `json:"period"`
	Due
}

// Due is when something is due, as instants in the city's time zone. Only the deadline is
// always there.
type Due struct {
	// Deadline is the last instant that is in time.
	Deadline time.Time `json:"deadline"`
	// Grace is the last instant at which being late is tolerated.
	Grace time.Time `json:"grace,omitzero"`
	// Lock is when the period is to be locked, and Final when its figures are final.
	Lock  time.Time `json:"lock,omitzero"`
	Final time.Time `json:"final,omitzero"`
	// HolidaysMissing are the years of which no holidays are known, although the instants
	// depend on them. They were computed with Saturdays and Sundays off and may still move.
	HolidaysMissing []int `json:"holidays_missing,omitempty"`
}

// Due returns when an area has to report a period of a dataset, and whether it has to.
func (c *Calendar) Due(dataset, area string, p catalogue.Period) (Due, bool) {
	e := c.entryFor(dataset, area, p)
	if e == nil || e.Exempt || !e.owed(p) || !c.owes(area, dataset, p) {
		return Due{}, false
	}
	return c.due(e, p), true
}

// Indicators returns the ids of what the area has to report in the dataset for the period, in
// the order of the catalogue: those that are measured then, are reported at least as often, and
// are the area's to report.
func (c *Calendar) Indicators(dataset, area string, p catalogue.Period) []string {
	a, ok := c.catalogue.Area(area)
	of, found := c.catalogue.Dataset(dataset)
	if !ok || !found {
		return nil
	}
	var ids []string
	for _, ind := range c.indicators(of, a, p.Kind) {
		if ind.ValidIn(p) {
			ids = append(ids, ind.ID)
		}
	}
	return ids
}

// indicators returns what the area has to report for periods of the kind, at some time or other.
func (c *Calendar) indicators(dataset *catalogue.Dataset, area *catalogue.Area, kind catalogue.PeriodKind) []*catalogue.Indicator {
	var all []*catalogue.Indicator
	for i := range c.catalogue.Indicators {
		ind := &c.catalogue.Indicators[i]
		if (ind.Total == catalogue.CityRule) == (area.Kind == catalogue.City) && slices.Contains(ind.Datasets, dataset.ID) && ind.Frequency.PerYear() >= dataset.Frequency(kind).PerYear() {
			all = append(all, ind)
		}
	}
	return all
}

// OfPeriod returns everything that is owed for the period, in the order of datasets and areas.
func (c *Calendar) OfPeriod(p catalogue.Period) []Obligation {
	var all []Obligation
	for _, e := range c.entries {
		if e.owed(p) {
			all = append(all, c.obligations(e, p)...)
		}
	}
	slices.SortFunc(all, func(a, b Obligation) int {
		return cmp.Or(cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Area, b.Area))
	})
	return all
}

// The most years that pass between a period and what is due for it, of all rules.
const longestDelay = 6

// Obligations returns everything whose deadline is after from and not after to, in the order
// of deadlines, datasets, areas and periods. So the end of a day belongs to that day.
func (c *Calendar) Obligations(from, to time.Time) []Obligation {
	var all []Obligation
	for _, e := range c.entries {
		if e.Exempt {
			continue
		}
		for year := from.Year() - longestDelay; year <= to.Year()+1; year++ {
			for p := range e.periodsOf(year) {
				if due := c.due(e, p); due.Deadline.After(from) && !due.Deadline.After(to) {
					all = append(all, c.obligations(e, p)...)
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Obligation) int {
		return cmp.Or(a.Deadline.Compare(b.Deadline), cmp.Compare(a.Dataset, b.Dataset), cmp.Compare(a.Area, b.Area), a.Period.Compare(b.Period))
	})
	return all
}

// OfArea returns the obligations of one area, or all for "".
func OfArea(owed []Obligation, area string) []Obligation {
	return slices.DeleteFunc(owed, func(o Obligation) bool { return area != "" && o.Area != area })
}

// obligations returns what the entry's members owe for a period.
func (c *Calendar) obligations(e *entry, p catalogue.Period) []Obligation {
	if e.Exempt {
		return nil
	}
	var all []Obligation
	due := c.due(e, p)
	for _, area := range e.members {
		if c.owes(area, e.Dataset, p) && c.entryFor(e.Dataset, area, p) == e {
			all = append(all, Obligation{Area: area, Dataset: e.Dataset, Period: p, Due: due})
		}
	}
	return all
}

// entryFor returns the entry that counts for an area and a period: one that names the area,
// or else one that names none.
func (c *Calendar) entryFor(dataset, area string, p catalogue.Period) *entry {
	var general *entry
	for _, e := range c.entries {
		if e.Dataset != dataset || !e.covers(p) || !slices.Contains(e.members, area) {
			continue
		}
		if len(e.Areas) > 0 {
			return e
		}
		general = e
	}
	return general
}

// owes reports whether the area exists at the end of the period and has something to report.
func (c *Calendar) owes(area, dataset string, p catalogue.Period) bool {
	a, ok := c.catalogue.Area(area)
	return ok && a.ValidIn(p) && len(c.Indicators(dataset, area, p)) > 0
}

// owed reports whether the entry's members owe a period.
func (e *entry) owed(p catalogue.Period) bool {
	return e.covers(p) && !slices.Contains(e.Skip, int(p.Index))
}

// covers reports whether the entry says anything about a period.
func (e *entry) covers(p catalogue.Period) bool {
	start := p.Start()
	return slices.Contains(e.Periods, p.Kind) && e.of.Takes(p) &&
		(e.ValidFrom.IsZero() || !start.Before(e.ValidFrom.Time)) && (e.ValidTo.IsZero() || start.Before(e.ValidTo.Time))
}

// periodsOf yields the periods of a year that the entry's members owe.
func (e *entry) periodsOf(year int) iter.Seq[catalogue.Period] {
	return func(yield func(catalogue.Period) bool) {
		for _, kind := range e.Periods {
			first := min(1, lastIndex(kind))
			for index := first; index <= lastIndex(kind); index++ {
				p := catalogue.Period{Year: int16(year), Kind: kind, Index: uint8(index)}
				if e.owed(p) && !yield(p) {
					return
				}
			}
		}
	}
}

// due returns the entry's dates for a period as instants.
func (c *Calendar) due(e *entry, p catalogue.Period) Due {
	d := dater{workdays: c.workdays}
	zone := c.catalogue.Zone()
	deadline := d.date(e.Deadline, p, date{})
	due := Due{Deadline: instant(deadline, zone)}
	for _, other := range []struct {
		rule Rule
		at   *time.Time
	}{{e.Grace, &due.Grace}, {e.Lock, &due.Lock}, {e.Final, &due.Final}} {
		if other.rule.base != never {
			*other.at = instant(d.date(other.rule, p, deadline), zone)
		}
	}
	due.HolidaysMissing = d.missing
	return due
}

// Around returns the instant that a rule which counts from the deadline gives for an obligation;
// zero where the calendar has no such obligation, or the rule counts from something else.
func (c *Calendar) Around(r Rule, o *Obligation) time.Time {
	e := c.entryFor(o.Dataset, o.Area, o.Period)
	if e == nil || !r.CountsFromDeadline() {
		return time.Time{}
	}
	d := dater{workdays: c.workdays}
	return instant(d.date(r, o.Period, d.date(e.Deadline, o.Period, date{})), c.catalogue.Zone())
}

// Missing returns the ids of what is not there of an obligation, in the order of the catalogue,
// and of how many. A list of entities is there where it has an entity, or the statement that
// there is none. There says whether a figure of the area is in force; it is asked for every
// period that meets the obligation's.
func (c *Calendar) Missing(o *Obligation, there func(indicator string, p catalogue.Period) bool) (missing []string, owed int) {
	missing = []string{}
	periods := o.Period.MetBy()
	for _, id := range c.Indicators(o.Dataset, o.Area, o.Period) {
		owed++
		if !slices.ContainsFunc(periods, func(p catalogue.Period) bool { return there(id, p) }) {
			missing = append(missing, id)
		}
	}
	return missing, owed
}
