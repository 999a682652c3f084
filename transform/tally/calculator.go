package tally

import (
	"cmp"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// calculator computes totals while the source does not change. It remembers levels,
// since each is needed again as the base of the next year's change.
type calculator struct {
	catalogue *catalogue.Catalogue
	source    Source
	levels    map[levelKey]*level
	members   map[catalogue.Period][]string
	flows     map[flowsKey]*yearFlows
	joined    map[int16]map[string][]joined // areas that joined others in a year
	// territories are those of a period and the year before.
	territories map[catalogue.Period]*catalogue.Territories
	following   map[catalogue.PeriodSet]catalogue.PeriodSet // flows that follow from those of a set
	withHeld    *withHeld                                   // nil where nothing is held
	// Memory for terms to use again.
	figureBuffer []ledger.Part
	areaBuffer   []string
}

// level returns the level of an indicator in a period.
func (c *calculator) level(indicator *catalogue.Indicator, period catalogue.Period) *level {
	key := levelKey{indicator, period}
	l, ok := c.levels[key]
	if !ok {
		l = c.compute(indicator, period)
		if c.levels == nil || len(c.levels) == rememberedLevels {
			c.levels = map[levelKey]*level{}
		}
		c.levels[key] = l
	}
	return l
}

func (c *calculator) compute(indicator *catalogue.Indicator, period catalogue.Period) *level {
	if indicator.Total == catalogue.RatioRule {
		return c.ratio(indicator, period)
	}
	expected := c.expected(indicator, period)
	terms, reported := c.terms(indicator, period, expected)
	l := fold(terms, expected)
	l.reported = reported
	if lists := countLists(terms); lists > 0 && lists < len(terms) {
		l.flag(event.PartlyListed)
	}
	l.carry(indicator.Coverage, terms)
	return l
}

// countLists returns how many terms are counted from lists.
func countLists(terms []term) (n int) {
	for i := range terms {
		if terms[i].List {
			n++
		}
	}
	return n
}

// expected returns the codes of the areas that a total of an indicator with figures of
// its own is made of.
func (c *calculator) expected(indicator *catalogue.Indicator, period catalogue.Period) []string {
	if indicator.Total == catalogue.CityRule {
		return []string{c.catalogue.City}
	}
	members, ok := c.members[period]
	if !ok {
		members = c.catalogue.Expected(period)
		if c.members == nil {
			c.members = map[catalogue.Period][]string{}
		}
		c.members[period] = members
	}
	return members
}

// terms returns the terms of the expected areas' sum, by area: the figures reported
// for the period and, for areas that reported nothing, the terms of other periods
// from which their figures follow. An area that reported its figure as missing has no
// term. Reported is true where any area reported anything.
func (c *calculator) terms(indicator *catalogue.Indicator, period catalogue.Period, expected []string) (terms []term, reported bool) {
	if !indicator.ValidIn(period) {
		return nil, false
	}
	if indicator.Kind == catalogue.Stock {
		return c.readings(indicator, period, expected)
	}
	found := c.figures(indicator, period)
	reporting, rest := c.areaBuffer[:0], expected
	terms = make([]term, 0, len(found))
	for i := range found {
		p := &found[i]
		for len(rest) > 0 && rest[0] < p.Area {
			rest = rest[1:]
		}
		if len(rest) == 0 || rest[0] != p.Area {
			continue
		}
		reporting = append(reporting, p.Area)
		if p.Status != catalogue.Missing {
			terms = append(terms, term{Part: *p, member: p.Area, indicator: indicator.ID})
		}
	}
	c.areaBuffer, reported = reporting, len(reporting) > 0
	if len(reporting) < len(expected) {
		derived, derivable := c.derive(indicator, period, expected, reporting)
		if len(terms) == 0 {
			terms = derived
		} else if len(derived) > 0 {
			terms = append(terms, derived...)
			slices.SortStableFunc(terms, func(a, b term) int { return cmp.Compare(a.member, b.member) })
		}
		reported = reported || derivable
	}
	return terms, reported
}

// readings returns the terms of a stock's sum. Whatever an area reported for an instant,
// for a year, its last half, quarter or month, or the year to date, is one reading: the
// figure of the highest stage, then the latest, then that for the period itself. An area
// that reported the period itself as missing has no term.
func (c *calculator) readings(indicator *catalogue.Indicator, period catalogue.Period, expected []string) (terms []term, reported bool) {
	type reading struct {
		period catalogue.Period // zero for the period itself
		parts  []ledger.Part
	}
	var found [maxReadings]reading
	n := 0
	parts := c.source.AppendParts(c.figureBuffer[:0], ledger.Cell{Indicator: indicator.ID, Period: period})
	if len(parts) > 0 {
		found[n].parts, n = parts, n+1
	}
	own := len(parts)
	others := c.source.Reported(indicator.ID, period.Year) & period.PeriodsFedBy(catalogue.Stock)
	for number := range others.Numbers() {
		start, other := len(parts), catalogue.NumberedPeriod(period.Year, number)
		parts = c.source.AppendParts(parts, ledger.Cell{Indicator: indicator.ID, Period: other})
		if len(parts) > start {
			found[n], n = reading{other, parts[start:]}, n+1
		}
	}
	c.figureBuffer = parts
	terms = make([]term, 0, min(len(expected), len(parts)))
	for _, area := range expected {
		var best *term
		for i := range n {
			place, ok := slices.BinarySearchFunc(found[i].parts, area, func(p ledger.Part, code string) int { return cmp.Compare(p.Area, code) })
			if !ok {
				continue
			}
			reported = true
			p := &found[i].parts[place]
			if p.Status == catalogue.Missing {
				if i == 0 && own > 0 {
					best = nil
					break
				}
				continue
			}
			if best == nil || cmp.Or(cmp.Compare(p.Stage, best.Stage), cmp.Compare(p.Latest(), best.Latest())) > 0 {
				best = &term{Part: *p, member: area, indicator: indicator.ID, reportedFor: found[i].period}
			}
		}
		if best != nil {
			terms = append(terms, *best)
		}
	}
	return terms, reported
}

// The most periods that end at one instant, as a year does.
const maxReadings = 5

// figures returns the source's figures of an indicator for a period, none where it is not
// measured then. They are overwritten by the next call.
func (c *calculator) figures(indicator *catalogue.Indicator, period catalogue.Period) []ledger.Part {
	if !indicator.ValidIn(period) {
		return nil
	}
	c.figureBuffer = c.source.AppendParts(c.figureBuffer[:0], ledger.Cell{Indicator: indicator.ID, Period: period})
	return c.figureBuffer
}

// ratio returns the level of a ratio: the quotient of two sums over the areas that
// have a value of both.
func (c *calculator) ratio(indicator *catalogue.Indicator, period catalogue.Period) *level {
	top, _ := c.catalogue.Indicator(indicator.Numerator)
	bottom, _ := c.catalogue.Indicator(indicator.Denominator)
	if !indicator.ValidIn(period) || !top.ValidIn(period) || !bottom.ValidIn(period) {
		return fold(nil, nil)
	}
	above, below := c.level(top, period), c.level(bottom, period)
	n, d := above, below
	mixed := top.Total != bottom.Total
	switch {
	case mixed && (!above.known() || !below.known() || len(above.have) < len(above.expected) || len(below.have) < len(below.expected)):
		// One sum is the city's own figure, which covers all areas: the other has to.
		n, d = fold(nil, nil), fold(nil, nil)
	case !mixed && !slices.Equal(above.have, below.have):
		n = fold(termsInBoth(above, below), above.expected)
		d = fold(termsInBoth(below, above), below.expected)
	}
	l := fold(slices.Concat(n.terms, d.terms), nil)
	l.numerator = n.numerator.Mul(decimal.NewFromInt(indicator.Factor))
	l.denominator = d.numerator
	l.above, l.below = n.above, d.above
	l.expected, l.have, l.reported = above.expected, n.have, above.reported && below.reported
	if mixed {
		// The city is missed beside the districts, so one of the two is enough to say so.
		l.expected, l.have = merged(above.expected, below.expected), merged(above.have, below.have)
		l.reported = above.reported || below.reported
	}
	l.carry(indicator.Coverage, n.terms, d.terms)
	return l
}

// merged returns the codes of two lists in order.
func merged(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return all
}
