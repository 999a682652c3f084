package rules

import (
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// around calls f with the spans that contain a period, the shortest first, until it returns
// false. December's year to date is not the year's own figure.
func around(p catalogue.Period, f func(catalogue.Period) bool) {
	month, length := 0, 0 // the period's last month, and how many it has
	switch p.Kind {
	case catalogue.Month:
		month, length = int(p.Index), 1
	case catalogue.Quarter:
		month, length = 3*int(p.Index), 3
	case catalogue.Half:
		month, length = 6*int(p.Index), 6
	case catalogue.YearToDate:
		month, length = int(p.Index), int(p.Index)
	default:
		return
	}
	first := month - length + 1
	at := func(kind catalogue.PeriodKind, index int) catalogue.Period {
		return catalogue.Period{Year: p.Year, Kind: kind, Index: uint8(index)}
	}
	if q := (month + 2) / 3; length < 3 && first > 3*(q-1) && !f(at(catalogue.Quarter, q)) {
		return
	}
	if h := (month + 5) / 6; length < 6 && first > 6*(h-1) && !f(at(catalogue.Half, h)) {
		return
	}
	if month > length && !f(at(catalogue.YearToDate, month)) {
		return
	}
	if length < 12 {
		f(at(catalogue.Year, 0))
	}
}

// within returns the figure of the shortest span reported that contains the row's period.
func (r *Row) within() (v catalogue.Value, ok bool) {
	if r.of.kind != catalogue.Flow {
		return v, false
	}
	around(r.Period, func(p catalogue.Period) bool {
		if r.of.kinds[p.Kind] {
			v, _, ok = r.own(p)
		}
		return !ok
	})
	return v, ok
}

// soFar returns what the year came to before the row's quarter or month, from the third
// quarter and the fourth month on: as the year to date, the half-year or the quarters before.
func (r *Row) soFar() (v catalogue.Value, ok bool) {
	months := 0
	switch {
	case r.of.kind != catalogue.Flow:
	case r.Period.Kind == catalogue.Quarter && r.Period.Index > 2:
		months = 3 * int(r.Period.Index-1)
	case r.Period.Kind == catalogue.Month && r.Period.Index > 3:
		months = int(r.Period.Index - 1)
	}
	if months == 0 {
		return v, false
	}
	at := func(kind catalogue.PeriodKind, index int) (catalogue.Value, bool) {
		if !r.of.kinds[kind] {
			return catalogue.Value{}, false
		}
		v, _, ok := r.own(catalogue.Period{Year: r.Period.Year, Kind: kind, Index: uint8(index)})
		return v, ok
	}
	if v, ok = at(catalogue.YearToDate, months); ok {
		return v, true
	}
	if months == 6 {
		if v, ok = at(catalogue.Half, 1); ok {
			return v, true
		}
	}
	if months%3 != 0 {
		return v, false
	}
	total := decimal.Decimal{}
	for quarter := 1; quarter <= months/3; quarter++ {
		if v, ok = at(catalogue.Quarter, quarter); !ok {
			return v, false
		}
		total = total.Add(v.Decimal())
	}
	return valueOf(total)
}

// part returns the greatest figure in force of the spans that the row's period is the
// shortest around. Where the submission has such a span as well, that row is judged by this
// one.
func (r *Row) part() (most catalogue.Value, ok bool) {
	if r.of.kind != catalogue.Flow || r.Period.Kind == catalogue.Month {
		return most, false
	}
	for _, p := range spansIn[r.Period.Kind][r.Period.Index] {
		if p.Year = r.Period.Year; !r.of.kinds[p.Kind] {
			continue
		}
		if v, submitted, known := r.own(p); known && !submitted && (!ok || v.Decimal().GreaterThan(most.Decimal())) {
			most, ok = v, true
		}
	}
	return most, ok
}

// spansIn are the spans inside each, of the year 0, by the latter's kind and number.
var spansIn = func() (all [catalogue.YearToDate + 1][13][]catalogue.Period) {
	for _, kind := range [...]catalogue.PeriodKind{catalogue.Month, catalogue.Quarter, catalogue.Half, catalogue.YearToDate} {
		for index := uint8(1); index <= periodsInYear(kind); index++ {
			p := catalogue.Period{Kind: kind, Index: index}
			around(p, func(span catalogue.Period) bool {
				all[span.Kind][span.Index] = append(all[span.Kind][span.Index], p)
				return true
			})
		}
	}
	return all
}()

// reach is the kinds of the spans that lie inside or around some period of a kind, or have
// the same months.
type reach struct {
	inside, around, same [catalogue.YearToDate + 1]bool
}

// reaches are those of each kind.
var reaches = func() (all [catalogue.YearToDate + 1]reach) {
	for kind := range all {
		for index := range spansIn[kind] {
			p := catalogue.Period{Kind: catalogue.PeriodKind(kind), Index: uint8(index)}
			for _, inside := range spansIn[kind][index] {
				all[kind].inside[inside.Kind], all[inside.Kind].around[kind] = true, true
			}
			if same, exists := sameSpan(p); exists {
				all[kind].same[same.Kind] = true
			}
		}
	}
	return all
}()
