package rules

import (
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/shopspring/decimal"
)

// interval is what a figure may be that was rounded to its last place.
type interval struct{ low, high decimal.Decimal }

// rounded returns the interval of a figure. What is counted was not rounded.
func rounded(d decimal.Decimal, counted bool) interval {
	if counted {
		return interval{d, d}
	}
	half := decimal.New(5, min(d.Exponent(), 0)-1)
	return interval{d.Sub(half), d.Add(half)}
}

// agrees reports whether an exact figure rounds to a stated one.
func agrees(exact, stated ref.Val) ref.Val {
	of := rounded(stated.(number).Decimal, false)
	d := exact.(number).Decimal
	return types.Bool(d.GreaterThanOrEqual(of.low) && d.LessThanOrEqual(of.high))
}

// givesChange reports whether the row's value and a base can give a stated change, each of
// them rounded: in percent, and of a share in percentage points. A base that is not above
// zero gives none, and contradicts none.
func givesChange(args ...ref.Val) ref.Val {
	r := args[0].(rowValue)
	counted := r.of.unit.Whole()
	value, base, change := rounded(r.Row.Value.Decimal(), counted), rounded(args[1].(number).Decimal, counted), rounded(args[2].(number).Decimal, false)
	if r.of.unit.Share() {
		points := func(d decimal.Decimal) decimal.Decimal { return d.Mul(decimal.NewFromInt(100)) }
		whole := r.of.wholeShare.Decimal()
		return types.Bool(points(value.low.Sub(base.high)).LessThanOrEqual(change.high.Mul(whole)) &&
			points(value.high.Sub(base.low)).GreaterThanOrEqual(change.low.Mul(whole)))
	}
	if base.low.Sign() <= 0 {
		return types.True
	}
	hundred := decimal.NewFromInt(100)
	low, high := hundred.Add(change.low), hundred.Add(change.high)
	least, most := low.Mul(base.low), high.Mul(base.high)
	if low.Sign() < 0 {
		least = low.Mul(base.high)
	}
	if high.Sign() < 0 {
		most = high.Mul(base.low)
	}
	return types.Bool(value.low.Mul(hundred).LessThanOrEqual(most) && value.high.Mul(hundred).GreaterThanOrEqual(least))
}

// givesRatio reports whether two parts can give the row's value, which is a ratio of them,
// each of the three rounded.
func givesRatio(args ...ref.Val) ref.Val {
	r := args[0].(rowValue)
	if r.of.numerator == nil {
		return types.True
	}
	top := rounded(args[1].(number).Decimal, r.of.numerator.unit.Whole())
	bottom := rounded(args[2].(number).Decimal, r.of.denominator.unit.Whole())
	value, factor := rounded(r.Row.Value.Decimal(), false), decimal.NewFromInt(r.of.factor)
	if bottom.low.Sign() <= 0 || top.low.Sign() < 0 || value.low.Sign() < 0 {
		return types.True
	}
	return types.Bool(top.low.Mul(factor).LessThanOrEqual(value.high.Mul(bottom.high)) && top.high.Mul(factor).GreaterThanOrEqual(value.low.Mul(bottom.low)))
}

// roundedFunctions declares the functions on figures that were rounded.
func roundedFunctions() []cel.EnvOption {
	two := []*cel.Type{rowType, numberType, numberType}
	return []cel.EnvOption{
		cel.Function("agrees", cel.Overload("agrees_rounded", two[1:], cel.BoolType, cel.BinaryBinding(agrees))),
		cel.Function("gives_change", cel.MemberOverload("row_gives_change", two, cel.BoolType, cel.FunctionBinding(givesChange))),
		cel.Function("gives_ratio", cel.MemberOverload("row_gives_ratio", two, cel.BoolType, cel.FunctionBinding(givesRatio))),
	}
}
