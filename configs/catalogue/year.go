package catalogue

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

// NumberedPeriod returns the period of a year that has the number.
func NumberedPeriod(year int16, number int) Period {
	p := yearOfPeriods[number]
	p.Year = year
	return p
}

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
