package transform

import (
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// TotalsOf folds every total of a period that somebody has reported anything for,
// in the catalogue's order.
func TotalsOf(c *catalogue.Catalogue, source Source, period catalogue.Period) []event.Total {
	var totals []event.Total
	t := tally{catalogue: c, source: source}
	for i := range c.Indicators {
		if total, ok := t.total(Cell{c.Indicators[i].ID, period}); ok {
			totals = append(totals, total)
		}
	}
	return totals
}

// Expected returns the areas, by code, that a period's total of the indicator is
// made of. A ratio is made of its numerator's.
func Expected(c *catalogue.Catalogue, indicator *catalogue.Indicator, period catalogue.Period) []string {
	if indicator.Total == catalogue.RatioRule {
		indicator, _ = c.Indicator(indicator.Numerator)
	}
	t := tally{catalogue: c}
	return t.expected(indicator, period)
}

// SumOf adds the figures of inputs up, exactly; those that are subtracted count
// against the others.
func SumOf(inputs []event.Input) decimal.Decimal {
	parts := make([]inputPart, len(inputs))
	for i := range inputs {
		parts[i] = inputPart{Part: Part{Figure: Figure{Value: inputs[i].Value}}, subtracted: inputs[i].Subtracted}
	}
	return sum(parts)
}
