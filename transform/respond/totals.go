package respond

import (
	"context"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// cityTotals computes the city's totals of a period.
func (r *Responder) cityTotals(ctx context.Context, wanted inquiry.WantedTotals) (inquiry.Totals, error) {
	period, err := catalogue.ParsePeriod(wanted.Period)
	if err != nil {
		return inquiry.Totals{}, event.Permanentf("%w", err)
	}
	if err := r.catchUp(ctx); err != nil {
		return inquiry.Totals{}, err
	}
	view := r.ledger.View()
	defer view.Close()
	answer := inquiry.Totals{Basis: view.Basis(), Totals: []inquiry.CityTotal{}}
	for _, total := range totalsOf(view, period, wanted.Indicator) {
		parts, err := partsOf(&total, wanted.Area)
		if err != nil {
			return inquiry.Totals{}, err
		}
		answer.Totals = append(answer.Totals, inquiry.CityTotal{
			Indicator: total.Indicator, Period: wanted.Period, Unit: total.Unit, Total: *inquiry.TotalOf(&total), Parts: parts,
		})
	}
	return answer, nil
}

// totalsOf returns the total of an indicator in a period, or all where it is "".
func totalsOf(view *ledger.View, period catalogue.Period, indicator string) []event.Total {
	if indicator == "" {
		return tally.OfPeriod(view.Catalogue(), view, period)
	}
	var totals []event.Total
	for _, total := range tally.All(view.Catalogue(), view, []ledger.Cell{{Indicator: indicator, Period: period}}) {
		totals = append(totals, total.Total)
	}
	return totals
}

// partsOf returns the figures of an area, or of all where it is "", that went into a total.
func partsOf(total *event.Total, area string) ([]inquiry.Part, error) {
	inputs, err := total.Inputs.All()
	if err != nil {
		return nil, fmt.Errorf("read inputs of %s: %w", total.Indicator, err)
	}
	parts := []inquiry.Part{}
	for i := range inputs {
		in := &inputs[i]
		if area != "" && in.Area != area {
			continue
		}
		p := inquiry.Part{
			Area: in.Area, Indicator: in.Indicator, Value: in.Value.String(), Stage: in.Stage.String(), Qualifier: in.Qualifier.String(),
			Submission: in.Submission.String(), Subtracted: in.Subtracted,
		}
		if in.Period != (catalogue.Period{}) {
			p.Period = in.Period.String()
		}
		parts = append(parts, p)
	}
	return parts, nil
}
