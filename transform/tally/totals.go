package tally

import (
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// OfPeriod folds every total of a period that somebody has reported anything for,
// in the catalogue's order.
func OfPeriod(c *catalogue.Catalogue, source Source, period catalogue.Period) []event.Total {
	var totals []event.Total
	t := calculator{catalogue: c, source: source}
	for i := range c.Indicators {
		if total, ok := t.total(ledger.Cell{Indicator: c.Indicators[i].ID, Period: period}); ok {
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
	t := calculator{catalogue: c}
	return t.expected(indicator, period)
}

// Sum adds the figures of inputs up, exactly; those that are subtracted count
// against the others.
func Sum(inputs []event.Input) decimal.Decimal {
	parts := make([]term, len(inputs))
	for i := range inputs {
		parts[i] = term{Part: ledger.Part{Figure: ledger.Figure{Value: inputs[i].Value}}, subtracted: inputs[i].Subtracted}
	}
	return sumTerms(parts)
}
