package tally

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/shopspring/decimal"
)

// AreaFigure is an area's own figure in a cell, in the indicator's unit.
type AreaFigure struct {
	Value     decimal.Decimal
	Stage     catalogue.Stage
	Qualifier catalogue.Qualifier
}

// OfArea returns an area's own figure in a cell: its best figure or, where it has
// reported nothing for the period, what follows from its figures of other periods, as
// in [Tally]. It reports false where there is none, and for ratios, which nobody
// reports.
func OfArea(c *catalogue.Catalogue, source Source, cell ledger.Cell, area string) (AreaFigure, bool) {
	indicator, ok := c.Indicator(cell.Indicator)
	if !ok || indicator.Total == catalogue.RatioRule {
		return AreaFigure{}, false
	}
	of := calculator{catalogue: c, source: source}
	only := []string{area}
	terms, _ := of.terms(indicator, cell.Period, only)
	if len(terms) == 0 {
		return AreaFigure{}, false
	}
	l := fold(terms, only)
	return AreaFigure{Value: l.numerator, Stage: l.stage, Qualifier: l.qualifier()}, true
}
