package tally

import "slices"

// joined is an area whose territory became part of another within a year.
type joined struct {
	code  string
	month int  // the last one that ended before
	whole bool // none of its territory went to a third area
}

// joinedIn returns the areas that joined others in a year, by the code of those.
func (c *calculator) joinedIn(year int16) map[string][]joined {
	found, ok := c.joined[year]
	if !ok {
		found = map[string][]joined{}
		for i := range c.catalogue.Areas {
			area := &c.catalogue.Areas[i]
			if area.ValidTo.IsZero() || area.ValidTo.Year() != int(year) {
				continue
			}
			heirs := c.catalogue.Heirs(area)
			for _, code := range heirs {
				heir, _ := c.catalogue.Area(code)
				whole := len(heirs) == 1 && heir.Additive() == area.Additive()
				found[code] = append(found[code], joined{area.Code, int(area.ValidTo.Month()) - 1, whole})
			}
		}
		if c.joined == nil {
			c.joined = map[int16]map[string][]joined{}
		}
		c.joined[year] = found
	}
	return found
}

// member is an area since others last joined it in the year: what it reported for spans
// that end after a month. What it reported for earlier spans counts together with what
// those others did.
type member struct {
	code  string
	after int
}

// memberUntil returns the member that an area is before a month ends.
func (d *derivation) memberUntil(code string, month int) member {
	m := member{code: code, after: d.begin(code)}
	for _, j := range d.calculator.joinedIn(d.flows.year)[code] {
		if j.month < month {
			m.after = max(m.after, j.month)
		}
	}
	return m
}

// begin returns the last month of the year that ended before an area began; 0 where it
// was there from the first.
func (d *derivation) begin(code string) int {
	if area, ok := d.catalogue.Area(code); ok && area.ValidFrom.Year() == int(d.flows.year) {
		return int(area.ValidFrom.Month()) - 1
	}
	return 0
}

// reported returns what a member reported; nil where that is nothing.
func (d *derivation) reported(m member) *areaFlows {
	flows := d.flows.of(d.catalogue, m.code)
	if flows == nil || m.after == 0 {
		return flows
	}
	later := *flows
	for n := range later {
		if _, end := d.flows.periods[n].Months(); end <= m.after {
			later[n] = nil
		}
	}
	return &later
}

// formedFrom returns the members that a member was formed from in the year, or nil where
// some of their territory became part of another area, or where there are none.
func (d *derivation) formedFrom(m member) (sources []member) {
	if m.after == 0 {
		return nil
	}
	began := m.after == d.begin(m.code)
	for _, j := range d.calculator.joinedIn(d.flows.year)[m.code] {
		if j.month == m.after || began && j.month < m.after {
			if !j.whole {
				return nil
			}
			sources = append(sources, d.memberUntil(j.code, j.month+1))
		}
	}
	if !began {
		return append([]member{d.memberUntil(m.code, m.after)}, sources...)
	}
	area, _ := d.catalogue.Area(m.code)
	for _, code := range area.Predecessors {
		if !slices.ContainsFunc(sources, func(s member) bool { return s.code == code }) {
			return nil // it ended in an earlier year
		}
	}
	return sources
}
