package catalogue

import "slices"

// PeriodsInYear is how many periods a year has: itself, halves, quarters, months and
// years to date.
const PeriodsInYear = 1 + 2 + 4 + 12 + 12

// PeriodsOfYear returns every period of a year, by kind and index.
func PeriodsOfYear(year int16) [PeriodsInYear]Period {
	periods := yearOfPeriods
	for i := range periods {
		periods[i].Year = year
	}
	return periods
}

var yearOfPeriods = func() (periods [PeriodsInYear]Period) {
	periods[0] = Period{Kind: Year}
	n := 1
	for _, of := range []struct {
		kind PeriodKind
		last uint8
	}{{Half, 2}, {Quarter, 4}, {Month, 12}, {YearToDate, 12}} {
		for i := uint8(1); i <= of.last; i++ {
			periods[n] = Period{Kind: of.kind, Index: i}
			n++
		}
	}
	return periods
}()

// Number returns the period's place in [PeriodsOfYear].
func (p Period) Number() int {
	switch p.Kind {
	case Half:
		return int(p.Index)
	case Quarter:
		return 2 + int(p.Index)
	case Month:
		return 6 + int(p.Index)
	case YearToDate:
		return 18 + int(p.Index)
	}
	return 0
}

// Months returns the months of its year that a period covers: those after the from-th,
// up to the to-th. 2021-Q2 is 3, 6.
func (p Period) Months() (from, to int) { return p.firstMonth() - 1, p.lastMonth() }

// MayFollow reports whether a figure of an indicator's kind for the period p may follow
// from one for another period q of its year, alone or together with others. A flow is
// the sum of spans that follow one another, or the difference of two that begin alike;
// a stock is the same reading in all periods that end at once. A year is never taken
// from December's year to date, which is not the annual figure, nor the other way
// round. Ratios follow from their parts, never from ratios of other periods.
func (p Period) MayFollow(kind Kind, q Period) bool {
	from, to := p.Months()
	start, end := q.Months()
	switch {
	case p.Year != q.Year || p == q || kind == Ratio:
		return false
	case kind == Stock:
		return to == end
	case start == from && end == to:
		return p.Kind != Year && q.Kind != Year
	case start >= from && end <= to: // a part of a sum
		return true
	case end == to: // what a difference is taken from
		return covered(start, from)
	}
	return end == from && covered(start, to) // what is taken away
}

// covered reports whether there is a period of the months.
func covered(from, to int) bool {
	return slices.ContainsFunc(yearOfPeriods[:], func(p Period) bool {
		start, end := p.Months()
		return start == from && end == to
	})
}

// DerivedPeriods returns the periods that may follow from the period, in order.
func (p Period) DerivedPeriods(kind Kind) []Period {
	feeds := slices.Clone(derivedPeriods[derivationKey{kind, p.Number()}])
	for i := range feeds {
		feeds[i].Year = p.Year
	}
	return feeds
}

type derivationKey struct {
	kind   Kind
	number int
}

var derivedPeriods = func() map[derivationKey][]Period {
	fed := map[derivationKey][]Period{}
	for _, kind := range []Kind{Flow, Stock} {
		for number, from := range yearOfPeriods {
			for _, p := range yearOfPeriods {
				if p.MayFollow(kind, from) {
					fed[derivationKey{kind, number}] = append(fed[derivationKey{kind, number}], p)
				}
			}
		}
	}
	return fed
}()
