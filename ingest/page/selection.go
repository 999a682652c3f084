package page

import (
	"net/url"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/template"
)

// selection is the dataset and the period that a page is about, and those that it offers.
type selection struct {
	Dataset *catalogue.Dataset
	Period  catalogue.Period
	Periods []catalogue.Period // the newest first
}

// yearsOffered is how many years a page offers periods of.
const yearsOffered = 4

// selected reads the selection from an address. What is missing or cannot be is replaced: by
// the first dataset, and its newest period that has ended.
func (v *visit) selected(query url.Values) selection {
	cat := v.page.catalogue()
	s := selection{Dataset: &cat.Datasets[0]}
	if d, ok := cat.Dataset(query.Get("dataset")); ok {
		s.Dataset = d
	}
	now := v.page.now().In(cat.Zone())
	period, err := catalogue.ReadPeriod(query.Get("period"), 0)
	if err != nil || !slices.Contains(s.Dataset.Periods, period.Kind) {
		period = template.Latest(s.Dataset, func(p catalogue.Period) bool { return p.HasEnded(now, cat.Zone()) }, now.Year())
	}
	s.Period = period
	for year := int16(now.Year()); year > int16(now.Year())-yearsOffered; year-- {
		for _, p := range catalogue.PeriodsOfYear(year) {
			if slices.Contains(s.Dataset.Periods, p.Kind) && p.HasBegun(now, cat.Zone()) {
				s.Periods = append(s.Periods, p)
			}
		}
	}
	if !slices.Contains(s.Periods, period) {
		s.Periods = append(s.Periods, period)
	}
	slices.SortStableFunc(s.Periods, func(a, b catalogue.Period) int { return b.LastDay().Compare(a.LastDay()) })
	return s
}

// Query writes the selection as a part of an address.
func (s selection) Query() string {
	return url.Values{"dataset": {s.Dataset.ID}, "period": {s.Period.String()}}.Encode()
}
