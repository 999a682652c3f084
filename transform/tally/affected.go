package tally

import (
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

// Affected returns the totals that may change when figures of the cells do, by period
// and indicator: those of the cells themselves, of the periods derived from them and
// of the ratios they are part of, and all these of the next year, since they are the
// base of its change.
func Affected(c *catalogue.Catalogue, cells []ledger.Cell) []ledger.Cell {
	touched := map[catalogue.Period]map[string]bool{}
	touch := func(indicator string, period catalogue.Period) {
		for _, period := range [...]catalogue.Period{period, period.YearAfter()} {
			if touched[period] == nil {
				touched[period] = map[string]bool{}
			}
			touched[period][indicator] = true
		}
	}
	for _, cell := range cells {
		indicator, ok := c.Indicator(cell.Indicator)
		if !ok {
			continue
		}
		ratios := c.Dependents(cell.Indicator)
		for _, period := range append(cell.Period.DerivedPeriods(indicator.Kind), cell.Period) {
			touch(cell.Indicator, period)
			for _, ratio := range ratios {
				touch(ratio.ID, period)
			}
		}
	}
	affected := make([]ledger.Cell, 0, 2*len(cells))
	for _, period := range slices.SortedFunc(maps.Keys(touched), catalogue.Period.Compare) {
		for _, indicator := range slices.Sorted(maps.Keys(touched[period])) {
			affected = append(affected, ledger.Cell{Indicator: indicator, Period: period})
		}
	}
	return affected
}
