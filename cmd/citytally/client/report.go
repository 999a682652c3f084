package client

import (
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Report answers with the selected totals: the latest from ClickHouse, those of
// the past and releases from the log. With page, the report holds what a page
// shows beside them, which the log alone can tell.
func (c *Client) Report(ctx context.Context, s Selection, page bool) (*present.Report, error) {
	if s.Release == "" && s.AsOf == "" && !page {
		return c.latest(ctx, &s)
	}
	log, err := c.OpenLog()
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if s.Release != "" {
		return log.releaseReport(ctx, s.Release, page)
	}
	return log.report(ctx, &s, page)
}

func (c *Client) latest(ctx context.Context, s *Selection) (*present.Report, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	if _, err := c.Catalogue(); err != nil {
		return nil, err
	}
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	rows, err := store.Report(ctx, period.String())
	if err != nil {
		return nil, err
	}
	return &present.Report{Period: period.String(), Totals: rows}, nil
}

// report answers with the totals of a period as they were at a moment.
func (l *Log) report(ctx context.Context, s *Selection, page bool) (*present.Report, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	moment, err := l.moment(s)
	if err != nil {
		return nil, err
	}
	history, err := l.replay(ctx, moment, nil)
	if err != nil {
		return nil, err
	}
	totals := tally.OfPeriod(l.catalogue, history.Ledger, period)
	r := &present.Report{
		Period: period.String(), AsOf: moment.Received,
		Totals: reportRows(l.catalogue, totals, origin{basis: history.Ledger.Basis(), catalogue: l.catalogue.Version(), at: time.Now().UTC()}),
	}
	if page {
		l.addPage(r, totals, period, history)
	}
	return r, nil
}

// releaseReport answers with the totals of a release.
func (l *Log) releaseReport(ctx context.Context, name string, page bool) (*present.Report, error) {
	release, period, err := l.release(ctx, name)
	if err != nil {
		return nil, err
	}
	r := &present.Report{
		Period: release.Period, Release: release.Name, AsOf: release.AsOf(), Note: release.Note,
		Totals: reportRows(l.catalogue, release.Totals, origin{basis: release.Basis, catalogue: release.Catalogue, at: release.Created()}),
	}
	if page {
		history, err := l.replay(ctx, answer.MomentOf(release), nil)
		if err != nil {
			return nil, err
		}
		l.addPage(r, release.Totals, period, history)
	}
	return r, nil
}

// addPage adds what a page shows beside the totals.
func (l *Log) addPage(r *present.Report, totals []event.Total, period catalogue.Period, history *ledger.History) {
	r.Inputs, r.Earlier = map[string]*event.Total{}, map[string][]present.Point{}
	for i := range totals {
		id := totals[i].Indicator
		r.Inputs[id], r.Earlier[id] = &totals[i], l.earlier(history, id, period)
	}
}

// trendYears is how many years a trend has at most.
const trendYears = 10

// earlier tallies the same period of earlier years, the oldest first, back to the
// last year in which there is no total.
func (l *Log) earlier(h *ledger.History, indicator string, period catalogue.Period) []present.Point {
	var points []present.Point
	for range trendYears - 1 {
		period = period.YearBefore()
		total, ok := tally.Tally(l.catalogue, h.Ledger, ledger.Cell{Indicator: indicator, Period: period})
		if !ok {
			break
		}
		points = append(points, present.Point{Period: period, Value: total.Value, Stage: total.Stage})
	}
	slices.Reverse(points)
	return points
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
