package tally

import (
	"slices"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// Source is where totals get their figures from: the ledger, a view of it, or an overlay.
type Source interface {
	// AppendParts appends the best figures of a cell: at most one of each area, in
	// the order of the areas' codes.
	AppendParts([]ledger.Part, ledger.Cell) []ledger.Part
	// Reported returns the periods of a year for which anybody has reported the
	// indicator. It may return others too, whose cells have no figures.
	Reported(indicator string, year int16) catalogue.PeriodSet
}

var (
	_ Source = (*ledger.Ledger)(nil)
	_ Source = (*ledger.View)(nil)
	_ Source = ledger.Reading{}
)

// Tally folds a cell's figures into the city total, with its change on the year
// before. The total is in the indicator's unit. Areas without a value are listed in
// Missing, never counted as zero. For an area that has reported other periods of the
// year but not this one, the figure that follows from those is used, and the total is
// flagged as derived: a flow as the sum of spans that follow one another or the
// difference of two that begin alike, of which the highest lowest stage counts, then the
// fewest spans, then the latest; a stock as the best of what was reported for the same
// instant. Tally reports false when nobody has reported anything for the cell, or for
// one part of a ratio; where one part is the city's own figure, either suffices for a total
// without value that names who is missing. So do figures that are held, where the source
// knows of them: the total has no value, and says what it would be with them. Method: the indicator's city_total in the catalogue.
func Tally(c *catalogue.Catalogue, source Source, cell ledger.Cell) (event.Total, bool) {
	return newCalculator(c, source).total(cell)
}

func (c *calculator) total(cell ledger.Cell) (event.Total, bool) {
	indicator, ok := c.catalogue.Indicator(cell.Indicator)
	if !ok {
		return event.Total{}, false
	}
	now := c.level(indicator, cell.Period)
	if !now.reported {
		return c.onlyHeld(indicator, cell.Period)
	}
	total := event.Total{
		Indicator: indicator.ID, Unit: indicator.UnitName,
		Status: catalogue.Missing.String(), Stage: now.stage.String(),
		Expected: len(now.expected), Missing: now.missing(), Inputs: inputs(now.terms), Flags: now.flags,
	}
	if now.known() {
		total.Qualifier = now.qualifier().String()
		if total.Value = figure(&total, now.value(indicator)); total.Value != "" {
			total.Status, total.Carried = now.status.String(), now.carried
			total.Publishable = len(total.Missing) == 0 || indicator.Coverage == catalogue.Partial
		}
	}
	c.change(&total, indicator, cell.Period, now)
	c.tellHeld(&total, indicator, cell.Period)
	return total, true
}

// figure writes a figure of a total. One that the store has no room for is left out, and
// flagged.
func figure(total *event.Total, value decimal.Decimal) string {
	if catalogue.FitsStore(value) {
		return value.String()
	}
	if !slices.Contains(total.Flags, event.Overflow) {
		// The flags are the level's, which other totals share.
		total.Flags = append(slices.Clip(total.Flags), event.Overflow)
	}
	return ""
}
