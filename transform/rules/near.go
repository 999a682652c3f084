package rules

import (
	"iter"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// nearestYears is how many years away from a figure's own the nearest one is looked for.
const nearestYears = 20

// established returns a figure of the row's indicator in another period that the sender cannot
// have brought with the row: the one in force before the submission, unless the submission
// revises it. One that the submission takes back is established.
func (r *Row) established(p catalogue.Period) (v catalogue.Value, ok bool) {
	submitted := false
	if p == r.Period.YearBefore() { // mostly asked for already
		v, ok = r.figure(ofYearBefore)
		submitted = r.submittedYearBefore
	} else {
		v, submitted, ok = r.own(p)
	}
	if submitted {
		if ok {
			return v, false
		}
		v, ok = r.inForceIn(p)
	}
	return v, ok && v.Coefficient != 0
}

// inForceIn returns the row's area's figure in another period as it was before the submission.
func (r *Row) inForceIn(p catalogue.Period) (catalogue.Value, bool) {
	v, ok := r.Figures.InForce(r.Area.Code, r.of.id, p)
	return v, ok && v.Coefficient != 0
}

// takenBackIn returns the area's figure before it first took it back.
func (r *Row) takenBackIn(p catalogue.Period) (catalogue.Value, bool) {
	v, ok := r.Figures.TakenBack(r.of.id, p)
	return v, ok && v.Coefficient != 0
}

// nearest returns the figure of the same period in the nearest year that has one other than
// zero, the earlier of two. It is an established one, or else one that the area has taken back
// since, which is established too, or else one that the submission revises, as it was before, or else the latest earlier one of the submission itself.
func (r *Row) nearest() (v catalogue.Value, at catalogue.Period, established, ok bool) {
	submitted := func(p catalogue.Period) (catalogue.Value, bool) {
		v, _, ok := r.own(p)
		return v, ok && v.Coefficient != 0 && p.Year < r.Period.Year
	}
	for n, from := range [...]func(catalogue.Period) (catalogue.Value, bool){r.established, r.takenBackIn, r.inForceIn, submitted} {
		for year := range r.yearsAround(nearestYears) {
			p := r.Period
			if p.Year = year; year == r.Period.Year {
				continue
			}
			if v, ok := from(p); ok {
				return v, p, n <= 1, true
			}
		}
	}
	return v, at, false, false
}

// reference returns the figure that the magnitude of the value is held against: the established
// one of the nearest year, else that of the nearest other span, else that in force in the cell or taken back from it,
// else that of a year which the submission brings as well. That in force does not vouch for a value
// which the others contradict, since the sender may have brought it a moment ago.
func (r *Row) reference() (v catalogue.Value, ok bool) {
	v, at, established, ok := r.nearest()
	r.know(ofNearest, v, ok)
	r.nearestAt = at
	r.ofOtherSpan, r.revises = false, false
	if !established {
		if other, of, known := r.otherSpan(); known {
			v, at, ok, established, r.ofOtherSpan = other, of, true, true, true
		}
	}
	if !established && r.HasInForce && r.InForce.Coefficient != 0 {
		_, revises := r.inForceIn(at) // what was in force in the nearest year, ahead of what is sent for it
		established, r.revises = true, !ok || !revises
		if r.revises || distance(r.Value, r.InForce) <= distance(r.Value, v) {
			v, at, ok = r.InForce, r.Period, true
		}
	}
	if !established {
		if was, known := r.takenBackIn(r.Period); known {
			v, at, ok = was, r.Period, true
		}
	}
	r.referenceAt = at
	return v, ok
}

// otherSpanYears is how many years away from a figure's own another span is looked for.
const otherSpanYears = 10

// otherSpan returns the established figure of another period of the nearest year that has one, of the
// kinds that the indicator is reported in, the longest first and the later of two. That of a flow
// is scaled to the length of the row's period: a quarter is about a fourth of a year.
func (r *Row) otherSpan() (v catalogue.Value, at catalogue.Period, ok bool) {
	for year := range r.yearsAround(otherSpanYears) {
		known := r.periodsIn(year)
		if year == r.Period.Year {
			known &^= catalogue.SetOf(r.Period)
		}
		if known == 0 {
			continue
		}
		for _, kind := range [...]catalogue.PeriodKind{catalogue.Year, catalogue.YearToDate, catalogue.Half, catalogue.Quarter, catalogue.Month} {
			if !r.of.kinds[kind] {
				continue
			}
			for index := periodsInYear(kind); index > 0; index-- {
				at = catalogue.Period{Year: year, Kind: kind, Index: index}
				if kind == catalogue.Year {
					at.Index = 0
				}
				if !known.Has(at.Number()) {
					continue
				}
				if v, ok = r.established(at); ok {
					return r.toLengthOf(at, v), at, true
				}
			}
		}
	}
	return v, at, false
}

// yearsAround yields the years in which anything may be known of the row's indicator, up to so many away
// from the row's own, that one first and the earlier of two.
func (r *Row) yearsAround(most int16) iter.Seq[int16] {
	return func(yield func(int16) bool) {
		r.bound()
		for apart := range most + 1 {
			earlier, later := r.Period.Year-apart, r.Period.Year+apart
			if earlier < r.years.First && later > r.years.Last {
				return
			}
			if r.years.Has(earlier) && !yield(earlier) || apart > 0 && r.years.Has(later) && !yield(later) {
				return
			}
		}
	}
}

// distance is by how many digits before the point two figures differ.
func distance(a, b catalogue.Value) int {
	d := magnitude(a) - magnitude(b)
	return max(d, -d)
}

// toLengthOf scales a flow's figure of another period to the length of the row's, to four digits. Other kinds
// of figure, and those that come to nothing, are not scaled.
func (r *Row) toLengthOf(at catalogue.Period, v catalogue.Value) catalogue.Value {
	from, to := lengthOf(at), lengthOf(r.Period)
	if r.of.kind != catalogue.Flow || from == to {
		return v
	}
	scaled := v.Decimal().Mul(decimal.NewFromInt(to)).DivRound(decimal.NewFromInt(from), catalogue.MaxDecimals)
	if before := int32(scaled.NumDigits()) + scaled.Exponent(); before < scaledDigits { // the point
		scaled = scaled.Round(min(scaledDigits-before, catalogue.MaxDecimals))
	}
	if s, ok := valueOf(scaled); ok && s.Coefficient != 0 {
		return s
	}
	return v
}

// scaledDigits is how many digits a scaled figure has at most behind the point, and less those before it.
const scaledDigits = 4

// lengthOf returns how many months a period has.
func lengthOf(p catalogue.Period) int64 {
	if p.Kind == catalogue.YearToDate {
		return int64(p.Index)
	}
	return 12 / int64(periodsInYear(p.Kind))
}

// referencePeriod returns the period of the first of the references.
func (r *Row) referencePeriod() catalogue.Period {
	if _, ok := r.figure(ofReference); ok {
		return r.referenceAt
	}
	before, _ := periodBefore(r.Period)
	return before
}

// nearestPeriod returns the period of the nearest figure; in an example it is that of the year before.
func (r *Row) nearestPeriod() catalogue.Period {
	if _, ok := r.figure(ofNearest); ok && r.nearestAt.Kind != 0 {
		return r.nearestAt
	}
	return r.Period.YearBefore()
}

// referenceYears returns how many years lie between the row's period and that of the first of the references.
func (r *Row) referenceYears() int64 {
	apart := int64(r.Period.Year) - int64(r.referencePeriod().Year)
	return max(apart, -apart)
}

// periodBeforeInForce returns the figure of the period before, as far as it is established. A
// year's is its year before, and a year to date grows by itself.
func (r *Row) periodBeforeInForce() (v catalogue.Value, ok bool) {
	if r.Period.Kind == catalogue.Year || r.Period.Kind == catalogue.YearToDate {
		return v, false
	}
	before, exists := periodBefore(r.Period)
	if !exists {
		return v, false
	}
	return r.established(before)
}

// references are what a slip of the unit shows against: the reference, or else the period
// before, as far as they are known and not zero.
func (r *Row) references() []catalogue.Value {
	if v, ok := r.figure(ofReference); ok {
		return []catalogue.Value{v}
	}
	if r.Period.Kind != catalogue.YearToDate {
		if v, ok := r.figure(ofBefore); ok && v.Coefficient != 0 {
			return []catalogue.Value{v}
		}
	}
	return nil
}

// neighbours are the reference and the established figure of the period before, as far as they
// are known.
func (r *Row) neighbours() (all []catalogue.Value) {
	for _, n := range [...]int{ofReference, ofBeforeInForce} {
		if v, ok := r.figure(n); ok {
			all = append(all, v)
		}
	}
	return all
}
