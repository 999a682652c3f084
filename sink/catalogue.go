package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// SyncCatalogue stores the catalogue's areas, indicators and datasets under its version.
// Views show the version that came into force last, at whatever time and in whatever order
// versions are stored. It may be repeated.
func (s *Store) SyncCatalogue(ctx context.Context, c *catalogue.Catalogue, since time.Time) error {
	indicators, err := indicatorColumns(c, since)
	if err != nil {
		return fmt.Errorf("sync catalogue %s: %w", c.Version(), err)
	}
	for _, table := range []struct {
		name    string
		columns []column
	}{
		{"areas_data", areaColumns(c, since)},
		{"indicators_data", indicators},
		{"datasets_data", datasetColumns(c, since)},
		// The last insert makes the views show the version, whose rows are all there.
		{"catalogues_data", []column{
			{"version", []string{c.Version()}}, {"city", []string{c.City}}, {"synced_at", []time.Time{since}},
		}},
	} {
		if err := s.insert(ctx, table.name, table.columns); err != nil {
			return fmt.Errorf("sync catalogue %s: %w", c.Version(), err)
		}
	}
	return nil
}

// sharedColumns returns the columns that every table of the catalogue has, for n rows.
func sharedColumns(c *catalogue.Catalogue, n int, since time.Time) []column {
	versions, positions, times := make([]string, n), make([]uint32, n), make([]time.Time, n)
	for i := range n {
		versions[i], positions[i], times[i] = c.Version(), uint32(i+1), since
	}
	return []column{{"catalogue", versions}, {"position", positions}, {"synced_at", times}}
}

func areaColumns(c *catalogue.Catalogue, since time.Time) []column {
	type area = catalogue.Area
	return append(sharedColumns(c, len(c.Areas), since), []column{
		{"code", valuesOf(c.Areas, func(a *area) string { return a.Code })},
		{"name_zh", valuesOf(c.Areas, func(a *area) string { return a.NameZH })},
		{"name_en", valuesOf(c.Areas, func(a *area) string { return a.NameEN })},
		{"kind", valuesOf(c.Areas, func(a *area) string { return string(a.Kind) })},
		{"host", valuesOf(c.Areas, func(a *area) string { return a.Host })},
		{"valid_from", valuesOf(c.Areas, func(a *area) *time.Time { return optionalDay(a.ValidFrom) })},
		{"valid_to", valuesOf(c.Areas, func(a *area) *time.Time { return optionalDay(a.ValidTo) })},
		{"predecessors", valuesOf(c.Areas, func(a *area) []string { return a.Predecessors })},
		{"gained_from", valuesOf(c.Areas, func(a *area) []string {
			return valuesOf(a.Gained, func(g *catalogue.Gain) string { return g.From })
		})},
		{"gained_on", valuesOf(c.Areas, func(a *area) []time.Time {
			return valuesOf(a.Gained, func(g *catalogue.Gain) time.Time { return g.Day.Time })
		})},
	}...)
}

func optionalDay(d catalogue.Date) *time.Time {
	if d.IsZero() {
		return nil
	}
	return &d.Time
}

func indicatorColumns(c *catalogue.Catalogue, since time.Time) ([]column, error) {
	type indicator = catalogue.Indicator
	text := func(name string, field func(*indicator) string) column {
		return column{name, valuesOf(c.Indicators, field)}
	}
	var errs []error
	bound := func(i *indicator, field, text string) *decimal.Decimal {
		if text == "" {
			return nil
		}
		reading, err := catalogue.ParseValue(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s of indicator %s: %w", field, i.ID, err))
			return nil
		}
		d := reading.Value.Decimal()
		return &d
	}
	columns := append(sharedColumns(c, len(c.Indicators), since), []column{
		text("id", func(i *indicator) string { return i.ID }),
		text("name_zh", func(i *indicator) string { return i.NameZH }),
		text("name_en", func(i *indicator) string { return i.NameEN }),
		text("programme", func(i *indicator) string { return i.Programme }),
		text("programme_zh", func(i *indicator) string { return programme(c, i).NameZH }),
		text("programme_en", func(i *indicator) string { return programme(c, i).NameEN }),
		text("unit", func(i *indicator) string { return i.UnitName }),
		text("kind", func(i *indicator) string { return string(i.Kind) }),
		text("city_total", func(i *indicator) string { return string(i.Total) }),
		text("counts_for", func(i *indicator) string { return string(i.CountsFor) }),
		text("numerator", func(i *indicator) string { return i.Numerator }),
		text("denominator", func(i *indicator) string { return i.Denominator }),
		{"factor", valuesOf(c.Indicators, func(i *indicator) int64 { return i.Factor })},
		text("change", func(i *indicator) string { return string(i.Change) }),
		{"decimals", valuesOf(c.Indicators, func(i *indicator) uint8 { return uint8(i.Decimals) })},
		{"change_decimals", valuesOf(c.Indicators, func(i *indicator) uint8 { return uint8(i.ChangeDecimals) })},
		text("rounding", func(i *indicator) string { return string(i.Rounding) }),
		text("coverage", func(i *indicator) string { return string(i.Coverage) }),
		{"minimum", valuesOf(c.Indicators, func(i *indicator) *decimal.Decimal { return bound(i, "minimum", i.Minimum) })},
		{"maximum", valuesOf(c.Indicators, func(i *indicator) *decimal.Decimal { return bound(i, "maximum", i.Maximum) })},
		{"datasets", valuesOf(c.Indicators, func(i *indicator) []string { return i.Datasets })},
		text("meaning", func(i *indicator) string { return i.Meaning }),
		text("population", func(i *indicator) string { return i.Population }),
		text("source", func(i *indicator) string { return i.Source }),
		{"redefined", valuesOf(c.Indicators, func(i *indicator) []time.Time {
			return valuesOf(i.Redefined, func(d *catalogue.Date) time.Time { return d.Time })
		})},
		{"valid_from", valuesOf(c.Indicators, func(i *indicator) *time.Time { return optionalDay(i.ValidFrom) })},
		{"valid_to", valuesOf(c.Indicators, func(i *indicator) *time.Time { return optionalDay(i.ValidTo) })},
	}...)
	return columns, errors.Join(errs...)
}

// programme returns the heading that an indicator stands under.
func programme(c *catalogue.Catalogue, i *catalogue.Indicator) catalogue.Programme {
	at := slices.IndexFunc(c.Programmes, func(p catalogue.Programme) bool { return p.ID == i.Programme })
	if at < 0 {
		return catalogue.Programme{}
	}
	return c.Programmes[at]
}

func datasetColumns(c *catalogue.Catalogue, since time.Time) []column {
	type dataset = catalogue.Dataset
	return append(sharedColumns(c, len(c.Datasets), since), []column{
		{"id", valuesOf(c.Datasets, func(d *dataset) string { return d.ID })},
		{"name_zh", valuesOf(c.Datasets, func(d *dataset) string { return d.NameZH })},
		{"name_en", valuesOf(c.Datasets, func(d *dataset) string { return d.NameEN })},
		{"rows", valuesOf(c.Datasets, func(d *dataset) string { return string(d.Rows) })},
		{"periods", valuesOf(c.Datasets, func(d *dataset) []string {
			return valuesOf(d.Periods, func(k *catalogue.PeriodKind) string { return k.String() })
		})},
		{"stage", valuesOf(c.Datasets, func(d *dataset) int8 { return int8(d.Stage) })},
		{"due_days", valuesOf(c.Datasets, func(d *dataset) int32 { return int32(d.DueDays) })},
	}...)
}
