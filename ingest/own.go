package ingest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/template"
	"github.com/citytally/citytally/ingest/token"
)

// getFigures answers GET /v1/figures with an area's figures in force.
func (g *Gateway) getFigures(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	query := r.URL.Query()
	area, err := g.areaOf(query, who)
	if err != nil {
		return err
	}
	wanted := inquiry.Wanted{Area: area.Code, Dataset: query.Get("dataset")}
	if _, ok := g.catalogue.Dataset(wanted.Dataset); wanted.Dataset != "" && !ok {
		return unprocessable(g.unknownDatasetProblem(wanted.Dataset))
	}
	for text := range strings.SplitSeq(query.Get("period"), ",") {
		period, err := catalogue.ReadPeriod(text, 0)
		if err != nil {
			return valueProblem("period", err)
		}
		wanted.Periods = append(wanted.Periods, period.String())
	}
	if len(wanted.Periods) > inquiry.MaxPeriods {
		return queryProblem("period", "请求参数 period 的时期过多", "query parameter period names too many periods")
	}
	return answer(g, w, r, func(ctx context.Context) (inquiry.Figures, error) { return inquiry.AskFigures(ctx, g.log, wanted) })
}

// getHistory answers GET /v1/figures/{indicator}/{period} with every vintage of an area's figure.
func (g *Gateway) getHistory(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	area, err := g.areaOf(r.URL.Query(), who)
	if err != nil {
		return err
	}
	name := r.PathValue("indicator")
	indicator, _, ok := g.catalogue.FindIndicator(name)
	if !ok {
		return valueProblem("indicator", g.catalogue.UnknownIndicator(name))
	}
	period, err := catalogue.ReadPeriod(r.PathValue("period"), 0)
	if err != nil {
		return valueProblem("period", err)
	}
	cell := inquiry.Cell{Area: area.Code, Indicator: indicator.ID, Period: period.String()}
	return answer(g, w, r, func(ctx context.Context) (inquiry.History, error) { return inquiry.AskHistory(ctx, g.log, cell) })
}

// getTotals answers GET /v1/totals with the city's totals of a period. A token of an area sees
// that area's parts of them, one of all areas sees every part.
func (g *Gateway) getTotals(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	period, err := catalogue.ReadPeriod(r.URL.Query().Get("period"), 0)
	if err != nil {
		return valueProblem("period", err)
	}
	wanted := inquiry.WantedTotals{Period: period.String()}
	if who.Area != token.AnyArea {
		wanted.Area = who.Area
	}
	return answer(g, w, r, func(ctx context.Context) (inquiry.Totals, error) { return inquiry.AskTotals(ctx, g.log, wanted) })
}

// Owed is what an area has yet to report.
type Owed struct {
	Area string `json:"area"`
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis uint64 `json:"basis"`
	// Reports are those of periods that ended in the last thirteen months, the earliest due
	// first.
	Reports []OwedReport `json:"reports"`
}

// OwedReport is a dataset for a period that has ended.
type OwedReport struct {
	Dataset string `json:"dataset"`
	Period  string `json:"period"`
	// Due is the last day in time, as 2006-01-02; Overdue is true after it while figures are
	// missing.
	Due     string `json:"due"`
	Overdue bool   `json:"overdue"`
	// Reported of Expected indicators have a figure, or the word that there is none. Missing
	// are the others.
	Reported int      `json:"reported"`
	Expected int      `json:"expected"`
	Missing  []string `json:"missing"`
}

// owedFor is how long ago a period may have ended that is still spoken of.
const owedFor = 13 * 31 * 24 * time.Hour

// getOwed answers GET /v1/owed: which reports of an area are due, and what they lack.
func (g *Gateway) getOwed(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	area, err := g.areaOf(r.URL.Query(), who)
	if err != nil {
		return err
	}
	now := time.Now().In(g.catalogue.Zone())
	wanted := inquiry.Wanted{Area: area.Code}
	for _, year := range []int{now.Year() - 2, now.Year() - 1, now.Year()} {
		for _, p := range catalogue.PeriodsOfYear(int16(year)) {
			if p.HasEnded(now, g.catalogue.Zone()) && p.End().After(now.Add(-owedFor)) {
				wanted.Periods = append(wanted.Periods, p.String())
			}
		}
	}
	return answer(g, w, r, func(ctx context.Context) (Owed, error) {
		figures, err := inquiry.AskFigures(ctx, g.log, wanted)
		if err != nil {
			return Owed{}, err
		}
		return Owed{Area: area.Code, Basis: figures.Basis, Reports: g.owed(area, wanted.Periods, figures.Figures, now)}, nil
	})
}

// owed holds what was reported against what the datasets expect. Periods that end on one day
// are one report: a month, or the year up to it, whichever the area reports.
func (g *Gateway) owed(area *catalogue.Area, periods []string, figures []inquiry.Figure, now time.Time) []OwedReport {
	type cell struct {
		indicator string
		end       time.Time
	}
	reported := map[cell]bool{}
	for _, f := range figures {
		if p, err := catalogue.ParsePeriod(f.Period); err == nil {
			reported[cell{f.Indicator, p.End()}] = true
		}
	}
	reports := []OwedReport{}
	for i := range g.catalogue.Datasets {
		dataset := &g.catalogue.Datasets[i]
		indicators := template.Indicators(g.catalogue, area, dataset)
		for _, text := range periods {
			p, err := catalogue.ParsePeriod(text)
			if err != nil || p.Kind != dataset.Periods[0] || len(indicators) == 0 || !area.ValidIn(p) {
				continue
			}
			report := OwedReport{Dataset: dataset.ID, Period: text, Expected: len(indicators), Missing: []string{}}
			for _, indicator := range indicators {
				if reported[cell{indicator.ID, p.End()}] {
					report.Reported++
				} else {
					report.Missing = append(report.Missing, indicator.ID)
				}
			}
			due := p.LastDay().AddDate(0, 0, dataset.DueDays)
			report.Due, report.Overdue = due.Format(time.DateOnly), len(report.Missing) > 0 && now.Format(time.DateOnly) > due.Format(time.DateOnly)
			reports = append(reports, report)
		}
	}
	slices.SortStableFunc(reports, func(a, b OwedReport) int { return strings.Compare(a.Due, b.Due) })
	return reports
}

// answer asks the transform stage and answers with what it says.
func answer[T any](g *Gateway, w http.ResponseWriter, r *http.Request, ask func(context.Context) (T, error)) error {
	ctx, cancel := context.WithTimeout(r.Context(), inquiryTimeout)
	defer cancel()
	told, err := ask(ctx)
	if err != nil {
		return g.inquiryProblem(w, err)
	}
	return writeTaggedJSON(w, r, told)
}
