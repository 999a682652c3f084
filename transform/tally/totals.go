package tally

import (
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// PeriodTotal is a total and the period it is of.
type PeriodTotal struct {
	Period catalogue.Period
	event.Total
}

// All folds the total of each cell, those of related indicators together, since they
// follow from the same figures. Totals that nobody has reported anything for are left
// out.
func All(c *catalogue.Catalogue, source Source, cells []ledger.Cell) []PeriodTotal {
	of := newCalculator(c, source)
	totals := make([]PeriodTotal, 0, len(cells))
	for _, group := range groupRelated(findRelated(c), cells, func(c *ledger.Cell) string { return c.Indicator }) {
		totals = of.appendTotals(totals, group)
	}
	return totals
}

// ByCell is [All] by cell.
func ByCell(c *catalogue.Catalogue, source Source, cells []ledger.Cell) map[ledger.Cell]*event.Total {
	totals := All(c, source, cells)
	of := make(map[ledger.Cell]*event.Total, len(totals))
	for i := range totals {
		of[ledger.Cell{Indicator: totals[i].Indicator, Period: totals[i].Period}] = &totals[i].Total
	}
	return of
}

// appendTotals appends the total of each cell that has one.
func (c *calculator) appendTotals(totals []PeriodTotal, cells []ledger.Cell) []PeriodTotal {
	for _, cell := range cells {
		if total, ok := c.total(cell); ok {
			totals = append(totals, PeriodTotal{cell.Period, total})
		}
	}
	return totals
}

// OfPeriod folds the total of each indicator for a period, in the catalogue's order.
// Totals that nobody has reported anything for are left out.
func OfPeriod(c *catalogue.Catalogue, source Source, period catalogue.Period) []event.Total {
	var totals []event.Total
	of := newCalculator(c, source)
	for i := range c.Indicators {
		if total, ok := of.total(ledger.Cell{Indicator: c.Indicators[i].ID, Period: period}); ok {
			totals = append(totals, total)
		}
	}
	return totals
}

// Unreported is an indicator that should have a total of a period, and for which nobody has
// reported anything. Missing are the areas that its total is made of, by code.
type Unreported struct {
	Indicator string   `json:"indicator"`
	Missing   []string `json:"missing"`
}

// UnreportedOf returns the indicators that should have a total of the period, and are not among
// those with one, in the catalogue's order.
func UnreportedOf(c *catalogue.Catalogue, period catalogue.Period, reported func(indicator string) bool) []Unreported {
	unreported := []Unreported{}
	for _, indicator := range c.TotalsOf(period) {
		if !reported(indicator.ID) {
			unreported = append(unreported, Unreported{indicator.ID, Expected(c, indicator, period)})
		}
	}
	return unreported
}

// Expected returns the codes of the areas that the indicator's total of a period is
// made of, in order. Those of a ratio are its parts', the city among them where one part is its own.
func Expected(c *catalogue.Catalogue, indicator *catalogue.Indicator, period catalogue.Period) []string {
	of := calculator{catalogue: c}
	if indicator.Total != catalogue.RatioRule {
		return of.expected(indicator, period)
	}
	top, _ := c.Indicator(indicator.Numerator)
	bottom, _ := c.Indicator(indicator.Denominator)
	if top.Total == bottom.Total {
		return of.expected(top, period)
	}
	return merged(of.expected(top, period), of.expected(bottom, period))
}

// Sum adds the values of inputs up, exactly, and takes away those of inputs that are
// marked as subtracted.
func Sum(inputs []event.Input) decimal.Decimal {
	terms := make([]term, len(inputs))
	for i := range inputs {
		terms[i] = term{Part: ledger.Part{Figure: ledger.Figure{Value: inputs[i].Value}}, subtracted: inputs[i].Subtracted}
	}
	return sumTerms(terms)
}
