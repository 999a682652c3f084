package tally

import (
	"maps"
	"math"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

// Affected returns the totals that may change when figures of the cells do, by period
// and indicator: those of the cells themselves, of the periods derived from them and
// of the ratios they are part of, and all these of the next year, since they are the
// base of its change. It leaves out those that do not follow from what the source has.
func Affected(c *catalogue.Catalogue, source Source, cells []ledger.Cell) []ledger.Cell {
	a := affectedTotals{calculator: calculator{catalogue: c, source: source}, indicators: map[string]*affectedIndicator{}}
	first, last := int16(math.MaxInt16), int16(math.MinInt16)
	for i := range cells {
		first, last = min(first, cells[i].Period.Year), max(last, cells[i].Period.Year)
	}
	a.first, a.years = first, int(last)-int(first)+2
	for i := range cells {
		if of := a.of(cells[i].Indicator); of != nil {
			period := cells[i].Period
			of.periods[period.Year-first] |= catalogue.SetOf(period) | period.PeriodsFedBy(of.Kind)
		}
	}
	for _, changed := range slices.Collect(maps.Values(a.indicators)) {
		for _, ratio := range c.Dependents(changed.ID) {
			of := a.of(ratio.ID)
			for year, periods := range changed.periods {
				of.periods[year] |= periods
			}
		}
	}
	return a.cells()
}

// affectedTotals collects the totals that changed figures affect.
type affectedTotals struct {
	calculator
	first      int16 // year of the earliest change
	years      int   // from then to the year after the last change
	indicators map[string]*affectedIndicator
}

// affectedIndicator is the affected totals of an indicator.
type affectedIndicator struct {
	*catalogue.Indicator
	periods []catalogue.PeriodSet // by year from the first
}

// of returns the affected totals of an indicator; nil where the catalogue does not have
// it.
func (a *affectedTotals) of(id string) *affectedIndicator {
	of, ok := a.indicators[id]
	if !ok {
		if indicator, known := a.catalogue.Indicator(id); known {
			of = &affectedIndicator{Indicator: indicator, periods: make([]catalogue.PeriodSet, a.years)}
			a.indicators[id] = of
		}
	}
	return of
}

// cells returns the totals that were collected and those of the next years, by period
// and indicator.
func (a *affectedTotals) cells() (cells []ledger.Cell) {
	inOrder := make([]*affectedIndicator, 0, len(a.indicators))
	for _, id := range slices.Sorted(maps.Keys(a.indicators)) {
		inOrder = append(inOrder, a.indicators[id])
	}
	for year := a.years - 1; year >= 0; year-- {
		for _, of := range inOrder {
			if year > 0 {
				of.periods[year] |= of.periods[year-1]
			}
			if of.periods[year] != 0 {
				of.periods[year] &= a.reportable(of.Indicator, a.first+int16(year))
			}
		}
	}
	for year := range a.years {
		for number := range catalogue.PeriodsInYear {
			for _, of := range inOrder {
				if of.periods[year].Has(number) {
					cells = append(cells, ledger.Cell{Indicator: of.ID, Period: catalogue.NumberedPeriod(a.first+int16(year), number)})
				}
			}
		}
	}
	return cells
}

// reportable returns the periods of a year for which an indicator's totals may follow
// from what the source has.
func (c *calculator) reportable(indicator *catalogue.Indicator, year int16) catalogue.PeriodSet {
	if indicator.Total == catalogue.RatioRule {
		top, _ := c.catalogue.Indicator(indicator.Numerator)
		bottom, _ := c.catalogue.Indicator(indicator.Denominator)
		if top.Total != bottom.Total {
			return c.reportable(top, year) | c.reportable(bottom, year)
		}
		return c.reportable(top, year) & c.reportable(bottom, year)
	}
	reported := c.source.Reported(indicator.ID, year)
	return reported | c.follow(indicator.Kind, reported)
}
