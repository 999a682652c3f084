package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// territoriesOf returns the territories that areas cover in a period and the year before.
func (c *calculator) territoriesOf(period catalogue.Period) *catalogue.Territories {
	of, ok := c.territories[period]
	if !ok {
		of = c.catalogue.Territories(period.YearBefore(), period)
		if c.territories == nil {
			c.territories = map[catalogue.Period]*catalogue.Territories{}
		}
		c.territories[period] = of
	}
	return of
}

// notComparable returns why a level is not to be compared with that of the year before,
// and the areas because of which; "" where it can be. Each territory has to have figures
// of all its areas in both years, or of none. An area whose territory belongs to nobody
// known in the other year breaks the change of every total.
func (c *calculator) notComparable(period catalogue.Period, now, base *level) (reason string, areas []string) {
	if len(now.expected) == 1 && now.expected[0] == c.catalogue.City {
		return "", nil
	}
	territories := c.territoriesOf(period)
	switch {
	case len(territories.Broken) > 0:
		return Break, territories.Broken
	case len(territories.New) > 0:
		return NewArea, territories.New
	case len(now.have) == len(now.expected) && len(base.have) == len(base.expected):
		return "", nil
	}
	for _, of := range territories.All {
		missing := slices.Concat(without(of.Before, base.have), without(of.Now, now.have))
		if len(missing) > 0 && len(missing) < len(of.Before)+len(of.Now) {
			areas = append(areas, missing...)
		}
	}
	if len(areas) == 0 {
		return "", nil
	}
	slices.Sort(areas)
	return MissingMember, slices.Compact(areas)
}

// without returns the codes that are not among others, which are in order.
func without(codes, others []string) (rest []string) {
	for _, code := range codes {
		if _, ok := slices.BinarySearch(others, code); !ok {
			rest = append(rest, code)
		}
	}
	return rest
}
