package rules

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"

	"github.com/citytally/citytally/configs/catalogue"
)

// outlier makes the filter of is_outlier(value, series, times, least). It answers as isOutlier
// does, in machine words.
func (m *filterMaker) outlier(args []ast.Expr) filter {
	if len(args) != 4 || !isSeries(args[1]) || args[2].Kind() != ast.LiteralKind {
		return cannotTell
	}
	value, least := m.quantity(args[0]), m.quantity(args[3])
	times, whole := args[2].AsLiteral().(types.Int)
	if value == nil || least == nil || !whole {
		return cannotTell
	}
	return func(r *Row) answer {
		v, ok := value(r)
		if !ok {
			return perhaps
		}
		l, ok := least(r)
		if !ok {
			return perhaps
		}
		return outlierOf(v, r.earlier(), int64(times), l)
	}
}

// fixed is a number above zero with outlierPlaces places.
type fixed struct{ hi, lo uint64 }

func (a fixed) compare(b fixed) int { return cmp.Or(cmp.Compare(a.hi, b.hi), cmp.Compare(a.lo, b.lo)) }

// oneFixed is 1.
var oneFixed = fixed{lo: powers[outlierPlaces]}

// outlierOf answers what isOutlier answers, and perhaps where figures are too long for it.
func outlierOf(value catalogue.Value, series []catalogue.Value, times int64, least catalogue.Value) answer {
	if len(series) < 2 {
		return no
	}
	scale := value.Scale
	for _, v := range series {
		scale = max(scale, v.Scale)
	}
	var room [3][seriesLength + 1]fixed
	levels, ok := append(room[0][:0], fixed{}), false
	if levels[0], ok = atScale(value, scale); !ok {
		return belowZero(value)
	}
	for _, v := range series {
		level, ok := atScale(v, scale)
		if !ok {
			return belowZero(v)
		}
		levels = append(levels, level)
	}
	changes := room[1][:0]
	for i := range series {
		change, ok := divided(levels[i], levels[i+1])
		if !ok {
			return perhaps
		}
		if change == (fixed{}) {
			return perhaps // a change below all places
		}
		changes = append(changes, change)
	}
	usual := medianOf(room[2][:0], changes[1:])
	deviations := levels[:0]
	for _, change := range changes {
		more, less := change, usual
		if more.compare(less) < 0 {
			more, less = less, more
		}
		deviation, ok := divided(more, less)
		if !ok {
			return perhaps
		}
		deviations = append(deviations, deviation)
	}
	limit := oneFixed
	for spread := medianOf(room[2][:0], deviations[1:]); times > 0 && limit.compare(deviations[0]) <= 0; times-- {
		if limit, ok = mulDiv(limit, spread, oneFixed); !ok {
			return perhaps
		}
	}
	if deviations[0].compare(limit) <= 0 {
		return no
	}
	if least.Coefficient < 0 || least.Scale > outlierPlaces {
		return perhaps
	}
	hi, lo := bits.Mul64(uint64(least.Coefficient), powers[outlierPlaces-least.Scale])
	return tell(true, deviations[0].compare(fixed{hi, lo}) > 0)
}

// belowZero answers no of a series with a value that is not above zero.
func belowZero(v catalogue.Value) answer {
	if v.Coefficient <= 0 {
		return no
	}
	return perhaps
}

// atScale returns the coefficient that a value has with so many places; false where it is not
// above zero or does not fit into a machine word.
func atScale(v catalogue.Value, scale uint8) (fixed, bool) {
	hi, lo := bits.Mul64(uint64(max(v.Coefficient, 0)), powers[scale-v.Scale])
	return fixed{lo: lo}, v.Coefficient > 0 && hi == 0
}

// divided returns a quotient, rounded half up.
func divided(a, b fixed) (fixed, bool) { return mulDiv(a, oneFixed, b) }

// mulDiv returns a × b ÷ c, rounded half up; false where that is too long.
func mulDiv(a, b, c fixed) (fixed, bool) {
	if a.hi|b.hi|c.hi == 0 {
		if hi, lo := bits.Mul64(a.lo, b.lo); hi < c.lo {
			quotient, rest := bits.Div64(hi, lo, c.lo)
			if rest < c.lo-rest {
				return fixed{lo: quotient}, true
			}
			return fixed{lo: quotient + 1}, quotient < math.MaxUint64
		}
	}
	product, divisor := a.big(), c.big()
	product.Mul(product, b.big())
	quotient, rest := product.QuoRem(product, divisor, new(big.Int))
	if rest.Lsh(rest, 1).Cmp(divisor) >= 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	if quotient.BitLen() > 128 {
		return fixed{}, false
	}
	low := new(big.Int).And(quotient, new(big.Int).SetUint64(math.MaxUint64))
	return fixed{new(big.Int).Rsh(quotient, 64).Uint64(), low.Uint64()}, true
}

func (a fixed) big() *big.Int {
	n := new(big.Int).SetUint64(a.hi)
	return n.Add(n.Lsh(n, 64), new(big.Int).SetUint64(a.lo))
}

// medianOf returns the lower median; into is room for sorting.
func medianOf(into, all []fixed) fixed {
	sorted := append(into, all...)
	slices.SortFunc(sorted, fixed.compare)
	return sorted[(len(sorted)-1)/2]
}
