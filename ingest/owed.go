package ingest

import (
	"context"
	"net/http"
	"time"

	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/token"
)

// WithCalendar has the gateway say who owes what by when. Without one nothing is owed.
func WithCalendar(c *calendar.Calendar) Option { return func(g *Gateway) { g.calendar = c } }

// Owed is what an area has to report.
type Owed struct {
	Area string `json:"area"`
	// Basis is the sequence of ACCEPTED up to which the answer counts everything.
	Basis uint64 `json:"basis"`
	// Reports are those whose deadline was in the last thirteen months or comes in the next
	// two, the earliest first.
	Reports []OwedReport `json:"reports"`
}

// OwedReport is a period of a dataset that an area has to report.
type OwedReport struct {
	calendar.Obligation
	// Overdue is true after the deadline while figures are missing.
	Overdue bool `json:"overdue"`
	// Reported of Expected indicators have a figure, or the word that there is none. Missing
	// are the others.
	Reported int      `json:"reported"`
	Expected int      `json:"expected"`
	Missing  []string `json:"missing"`
}

const (
	owedBefore = 13 // months
	owedAfter  = 2  // months
)

// getOwed answers GET /v1/owed: which reports of an area are due, and what they lack.
func (g *Gateway) getOwed(w http.ResponseWriter, r *http.Request, who token.Holder) error {
	area, err := g.areaOf(r.URL.Query(), who)
	if err != nil {
		return err
	}
	owed, now := Owed{Area: area.Code, Reports: []OwedReport{}}, time.Now()
	wanted := inquiry.Wanted{Area: area.Code, Periods: []string{}}
	if g.calendar != nil {
		for _, o := range g.calendar.Obligations(now.AddDate(0, -owedBefore, 0), now.AddDate(0, owedAfter, 0)) {
			if o.Area == area.Code && len(owed.Reports) < inquiry.MaxPeriods/2 {
				owed.Reports = append(owed.Reports, OwedReport{Obligation: o, Missing: []string{}})
				wanted.Periods = append(wanted.Periods, o.Period.String())
				if same, ok := spelledOtherwise(o.Period); ok {
					wanted.Periods = append(wanted.Periods, same.String())
				}
			}
		}
	}
	if len(owed.Reports) == 0 {
		return writeTaggedJSON(w, r, owed)
	}
	return answer(g, w, r, func(ctx context.Context) (Owed, error) {
		figures, err := inquiry.AskFigures(ctx, g.log, wanted)
		if err != nil {
			return Owed{}, err
		}
		owed.Basis = figures.Basis
		for i := range owed.Reports {
			g.count(&owed.Reports[i], figures.Figures, now)
		}
		return owed, nil
	})
}

// spelledOtherwise returns the other spelling of a period that begins with its year: a quarter
// and the year up to its end.
func spelledOtherwise(p catalogue.Period) (catalogue.Period, bool) {
	from, to := p.Months()
	switch {
	case p.Kind == catalogue.YearToDate && to == 12:
		return catalogue.Period{Year: p.Year, Kind: catalogue.Year}, true
	case p.Kind != catalogue.YearToDate && from == 0:
		return catalogue.Period{Year: p.Year, Kind: catalogue.YearToDate, Index: uint8(to)}, true
	case p.Kind == catalogue.YearToDate && to == 1:
		return catalogue.Period{Year: p.Year, Kind: catalogue.Month, Index: 1}, true
	}
	return p, false
}

// count holds what was reported against what the report expects.
func (g *Gateway) count(report *OwedReport, figures []inquiry.Figure, now time.Time) {
	reported := map[string]bool{}
	for _, f := range figures {
		p, err := catalogue.ParsePeriod(f.Period)
		if err != nil {
			continue
		}
		if same, ok := spelledOtherwise(report.Period); p == report.Period || ok && p == same {
			reported[f.Indicator] = true
		}
	}
	indicators := g.calendar.Indicators(report.Dataset, report.Area, report.Period.Kind)
	report.Expected = len(indicators)
	for _, id := range indicators {
		if reported[id] {
			report.Reported++
		} else {
			report.Missing = append(report.Missing, id)
		}
	}
	report.Overdue = len(report.Missing) > 0 && now.After(report.Deadline)
}
