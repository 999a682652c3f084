package rules

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

// A bound answers what the exact comparison does, next to the ratio at which both sides are the same too.
func TestBoundsCompareExactly(t *testing.T) {
	number := rapid.Custom(func(t *rapid.T) catalogue.Value {
		return catalogue.Value{
			Coefficient: rapid.OneOf(rapid.Int64Range(-20, 2000), rapid.Int64Range(-1e15, 1e15)).Draw(t, "coefficient"),
			Scale:       uint8(rapid.IntRange(0, 6).Draw(t, "scale")),
		}
	})
	told := map[answer]int{}
	check := func(t *rapid.T) {
		r := &Row{Area: &catalogue.Area{}, Value: number.Draw(t, "value")}
		other := number.Draw(t, "other")
		x, y := &multiple{figure: ofValue}, &multiple{figure: ofBefore}
		for _, q := range []*multiple{x, y} {
			if q.times = rapid.Bool().Draw(t, "times"); q.times {
				q.number = number.Draw(t, "number")
			}
		}
		if rapid.Bool().Draw(t, "near") { // x.number × value is about y.number × other
			at := x.factor().Decimal()
			if !at.IsZero() {
				at = other.Decimal().Mul(y.factor().Decimal()).DivRound(at, 6)
				if near, ok := valueOf(at); ok {
					near.Coefficient += rapid.Int64Range(-1, 1).Draw(t, "apart")
					r.Value = near
				}
			}
		}
		x.magnitude = rapid.Bool().Draw(t, "magnitude")
		if y.magnitude = x.magnitude; rapid.Bool().Draw(t, "swapped") {
			x, y = y, x
		}
		b, ok := newBound(x, y, rapid.SampledFrom([][3]answer{{yes, no, no}, {yes, yes, no}, {no, yes, no}, {no, yes, yes}}).Draw(t, "outcome"))
		if !ok {
			return
		}
		r.reset(newSubject("x", "", "", catalogue.ParseUnit("亿元"), catalogue.Flow))
		r.know(ofBefore, other, true)
		exact := b.exact(r)
		if got := b.of(r); got != exact && exact != perhaps {
			t.Fatalf("%v × %+v and %v × %+v: the bound answers %d, the comparison %d", r.Value, x, other, y, got, exact)
		}
		told[exact]++
	}
	for range 5 {
		rapid.Check(t, check)
	}
	if told[no] == 0 || told[yes] == 0 {
		t.Errorf("answers %v, want both", told)
	}
}
