package rules

import (
	"math/bits"

	"github.com/google/cel-go/common/ast"

	"github.com/citytally/citytally/configs/catalogue"
)

// Most conditions of rules are bounds of how many times another figure the value is, and several rules
// have one of the same figure. So the ratio is computed once, and a bound is two comparisons of machine
// words; only next to it are the figures compared exactly.

// ratioBits is how many bits behind the point ratios have. They are rounded down.
const ratioBits = 32

// bound is a comparison of a multiple of the value with one of another figure.
type bound struct {
	figure    int // its place in figureNames
	magnitude bool
	at        uint64    // the ratio at which both are the same, rounded down
	outcome   [3]answer // where the ratio is less, may be the same, and is greater
	exact     filter    // the comparison itself
}

// newBound makes the bound of two multiples that are compared; false where it is another comparison.
func newBound(x, y *multiple, outcome [3]answer) (b *bound, ok bool) {
	exact := x.comparison(y, outcome)
	if y.figure == ofValue {
		x, y, outcome = y, x, [3]answer{outcome[2], outcome[1], outcome[0]}
	}
	if x.figure != ofValue || y.figure <= ofValue || x.magnitude != y.magnitude {
		return nil, false
	}
	at, ok := ratioOf(y.factor(), x.factor())
	return &bound{y.figure, x.magnitude, at, outcome, exact}, ok
}

// bounds makes bounds of conditions; nil where one of them is none.
func (m *filterMaker) bounds(of []ast.Expr) (all []*bound) {
	for _, e := range of {
		if e.Kind() != ast.CallKind || len(e.AsCall().Args()) != 2 {
			return nil
		}
		outcome, known := outcomes[e.AsCall().FunctionName()]
		x, y := m.multiple(e.AsCall().Args()[0]), m.multiple(e.AsCall().Args()[1])
		if !known || x == nil || y == nil {
			return nil
		}
		b, ok := newBound(x, y, outcome)
		if !ok {
			return nil
		}
		all = append(all, b)
	}
	return all
}

// anyOf answers yes where one of the bounds does, and no where all do.
func anyOf(r *Row, all []*bound) answer {
	most := no
	for _, b := range all {
		if most = max(most, b.of(r)); most == yes {
			break
		}
	}
	return most
}

// factor is what the figure is multiplied by.
func (q *multiple) factor() catalogue.Value {
	if q.times {
		return q.number
	}
	return catalogue.Value{Coefficient: 1}
}

// of answers what the comparison says of a row.
func (b *bound) of(r *Row) answer {
	if !r.related.has(b.figure) {
		r.relate(b.figure)
	}
	ratio := r.ratios[b.figure]
	if ratio == 0 || ratio == b.at || !b.magnitude && !r.positive.has(b.figure) {
		return b.exact(r)
	}
	if ratio < b.at {
		return b.outcome[0]
	}
	return b.outcome[2]
}

// relate computes the ratio of the value's magnitude to that of another figure: 0 where there is none
// that fits.
func (r *Row) relate(n int) {
	r.related |= 1 << n
	r.ratios[n], r.positive = 0, r.positive&^(1<<n)
	v, ok := r.figure(n)
	if !ok {
		return
	}
	abs := func(v catalogue.Value) catalogue.Value {
		return catalogue.Value{Coefficient: max(v.Coefficient, -v.Coefficient), Scale: v.Scale}
	}
	if r.ratios[n], _ = ratioOf(abs(r.Value), abs(v)); r.Value.Coefficient > 0 && v.Coefficient > 0 {
		r.positive |= 1 << n
	}
}

// ratioOf returns a ÷ b, both above zero, rounded down; false where that is too long.
func ratioOf(a, b catalogue.Value) (uint64, bool) {
	x, y := uint64(a.Coefficient), uint64(b.Coefficient)
	if a.Coefficient <= 0 || b.Coefficient <= 0 {
		return 0, false
	}
	if a.Scale != b.Scale {
		lower, by := &x, int(b.Scale)-int(a.Scale)
		if by < 0 {
			lower, by = &y, -by
		}
		if by >= len(powers) {
			return 0, false
		}
		hi, lo := bits.Mul64(*lower, powers[by])
		if *lower = lo; hi != 0 {
			return 0, false
		}
	}
	if hi := x >> (64 - ratioBits); hi < y {
		ratio, _ := bits.Div64(hi, x<<ratioBits, y)
		return ratio, true
	}
	return 0, false
}
