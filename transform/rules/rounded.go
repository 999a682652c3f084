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

// changeFrom returns the change of the row's value since a base, in percent and of a share in percentage points, with
// a place more than one that is stated.
func changeFrom(args ...ref.Val) ref.Val {
	r, base, stated := args[0].(rowValue), args[1].(number).Decimal, args[2].(number).Decimal
	change, by := r.Row.Value.Decimal().Sub(base).Shift(2), base
	if r.of.unit.Share() {
		by = r.of.wholeShare.Decimal()
	}
	return quotient(change, by, max(1, -stated.Exponent())+1)
}

// ratioOfParts returns the ratio of two parts in the row's unit, with a place more than its value has.
func ratioOfParts(args ...ref.Val) ref.Val {
	r := args[0].(rowValue)
	top := args[1].(number).Mul(decimal.NewFromInt(r.of.factor))
	return quotient(top, args[2].(number).Decimal, max(1, int32(r.Row.Value.Scale))+1)
}

// quotient returns a ÷ b, rounded to so many places.
func quotient(a, b decimal.Decimal, places int32) ref.Val {
	if b.IsZero() {
		return types.NewErr("nothing divides by zero")
	}
	return number{a.DivRound(b, places)}
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
		cel.Function("change_from", cel.MemberOverload("row_change_from", two, numberType, cel.FunctionBinding(changeFrom))),
		cel.Function("ratio_of", cel.MemberOverload("row_ratio_of", two, numberType, cel.FunctionBinding(ratioOfParts))),
		cel.Function("gives_ratio", cel.MemberOverload("row_gives_ratio", two, cel.BoolType, cel.FunctionBinding(givesRatio))),
	}
}
