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

// A page offers the periods of so many years that there are at least periodsOffered, so that old
// figures can be revised, and of minYears where a year has many.
const (
	periodsOffered = 40
	minYears       = 4
	maxYears       = 20
)

// passedOver reports whether a year to date is not offered, as the dataset takes a month or a
// quarter that is the same: the year's first.
func passedOver(d *catalogue.Dataset, p catalogue.Period) bool {
	return p.Kind == catalogue.YearToDate && slices.ContainsFunc(p.MetBy()[1:], d.Takes)
}

// periodsOf returns the periods of a dataset in a year that are offered.
func periodsOf(d *catalogue.Dataset, year int16) (periods []catalogue.Period) {
	for _, p := range catalogue.PeriodsOfYear(year) {
		if d.Takes(p) && !passedOver(d, p) {
			periods = append(periods, p)
		}
	}
	return periods
}

// selected reads the selection from an address. What is missing or cannot be is replaced: by
// the first dataset, and its newest period that has ended and that the area owes.
func (v *visit) selected(query url.Values) selection {
	cat := v.page.catalogue()
	s := selection{Dataset: &cat.Datasets[0]}
	if d, ok := cat.Dataset(query.Get("dataset")); ok {
		s.Dataset = d
	}
	now := v.page.now().In(cat.Zone())
	period, err := catalogue.ReadPeriod(query.Get("period"), 0)
	if err != nil || !s.Dataset.Takes(period) {
		period = template.Latest(s.Dataset, func(p catalogue.Period) bool { return p.HasEnded(now, cat.Zone()) },
			func(p catalogue.Period) bool { return v.page.gateway.Owes(v.Area.Code, s.Dataset.ID, p) }, now.Year())
	}
	s.Period = period
	this := int16(now.Year())
	years := int16(min(maxYears, max(minYears, periodsOffered/max(1, len(periodsOf(s.Dataset, this))))))
	for year := this; year > this-years; year-- {
		for _, p := range periodsOf(s.Dataset, year) {
			if p.HasBegun(now, cat.Zone()) {
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
