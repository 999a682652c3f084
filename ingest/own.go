package ingest

import (
	"context"
	"net/http"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/inquiry"
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
	if _, ok := g.catalogue().Dataset(wanted.Dataset); wanted.Dataset != "" && !ok {
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
	indicator, _, ok := g.catalogue().FindIndicator(name)
	if !ok {
		return valueProblem("indicator", g.catalogue().UnknownIndicator(name))
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
