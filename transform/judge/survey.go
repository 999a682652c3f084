package judge

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
)

// Survey returns how many of the figures in force each of the rules would find if they were
// reported now, by the rule's id. Those that it would not find have no entry.
func Survey(l *ledger.Ledger, set *rules.Set) map[string]int {
	found := map[string]int{}
	cells := l.Cells()
	l.Read(func(r ledger.Reading) {
		c := r.Catalogue()
		var parts []ledger.Part
		for _, cell := range cells {
			plan := planOf(set, c, cell)
			if plan == nil {
				continue
			}
			parts = r.AppendParts(parts[:0], cell)
			for i := range parts {
				area, known := c.Area(parts[i].Area)
				if !known || !parts[i].Counts() {
					continue
				}
				row := rules.Row{Area: area, Period: cell.Period, Value: parts[i].Value, Stage: parts[i].Stage, Figures: areaInForce{r, area.Code}}
				plan.Judge(&row, func(f *rules.Fault) { found[f.Rule.ID]++ })
			}
		}
	})
	return found
}

// planOf returns the rules for a cell, in the first dataset of figures that takes it; nil where
// none does.
func planOf(set *rules.Set, c *catalogue.Catalogue, cell ledger.Cell) *rules.Plan {
	ind, ok := c.Indicator(cell.Indicator)
	if !ok {
		return nil
	}
	for _, id := range ind.Datasets {
		dataset, _ := c.Dataset(id)
		if dataset.Takes(cell.Period) && dataset.Rows != catalogue.EntityRows {
			return set.Plans(id)[ind.ID]
		}
	}
	return nil
}

// areaInForce is what an area has in force.
type areaInForce struct {
	reading ledger.Reading
	area    string
}

var _ rules.Figures = areaInForce{}

// Figure returns the area's figure in force.
func (a areaInForce) Figure(indicator string, period catalogue.Period) (v catalogue.Value, submitted, ok bool) {
	v, ok = a.InForce(a.area, indicator, period)
	return v, false, ok
}

// InForce returns an area's figure in force.
func (a areaInForce) InForce(area, indicator string, period catalogue.Period) (catalogue.Value, bool) {
	f, _ := a.reading.Best(area, ledger.Cell{Indicator: indicator, Period: period})
	return f.Value, f.Counts()
}

// Years returns those of the ledger.
func (a areaInForce) Years(indicator string) catalogue.Years { return a.reading.Years(indicator) }

// Periods returns those of the ledger.
func (a areaInForce) Periods(indicator string, year int16) catalogue.PeriodSet {
	return a.reading.Reported(indicator, year)
}

// Repeated returns nothing: nothing is sent together.
func (a areaInForce) Repeated(catalogue.Period, catalogue.Period) (same, compared int) { return 0, 0 }

// Withdrawals returns nothing: nothing is withdrawn.
func (a areaInForce) Withdrawals() (withdrawn, reported int) { return 0, 0 }

// TakenBack returns nothing.
func (a areaInForce) TakenBack(string, catalogue.Period) (catalogue.Value, bool) {
	return catalogue.Value{}, false
}
