package rules

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// number is an exact decimal as expressions see it.
type number struct{ decimal.Decimal }

var (
	_ ref.Val           = number{}
	_ traits.Comparer   = number{}
	_ traits.Adder      = number{}
	_ traits.Subtractor = number{}
	_ traits.Multiplier = number{}
	_ traits.Negater    = number{}
)

// numberType is the type of exact decimals in expressions.
var numberType = cel.ObjectType("decimal", traits.ComparerType|traits.AdderType|traits.SubtractorType|traits.MultiplierType|traits.NegatorType)

func numberOf(v catalogue.Value) number { return number{v.Decimal()} }

// operand returns the decimal of a number or of a whole number of CEL.
func operand(v ref.Val) (decimal.Decimal, bool) {
	switch n := v.(type) {
	case number:
		return n.Decimal, true
	case types.Int:
		return decimal.NewFromInt(int64(n)), true
	}
	return decimal.Decimal{}, false
}

// with computes of n and another number.
func (n number) with(other ref.Val, compute func(a, b decimal.Decimal) ref.Val) ref.Val {
	d, ok := operand(other)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return compute(n.Decimal, d)
}

// Compare returns -1, 0 or 1.
func (n number) Compare(other ref.Val) ref.Val {
	return n.with(other, func(a, b decimal.Decimal) ref.Val { return types.Int(a.Cmp(b)) })
}

// Add, Subtract and Multiply are exact.
func (n number) Add(other ref.Val) ref.Val {
	return n.with(other, func(a, b decimal.Decimal) ref.Val { return number{a.Add(b)} })
}

// Subtract is exact.
func (n number) Subtract(other ref.Val) ref.Val {
	return n.with(other, func(a, b decimal.Decimal) ref.Val { return number{a.Sub(b)} })
}

// Multiply is exact.
func (n number) Multiply(other ref.Val) ref.Val {
	return n.with(other, func(a, b decimal.Decimal) ref.Val { return number{a.Mul(b)} })
}

// Negate changes the sign.
func (n number) Negate() ref.Val { return number{n.Neg()} }

// Equal compares by value: 1.0 is 1.
func (n number) Equal(other ref.Val) ref.Val {
	d, ok := operand(other)
	return types.Bool(ok && n.Decimal.Equal(d))
}

// Type returns the type's name and what it can do.
func (n number) Type() ref.Type { return numberType }

// Value returns the number itself.
func (n number) Value() any { return n }

// ConvertToNative gives Go programs the decimal.
func (n number) ConvertToNative(t reflect.Type) (any, error) {
	if t == reflect.TypeFor[decimal.Decimal]() {
		return n.Decimal, nil
	}
	return nil, fmt.Errorf("a decimal does not convert into %s", t)
}

// ConvertToType gives expressions the text.
func (n number) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.StringType:
		return types.String(n.String())
	case numberType:
		return n
	}
	return types.NewErr("a decimal does not convert into %s", t.TypeName())
}
