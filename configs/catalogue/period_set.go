package catalogue

import (
	"iter"
	"math/bits"
)

// PeriodSet is a set of the periods of one year, each by its number: that of the bit
// that is set for it.
type PeriodSet uint32

// SetOf returns the set of one period.
func SetOf(p Period) PeriodSet { return 1 << p.Number() }

// Has reports whether the period of a number is in the set.
func (s PeriodSet) Has(number int) bool { return s>>number&1 != 0 }

// Numbers yields the numbers of the periods, in order.
func (s PeriodSet) Numbers() iter.Seq[int] {
	return func(yield func(int) bool) {
		for ; s != 0; s &= s - 1 {
			if !yield(bits.TrailingZeros32(uint32(s))) {
				return
			}
		}
	}
}

// PeriodsFedBy returns the periods of its year for which a figure of an indicator's kind
// may follow from one for the period, alone or together with others. A flow is the sum
// of spans that follow one another, or the difference of two that begin alike; a stock
// is the same reading in all periods that end at once. A year is never taken from
// December's year to date, which is not the annual figure, nor the other way round.
// Ratios follow from their parts, never from ratios of other periods.
func (p Period) PeriodsFedBy(kind Kind) PeriodSet { return fedBy[kind][p.Number()] }

// Follow returns the periods for which figures of an indicator's kind follow from
// figures for those of the set, where one area has all of these.
func (s PeriodSet) Follow(kind Kind) (follow PeriodSet) {
	var candidates PeriodSet
	for number := range s.Numbers() {
		candidates |= fedBy[kind][number]
	}
	if kind != Flow {
		return candidates
	}
	for number := range candidates.Numbers() {
		if (s &^ notUsedFor[number]).cover(number) {
			follow |= 1 << number
		}
	}
	return follow
}

// cover reports whether the periods of the set give the months of the numbered one: as
// a sum or as a difference.
func (s PeriodSet) cover(number int) bool {
	var ends [12]uint16 // by the month that spans begin after: a bit for each month that one ends with
	for n := range s.Numbers() {
		ends[spans[n].from] |= 1 << spans[n].to
	}
	target := spans[number]
	for _, end := range ends[:target.from] {
		if both := uint16(1)<<target.from | 1<<target.to; end&both == both {
			return true
		}
	}
	reached := uint16(1) << target.from
	for month := target.from; month < target.to; month++ {
		if reached>>month&1 != 0 {
			reached |= ends[month]
		}
	}
	return reached>>target.to&1 != 0
}

// spans are the months of each period of a year, by its number.
var spans = func() (spans [PeriodsInYear]struct{ from, to int }) {
	for number, p := range yearOfPeriods {
		spans[number].from, spans[number].to = p.Months()
	}
	return spans
}()

// notUsedFor has, by a period's number, those that its figure never follows from: itself
// and, of the year and December's year to date, the other.
var notUsedFor = func() (not [PeriodsInYear]PeriodSet) {
	year, december := Period{Kind: Year}, Period{Kind: YearToDate, Index: 12}
	for number := range not {
		not[number] = 1 << number
	}
	not[year.Number()] |= SetOf(december)
	not[december.Number()] |= SetOf(year)
	return not
}()

// fedBy has the periods that each may be a term of, by its number.
var fedBy = func() map[Kind]*[PeriodsInYear]PeriodSet {
	fed := map[Kind]*[PeriodsInYear]PeriodSet{Flow: {}, Stock: {}, Ratio: {}}
	for number, term := range spans {
		for other, p := range spans {
			if number == other {
				continue
			}
			if term.to == p.to {
				fed[Stock][number] |= 1 << other
			}
			if !notUsedFor[other].Has(number) && mayFollow(p.from, p.to, term.from, term.to) {
				fed[Flow][number] |= 1 << other
			}
		}
	}
	return fed
}()

// mayFollow reports whether a flow of some months may follow from one of others.
func mayFollow(from, to, start, end int) bool {
	switch {
	case start >= from && end <= to: // a part of a sum
		return true
	case end == to: // what a difference is taken from
		return covered(start, from)
	}
	return end == from && covered(start, to) // what is taken away
}

// covered reports whether there is a period of the months.
func covered(from, to int) bool {
	for _, span := range spans {
		if span.from == from && span.to == to {
			return true
		}
	}
	return false
}
