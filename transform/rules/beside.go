package rules

import (
	"github.com/citytally/citytally/configs/catalogue"
)

// sameSpan returns the other period of the same months: the year to March for the first
// quarter, and the other way round. December's year to date is not the year's own figure.
func sameSpan(p catalogue.Period) (catalogue.Period, bool) {
	pairs := [...][2]catalogue.Period{
		{{Kind: catalogue.Month, Index: 1}, {Kind: catalogue.YearToDate, Index: 1}},
		{{Kind: catalogue.Quarter, Index: 1}, {Kind: catalogue.YearToDate, Index: 3}},
		{{Kind: catalogue.Half, Index: 1}, {Kind: catalogue.YearToDate, Index: 6}},
	}
	for _, pair := range pairs {
		pair[0].Year, pair[1].Year = p.Year, p.Year
		switch p {
		case pair[0]:
			return pair[1], true
		case pair[1]:
			return pair[0], true
		}
	}
	return p, false
}

// periodBefore returns the period of the same kind before p. A year to date has none
// before its first month.
func periodBefore(p catalogue.Period) (catalogue.Period, bool) {
	switch {
	case p.Kind == catalogue.Year:
		return p.YearBefore(), true
	case p.Index > 1:
		p.Index--
		return p, true
	case p.Kind == catalogue.YearToDate:
		return p, false
	}
	p.Year, p.Index = p.Year-1, periodsInYear(p.Kind)
	return p, true
}

// periodAfter returns the period of the same kind after p. A year to date has none after
// December.
func periodAfter(p catalogue.Period) (catalogue.Period, bool) {
	switch {
	case p.Kind == catalogue.Year:
		return p.YearAfter(), true
	case p.Index < periodsInYear(p.Kind):
		p.Index++
		return p, true
	case p.Kind == catalogue.YearToDate:
		return p, false
	}
	p.Year, p.Index = p.Year+1, 1
	return p, true
}

func periodsInYear(k catalogue.PeriodKind) uint8 {
	switch k {
	case catalogue.Year:
		return 1
	case catalogue.Half:
		return 2
	case catalogue.Quarter:
		return 4
	}
	return 12
}
