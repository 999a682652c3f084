package tally

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/shopspring/decimal"
)

// OwnFigure is an area's own figure in a cell, in the indicator's unit.
type OwnFigure struct {
	Value     decimal.Decimal
	Stage     catalogue.Stage
	Qualifier catalogue.Qualifier
}

// Own returns an area's own figure in a cell: its best vintage or, where it has
// reported nothing for the period, what follows from its figures of other
// periods, as for the city's total. It reports false when there is none, and for
// ratios, which nobody reports.
func Own(c *catalogue.Catalogue, source Source, cell ledger.Cell, area string) (OwnFigure, bool) {
	indicator, ok := c.Indicator(cell.Indicator)
	if !ok || indicator.Total == catalogue.RatioRule {
		return OwnFigure{}, false
	}
	t := tally{catalogue: c, source: source}
	only := []string{area}
	parts, _ := t.parts(indicator, cell.Period, only)
	if len(parts) == 0 {
		return OwnFigure{}, false
	}
	l := fold(parts, only, indicator.Coverage)
	return OwnFigure{Value: l.numerator, Stage: l.stage, Qualifier: l.qualifier}, true
}
