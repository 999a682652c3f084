package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// redefined reports whether the indicator's figure of a period, or a part of it, means
// something else than that of the year before.
func (c *calculator) redefined(indicator *catalogue.Indicator, period catalogue.Period) bool {
	between := func(d catalogue.Date) bool {
		return d.After(period.YearBefore().LastDay()) && !d.After(period.LastDay())
	}
	for _, id := range []string{indicator.ID, indicator.Numerator, indicator.Denominator} {
		if of, ok := c.catalogue.Indicator(id); ok && slices.ContainsFunc(of.Redefined, between) {
			return true
		}
	}
	return false
}
