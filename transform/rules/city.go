package rules

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// members returns the codes of the areas whose figures add up to the city's in the row's
// period. It is remembered, since the rows of a submission mostly have one period.
func (r *Row) members() []string {
	if r.membersOf != r.Period || r.memberCodes == nil {
		r.membersOf, r.memberCodes = r.Period, r.of.city.catalogue.Expected(r.Period)
	}
	return r.memberCodes
}

// ofCity reports whether the row is one of the city's sum, or its control total.
func (r *Row) ofCity() bool {
	return r.of.summed && r.of.city != nil && (r.Area.Additive() || r.Area.Kind == catalogue.City)
}

// control returns the city's control total of the row's cell: what the city itself reports of
// an indicator that is otherwise summed.
func (r *Row) control() (catalogue.Value, bool) {
	switch {
	case !r.ofCity():
		return catalogue.Value{}, false
	case r.Area.Kind == catalogue.City:
		return r.Value, true
	}
	return r.Figures.InForce(r.of.city.catalogue.City, r.of.id, r.Period)
}

// memberFigure returns the figure of a member of the city's sum in the row's cell.
func (r *Row) memberFigure(area string) (catalogue.Value, bool) {
	if area == r.Area.Code {
		return r.Value, true
	}
	return r.Figures.InForce(area, r.of.id, r.Period)
}

// citySum returns the sum of the areas' figures, once every district has one, and what rounding
// alone may make it differ from the control total: half a unit of the last place for each of
// them and for the total, and nothing for what is counted.
func (r *Row) citySum() (sum, rounding catalogue.Value, ok bool) {
	if _, ok := r.missingZones(); !ok {
		return sum, rounding, false
	}
	total, scale, have := decimal.Decimal{}, uint8(0), int64(0)
	for _, area := range r.members() {
		if v, known := r.memberFigure(area); known {
			total, scale, have = total.Add(v.Decimal()), max(scale, v.Scale), have+1
		}
	}
	if control, known := r.figure(ofControl); known && !r.of.unit.Whole() {
		half := func(n int64, scale uint8) decimal.Decimal {
			return decimal.New(5*n, -int32(min(scale+1, catalogue.MaxDecimals)))
		}
		rounding, _ = valueOf(half(have, scale).Add(half(1, control.Scale)))
	}
	sum, ok = valueOf(total)
	return sum, rounding, ok
}

// missingZones returns the carved-out zones that have no figure in the row's cell; false while a
// district has none.
func (r *Row) missingZones() (missing []string, ok bool) {
	if !r.ofCity() {
		return nil, false
	}
	for _, code := range r.members() {
		if _, ok := r.memberFigure(code); ok {
			continue
		}
		if a, ok := r.of.city.catalogue.Area(code); !ok || a.Kind != catalogue.CarvedOut {
			return nil, false
		}
		missing = append(missing, code)
	}
	return missing, true
}

func missingZonesInWords(r *Row) string {
	missing, _ := r.missingZones()
	return strings.Join(missing, " ")
}

const (
	// sharePlaces is how many places shares of the city have, which are in percent.
	sharePlaces = 6
	// shareYears is how many years the shares before go back at most.
	shareYears = 5
)

// cityShare returns the area's share of the city, and those of the years before, the latest
// first. All are of the same areas: those that have a figure now and had one a year before,
// at least half of them all and the row's among them.
func (r *Row) cityShare() (now catalogue.Value, before []catalogue.Value, ok bool) {
	if r.shared {
		return r.share, r.shares, r.hasShare
	}
	r.shared, r.shares, r.hasShare = true, r.shares[:0], false
	if !r.ofCity() || !r.Area.Additive() {
		return now, nil, false
	}
	period, sum := r.Period.YearBefore(), r.Value.Decimal()
	var others []string
	for _, area := range r.members() {
		if area == r.Area.Code {
			continue
		}
		v, known := r.memberFigure(area)
		if _, had := r.Figures.InForce(area, r.of.id, period); !known || !had {
			continue
		}
		others, sum = append(others, area), sum.Add(v.Decimal())
	}
	if len(others) < 2 || 2*(len(others)+1) < len(r.members()) {
		return now, nil, false
	}
	if r.share, r.hasShare = shareOf(r.Value, sum); !r.hasShare {
		return now, nil, false
	}
	for range shareYears {
		own, _, known := r.own(period)
		total := own.Decimal()
		for _, area := range others {
			v, had := r.Figures.InForce(area, r.of.id, period)
			known, total = known && had, total.Add(v.Decimal())
		}
		share, divides := shareOf(own, total)
		if !known || !divides {
			break
		}
		r.shares, period = append(r.shares, share), period.YearBefore()
	}
	return r.share, r.shares, true
}

// shareOf returns a part of a sum in percent; false where the sum is not above zero.
func shareOf(part catalogue.Value, sum decimal.Decimal) (catalogue.Value, bool) {
	if sum.Sign() <= 0 {
		return catalogue.Value{}, false
	}
	return valueOf(part.Decimal().Shift(2).DivRound(sum, sharePlaces))
}

// zone returns the greatest figure in force of the zones inside the row's area.
func (r *Row) zone() (most catalogue.Value, ok bool) {
	if r.of.city == nil {
		return most, false
	}
	for _, code := range r.of.city.zones[r.Area.Code] {
		if v, known := r.Figures.InForce(code, r.of.id, r.Period); known && (!ok || v.Decimal().GreaterThan(most.Decimal())) {
			most, ok = v, true
		}
	}
	return most, ok
}

// valueOf returns a decimal as a value; false where it is too long for one.
func valueOf(d decimal.Decimal) (catalogue.Value, bool) {
	reading, err := catalogue.ParseValue(d.String())
	return reading.Value, err == nil && !reading.Missing
}
