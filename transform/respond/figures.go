package respond

import (
	"context"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/ledger"
)

// figures says which figures of an area are in force.
func (r *Responder) figures(ctx context.Context, wanted inquiry.Wanted) (inquiry.Figures, error) {
	if n := len(wanted.Periods); n == 0 || n > inquiry.MaxPeriods {
		return inquiry.Figures{}, event.Permanentf("want 1 to %d periods, got %d", inquiry.MaxPeriods, n)
	}
	if err := r.catchUp(ctx); err != nil {
		return inquiry.Figures{}, err
	}
	view := r.ledger.View()
	defer view.Close()
	indicators := view.Catalogue().Indicators
	told := inquiry.Figures{Basis: view.Basis(), Figures: []inquiry.Figure{}}
	for _, text := range wanted.Periods {
		period, err := catalogue.ParsePeriod(text)
		if err != nil {
			return inquiry.Figures{}, event.Permanentf("%w", err)
		}
		if r.ledger.Locked(period) {
			told.Locked = append(told.Locked, period.String())
		}
		for i := range indicators {
			indicator := &indicators[i]
			if wanted.Dataset != "" && !slices.Contains(indicator.Datasets, wanted.Dataset) {
				continue
			}
			for _, part := range view.AppendParts(nil, ledger.Cell{Indicator: indicator.ID, Period: period}) {
				if part.Area == wanted.Area {
					told.Figures = append(told.Figures, figureOf(indicator, period, &part))
				}
			}
		}
	}
	return told, nil
}

func figureOf(indicator *catalogue.Indicator, period catalogue.Period, part *ledger.Part) inquiry.Figure {
	return inquiry.Figure{
		Indicator: indicator.ID, Period: period.String(), Unit: indicator.UnitName, Submission: part.Submission.String(), Sequence: part.Sequence,
		Said: ledger.SaidOf(part),
	}
}
