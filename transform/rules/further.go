package rules

import (
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// further returns a figure that follows from several others or was stated beside the value.
func (r *Row) further(n int) (v catalogue.Value, ok bool) {
	switch n {
	case ofZone:
		return r.zone()
	case ofWithin:
		return r.within()
	case ofPart:
		return r.part()
	case ofGrown:
		return r.sumOf(r.of.grows)
	case ofShrunk:
		return r.sumOf(r.of.shrinks)
	case ofControl:
		return r.control()
	case ofStatedBase:
		return stated(r.Base)
	case ofStatedChange:
		return stated(r.Change)
	case ofBase:
		if r.Base != nil {
			return *r.Base, true
		}
		return r.figure(ofYearBefore)
	case ofNumerator, ofDenominator:
		part := r.of.numerator
		if n == ofDenominator {
			part = r.of.denominator
		}
		if part != nil {
			v, _, ok = r.Figures.Figure(part.id, r.Period)
		}
		return v, ok
	case ofWithdrawn, ofReported:
		withdrawn, reported := r.Figures.Withdrawals()
		if n == ofReported {
			withdrawn = reported
		}
		return catalogue.Value{Coefficient: int64(withdrawn)}, reported > 0
	case ofSoFar:
		return r.soFar()
	case ofReference:
		v, ok = r.reference()
	case ofNearest:
		reference, known := r.reference() // which notes the nearest as well
		r.know(ofReference, reference, known)
		return r.figure(ofNearest)
	case ofBeforeInForce:
		v, ok = r.periodBeforeInForce()
	case ofCitySum:
		v, _, ok = r.citySum()
	case ofCityRounding:
		_, v, ok = r.citySum()
	case ofZonesMissing:
		missing, known := r.missingZones()
		return catalogue.Value{Coefficient: int64(len(missing))}, known
	case ofCityShare:
		v, _, ok = r.cityShare()
	case ofSameAsBefore:
		if before, exists := periodBefore(r.Period); exists {
			v, ok = r.sameAs(before)
		}
	case ofSameAsYearBefore:
		v, ok = r.sameAs(r.Period.YearBefore())
	}
	return v, ok
}

func stated(v *catalogue.Value) (catalogue.Value, bool) {
	if v == nil {
		return catalogue.Value{}, false
	}
	return *v, true
}

// sumOf returns the sum of the area's figures of some indicators in the row's period, in the
// row's unit; false where one is not known or there are none.
func (r *Row) sumOf(all []*related) (sum catalogue.Value, ok bool) {
	total := decimal.Decimal{}
	for _, one := range all {
		v, known := one.of(r, AtMost)
		if !known {
			return sum, false
		}
		total = total.Add(v.Decimal())
	}
	if len(all) == 0 {
		return sum, false
	}
	return valueOf(total)
}
