package catalogue

import (
	"fmt"
	"slices"
)

// checkLists checks that every dataset of entities counts one indicator, and that every
// indicator that counts entities has one such dataset.
func (c *Catalogue) checkLists() (errs []error) {
	for i := range c.Datasets {
		d := &c.Datasets[i]
		if d.Rows == "" {
			continue
		}
		report := func(field, format string, args ...any) {
			errs = append(errs, fmt.Errorf("datasets[%d].%s (%s): %s", i, field, d.ID, fmt.Sprintf(format, args...)))
		}
		if d.Rows != EntityRows {
			report("rows", "want entities, or nothing where rows are figures; got %q", d.Rows)
			continue
		}
		if len(d.Periods) > 1 {
			report("periods", "a list is read at a period's end; want one kind of period, so that all lists of an instant stand side by side")
		}
		var of []string
		for j := range c.Indicators {
			if slices.Contains(c.Indicators[j].Datasets, d.ID) {
				of = append(of, c.Indicators[j].ID)
			}
		}
		if len(of) != 1 {
			report("rows", "a list counts one indicator; want one with city_total distinct that names this dataset, got %d %v", len(of), of)
		}
	}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		report := func(field, format string, args ...any) {
			errs = append(errs, fmt.Errorf("indicators[%d].%s (%s): %s", i, field, ind.ID, fmt.Sprintf(format, args...)))
		}
		lists := 0
		for _, id := range ind.Datasets {
			if d := c.datasets[id]; d != nil && d.Rows == EntityRows {
				lists++
			}
		}
		switch {
		case ind.Total != DistinctRule && lists > 0:
			report("city_total", "its dataset lists entities, which are counted; want distinct, got %s", ind.Total)
		case ind.Total != DistinctRule && ind.CountsFor != "":
			report("counts_for", "only an indicator with city_total distinct has it")
		case ind.Total != DistinctRule:
			continue
		case lists != 1:
			report("datasets", "entities are counted from lists; want one dataset with rows: entities among them, got %d", lists)
		}
		if ind.Total == DistinctRule {
			if ind.Kind != Stock {
				report("kind", "entities are counted at a period's end; want stock, got %s", ind.Kind)
			}
			if ind.UnitName != "" && !ind.unit.Whole() {
				report("unit", "entities are counted one by one; want a unit such as 家 or 个, got %s", ind.UnitName)
			}
			oneOf(ind.CountsFor, "counts_for", report, FirstReported, RegisteredAddress)
		}
	}
	return errs
}

// ListOf returns the indicator that a dataset of entities counts; false for a dataset of
// figures.
func (c *Catalogue) ListOf(d *Dataset) (*Indicator, bool) {
	if d.Rows != EntityRows {
		return nil, false
	}
	for i := range c.Indicators {
		if ind := &c.Indicators[i]; slices.Contains(ind.Datasets, d.ID) {
			return ind, true
		}
	}
	return nil, false
}
