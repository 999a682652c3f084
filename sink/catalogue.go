package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// SyncCatalogue stores the catalogue's areas, indicators and datasets under its
// version and makes that version the one which the views show. It may be
// repeated; an earlier version comes back by being synced again.
func (s *Store) SyncCatalogue(ctx context.Context, c *catalogue.Catalogue) error {
	now := s.now()
	indicators, err := indicatorColumns(c, now)
	if err != nil {
		return fmt.Errorf("sync catalogue %s: %w", c.Version(), err)
	}
	for _, table := range []struct {
		name    string
		columns []column
	}{
		{"areas_data", areaColumns(c, now)},
		{"indicators_data", indicators},
		{"datasets_data", datasetColumns(c, now)},
		// Last: from here on the views show the version, which is there in full.
		{"catalogues_data", []column{
			{"version", []string{c.Version()}}, {"city", []string{c.City}}, {"synced_at", []time.Time{now}},
		}},
	} {
		if err := s.insert(ctx, table.name, table.columns); err != nil {
			return fmt.Errorf("sync catalogue %s: %w", c.Version(), err)
		}
	}
	return nil
}

// stamps are the columns that every catalogue table has.
func stamps(c *catalogue.Catalogue, n int, now time.Time) []column {
	versions, positions, times := make([]string, n), make([]uint32, n), make([]time.Time, n)
	for i := range n {
		versions[i], positions[i], times[i] = c.Version(), uint32(i+1), now
	}
	return []column{{"catalogue", versions}, {"position", positions}, {"synced_at", times}}
}

func areaColumns(c *catalogue.Catalogue, now time.Time) []column {
	type area = catalogue.Area
	return append(stamps(c, len(c.Areas), now), []column{
		{"code", columnOf(c.Areas, func(a *area) string { return a.Code })},
		{"name_zh", columnOf(c.Areas, func(a *area) string { return a.NameZH })},
		{"name_en", columnOf(c.Areas, func(a *area) string { return a.NameEN })},
		{"kind", columnOf(c.Areas, func(a *area) string { return string(a.Kind) })},
		{"host", columnOf(c.Areas, func(a *area) string { return a.Host })},
		{"valid_from", columnOf(c.Areas, func(a *area) *time.Time { return day(a.ValidFrom) })},
		{"valid_to", columnOf(c.Areas, func(a *area) *time.Time { return day(a.ValidTo) })},
		{"predecessors", columnOf(c.Areas, func(a *area) []string { return a.Predecessors })},
	}...)
}

func day(d catalogue.Date) *time.Time {
	if d.IsZero() {
		return nil
	}
	return &d.Time
}

func indicatorColumns(c *catalogue.Catalogue, now time.Time) ([]column, error) {
	type indicator = catalogue.Indicator
	text := func(name string, field func(*indicator) string) column {
		return column{name, columnOf(c.Indicators, field)}
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
	columns := append(stamps(c, len(c.Indicators), now), []column{
		text("id", func(i *indicator) string { return i.ID }),
		text("name_zh", func(i *indicator) string { return i.NameZH }),
		text("name_en", func(i *indicator) string { return i.NameEN }),
		text("programme", func(i *indicator) string { return i.Programme }),
		text("unit", func(i *indicator) string { return i.UnitName }),
		text("kind", func(i *indicator) string { return string(i.Kind) }),
		text("city_total", func(i *indicator) string { return string(i.Total) }),
		text("numerator", func(i *indicator) string { return i.Numerator }),
		text("denominator", func(i *indicator) string { return i.Denominator }),
		{"factor", columnOf(c.Indicators, func(i *indicator) int64 { return i.Factor })},
		text("change", func(i *indicator) string { return string(i.Change) }),
		{"decimals", columnOf(c.Indicators, func(i *indicator) uint8 { return uint8(i.Decimals) })},
		{"change_decimals", columnOf(c.Indicators, func(i *indicator) uint8 { return uint8(i.ChangeDecimals) })},
		text("rounding", func(i *indicator) string { return string(i.Rounding) }),
		text("coverage", func(i *indicator) string { return string(i.Coverage) }),
		{"minimum", columnOf(c.Indicators, func(i *indicator) *decimal.Decimal { return bound(i, "minimum", i.Minimum) })},
		{"maximum", columnOf(c.Indicators, func(i *indicator) *decimal.Decimal { return bound(i, "maximum", i.Maximum) })},
		{"datasets", columnOf(c.Indicators, func(i *indicator) []string { return i.Datasets })},
	}...)
	return columns, errors.Join(errs...)
}

func datasetColumns(c *catalogue.Catalogue, now time.Time) []column {
	type dataset = catalogue.Dataset
	return append(stamps(c, len(c.Datasets), now), []column{
		{"id", columnOf(c.Datasets, func(d *dataset) string { return d.ID })},
		{"name_zh", columnOf(c.Datasets, func(d *dataset) string { return d.NameZH })},
		{"name_en", columnOf(c.Datasets, func(d *dataset) string { return d.NameEN })},
		{"periods", columnOf(c.Datasets, func(d *dataset) []string {
			return columnOf(d.Periods, func(k *catalogue.PeriodKind) string { return k.String() })
		})},
		{"stage", columnOf(c.Datasets, func(d *dataset) int8 { return int8(d.Stage) })},
		{"due_days", columnOf(c.Datasets, func(d *dataset) int32 { return int32(d.DueDays) })},
	}...)
}
