package main

import (
	"io"
	"time"

	"github.com/citytally/citytally/cmd/citytally/bulletin"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

type totalsByIndicator map[string]*event.Total

func byIndicator(totals []event.Total) totalsByIndicator {
	by := totalsByIndicator{}
	for i := range totals {
		by[totals[i].Indicator] = &totals[i]
	}
	return by
}

// origin is what totals were computed from, and when.
type origin struct {
	basis     uint64
	catalogue string
	at        time.Time
}

// reportRows shows totals as ClickHouse would report them.
func reportRows(c *catalogue.Catalogue, totals []event.Total, from origin) []sink.ReportRow {
	rows := make([]sink.ReportRow, len(totals))
	for i := range totals {
		t := &totals[i]
		rows[i] = sink.ReportRow{
			Indicator: t.Indicator, Value: t.Value, Unit: t.Unit, Stage: t.Stage, Status: t.Status, Qualifier: t.Qualifier,
			Change: t.Change, ChangeKind: t.ChangeKind, ChangeAbsolute: t.ChangeAbsolute, ChangeReason: t.ChangeReason,
			Coverage:    sink.Coverage{Have: t.Have(), Expected: t.Expected, Missing: append([]string{}, t.Missing...)},
			Publishable: t.Publishable, Flags: append([]string{}, t.Flags...),
			Basis: from.basis, Trigger: string(event.ByManual), Catalogue: from.catalogue, ComputedAt: from.at,
		}
		if indicator, ok := c.Indicator(t.Indicator); ok {
			rows[i].NameZH, rows[i].NameEN, rows[i].Programme = indicator.NameZH, indicator.NameEN, indicator.Programme
			rows[i].Decimals, rows[i].ChangeDecimals, rows[i].Rounding = indicator.Decimals, indicator.ChangeDecimals, string(indicator.Rounding)
		}
	}
	return rows
}

// How many periods a trend goes back at most.
const trendYears = 10

// page writes the report as an HTML page.
func (r *report) page(w io.Writer) error {
	period, err := catalogue.ParsePeriod(r.Period)
	if err != nil {
		return err
	}
	page := bulletin.Page{
		Writer: bulletin.Writer{Catalogue: r.catalogue, Lang: r.lang}, Of: period, Rows: r.Totals, Totals: r.inputs,
		Trends: map[string][]bulletin.Point{}, Release: r.Release, Note: r.note, Made: time.Now().In(r.location),
		Version: r.catalogue.Version(),
	}
	if !r.AsOf.IsZero() {
		page.AsOf = r.AsOf.In(r.location)
	}
	for i := range r.Totals {
		row := &r.Totals[i]
		page.Basis, page.Version, page.Made = row.Basis, row.Catalogue, row.ComputedAt.In(r.location)
		page.Trends[row.Indicator] = append(r.trend(row.Indicator, period), bulletin.Point{Period: period, Value: row.Value, Stage: row.Stage})
	}
	return page.Write(w)
}

// trend tallies the same period of earlier years, the oldest first, from the
// first in which there is a total.
func (r *report) trend(indicator string, period catalogue.Period) []bulletin.Point {
	var points []bulletin.Point
	earlier := period
	for range trendYears - 1 {
		earlier = earlier.YearBefore()
		total, ok := tally.Tally(r.catalogue, r.history.Ledger, ledger.Cell{Indicator: indicator, Period: earlier})
		if !ok {
			break
		}
		points = append([]bulletin.Point{{Period: earlier, Value: total.Value, Stage: total.Stage}}, points...)
	}
	return points
}
