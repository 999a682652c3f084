package client

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Report returns the selected totals: the latest from ClickHouse, those of the past
// and releases from the log. With page it adds what only the HTML page shows, and
// takes the latest totals from the log too.
func (c *Client) Report(ctx context.Context, s Selection, page bool) (*present.Report, error) {
	if s.Release == "" && s.AsOf == "" && !page {
		return c.latest(ctx, &s)
	}
	replayer, err := c.openReplayer(ctx)
	if err != nil {
		return nil, err
	}
	defer replayer.close()
	if s.Release != "" {
		return replayer.releaseReport(ctx, s.Release, page)
	}
	return replayer.periodReport(ctx, &s, page)
}

func (c *Client) latest(ctx context.Context, s *Selection) (*present.Report, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	inForce, err := c.Catalogue(ctx)
	if err != nil {
		return nil, err
	}
	store, err := c.openStore(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return latestReport(ctx, store, inForce, period)
}

// latestReport returns the totals of a period as ClickHouse shows them.
func latestReport(ctx context.Context, store *sink.Store, inForce *catalogue.Catalogue, period catalogue.Period) (*present.Report, error) {
	rows, err := store.Report(ctx, period.String())
	if err != nil {
		return nil, err
	}
	if err := refuseOtherCatalogue(rows, inForce); err != nil {
		return nil, err
	}
	has := map[string]bool{}
	for i := range rows {
		has[rows[i].Indicator] = true
	}
	return &present.Report{
		Period: period.String(), Totals: rows, Unreported: tally.UnreportedOf(inForce, period, func(id string) bool { return has[id] }),
	}, nil
}

// refuseOtherCatalogue returns an error for totals that were computed under another catalogue
// than that in force: one report never mixes two.
func refuseOtherCatalogue(rows []sink.ReportRow, inForce *catalogue.Catalogue) error {
	for i := range rows {
		if row := &rows[i]; row.Catalogue != inForce.Version() {
			return bilingual.Errorf("ClickHouse 中 %s 是按目录 %s 计算的，而现启用目录 %s：有 transform 和 sink 环节运行时片刻后即更新；citytally recompute 会等待其完成",
				"ClickHouse shows %s as it was computed under catalogue %s, and catalogue %s is in force: the totals follow within moments where a transform and a sink stage run; citytally recompute waits for them",
				row.Indicator, row.Catalogue, inForce.Version())
		}
	}
	return nil
}

// periodReport returns the totals of a period as they were at a moment.
func (r *replayer) periodReport(ctx context.Context, s *Selection, page bool) (*present.Report, error) {
	period, err := s.period()
	if err != nil {
		return nil, err
	}
	moment, err := r.moment(s)
	if err != nil {
		return nil, err
	}
	history, err := r.replay(ctx, moment)
	if err != nil {
		return nil, err
	}
	inForce := history.Ledger.Catalogue()
	totals := tally.OfPeriod(inForce, history.Ledger, period)
	report := &present.Report{
		Period: period.String(), AsOf: moment.Received, Unreported: unreported(inForce, period, totals),
		Totals: reportRows(inForce, totals, origin{basis: history.Ledger.Basis(), catalogue: inForce.Version(), at: time.Now().UTC()}),
	}
	if page {
		if err := r.addPage(ctx, report, totals, period, history); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// releaseReport returns the totals of a release.
func (r *replayer) releaseReport(ctx context.Context, name string, page bool) (*present.Report, error) {
	release, period, err := r.release(ctx, name)
	if err != nil {
		return nil, err
	}
	then := cmp.Or(r.editions.Of(release.Catalogue), r.catalogueAt(answer.MomentOf(release)))
	report := &present.Report{
		Period: release.Period, Release: release.Name, AsOf: release.AsOf(), Note: release.Note, Unreported: unreported(then, period, release.Totals),
		Totals: reportRows(then, release.Totals, origin{basis: release.Basis, catalogue: release.Catalogue, at: release.Created()}),
	}
	if page {
		history, err := r.replay(ctx, answer.MomentOf(release))
		if err != nil {
			return nil, err
		}
		if err := r.addPage(ctx, report, release.Totals, period, history); err != nil {
			return nil, err
		}
	}
	return report, nil
}

// unreported returns the indicators that should have a total of the period and have none.
func unreported(c *catalogue.Catalogue, period catalogue.Period, totals []event.Total) []tally.Unreported {
	return tally.UnreportedOf(c, period, func(id string) bool {
		return slices.ContainsFunc(totals, func(t event.Total) bool { return t.Indicator == id })
	})
}

// addPage adds what only the HTML page shows: the totals' inputs, earlier years, and what is
// another figure than was released.
func (r *replayer) addPage(ctx context.Context, report *present.Report, totals []event.Total, period catalogue.Period, history *ledger.History) error {
	releases, err := r.log.Releases(ctx)
	if err != nil {
		return err
	}
	released := lastReleased(releases)
	report.Inputs, report.Earlier, report.Revised = map[string]*event.Total{}, map[string][]present.Point{}, map[string]bool{}
	for i := range totals {
		id := totals[i].Indicator
		report.Inputs[id], report.Earlier[id] = &totals[i], earlier(history, id, period)
		for j := range report.Earlier[id] {
			point := &report.Earlier[id][j]
			point.Revised = differs(released, id, point.Period.String(), point.Value, point.Qualifier)
		}
		if report.Release == "" {
			report.Revised[id] = differs(released, id, report.Period, totals[i].Value, totals[i].Qualifier)
		}
	}
	return nil
}

// releasedFigure is an indicator in a period.
type releasedFigure struct{ indicator, period string }

// lastReleased returns the figures that were released last.
func lastReleased(releases []*event.Release) map[releasedFigure]*event.Total {
	released := map[releasedFigure]*event.Total{}
	slices.SortStableFunc(releases, func(a, b *event.Release) int { return cmp.Compare(a.CreatedAt, b.CreatedAt) })
	for _, release := range releases {
		for i := range release.Totals {
			if t := &release.Totals[i]; t.Value != "" {
				released[releasedFigure{t.Indicator, release.Period}] = t
			}
		}
	}
	return released
}

// differs reports whether another figure was released.
func differs(released map[releasedFigure]*event.Total, indicator, period, value, qualifier string) bool {
	t := released[releasedFigure{indicator, period}]
	return t != nil && (t.Value != value || t.Qualifier != qualifier)
}

// trendYears is the most years that the page's charts go back, with the report's own.
const trendYears = 10

// earlier returns the totals of the same period in earlier years, the oldest first.
// It stops at the first year, going back, that has no total.
func earlier(h *ledger.History, indicator string, period catalogue.Period) []present.Point {
	var points []present.Point
	for range trendYears - 1 {
		period = period.YearBefore()
		total, ok := tally.Tally(h.Ledger.Catalogue(), h.Ledger, ledger.Cell{Indicator: indicator, Period: period})
		if !ok {
			break
		}
		points = append(points, present.NewPoint(period, total.Value, total.Qualifier, total.Stage, len(total.Missing) > 0, total.ChangeReason))
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

// reportRows returns totals in the form in which ClickHouse reports them.
func reportRows(c *catalogue.Catalogue, totals []event.Total, from origin) []sink.ReportRow {
	rows := make([]sink.ReportRow, len(totals))
	for i := range totals {
		t := &totals[i]
		rows[i] = sink.ReportRow{
			Indicator: t.Indicator, Value: t.Value, Unit: t.Unit, Stage: t.Stage, Status: t.Status, Qualifier: t.Qualifier,
			Change: t.Change, ChangeKind: t.ChangeKind, ChangeAbsolute: t.ChangeAbsolute, ChangeReason: t.ChangeReason,
			Coverage:        sink.Coverage{Have: t.Have(), Expected: t.Expected, Missing: t.NotReported()},
			ChangeQualifier: t.ChangeQualifier, ChangeAreas: append([]string{}, t.ChangeAreas...),
			Publishable: t.Publishable, Held: t.Held, Flags: append([]string{}, t.Flags...), Carried: append([]string{}, t.Carried...),
			Basis: from.basis, Trigger: string(event.ByManual), Catalogue: from.catalogue, ComputedAt: from.at,
		}
		if indicator, ok := c.Indicator(t.Indicator); ok {
			rows[i].NameZH, rows[i].NameEN, rows[i].Programme = indicator.NameZH, indicator.NameEN, indicator.Programme
			rows[i].Decimals, rows[i].ChangeDecimals, rows[i].Rounding = indicator.Decimals, indicator.ChangeDecimals, string(indicator.Rounding)
		}
	}
	return rows
}
