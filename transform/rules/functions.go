package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// rowType is the type of the row itself, which has functions for figures of other
// indicators.
var rowType = cel.ObjectType("row")

// rowValue is a row as expressions see it.
type rowValue struct{ *Row }

// ConvertToNative is an error: expressions have no use for it.
func (r rowValue) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("a row does not convert into %s", t)
}

// ConvertToType is an error: expressions have no use for it.
func (r rowValue) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("a row does not convert into %s", t.TypeName())
}

// Equal reports whether both are the same row.
func (r rowValue) Equal(other ref.Val) ref.Val {
	o, ok := other.(rowValue)
	return types.Bool(ok && o.Row == r.Row)
}

// Type returns the type of rows.
func (r rowValue) Type() ref.Type { return rowType }

// Value returns the row.
func (r rowValue) Value() any { return r.Row }

// functions declares what expressions can call, besides what CEL has.
func functions() []cel.EnvOption {
	numbers := cel.ListType(numberType)
	options := []cel.EnvOption{
		cel.Constant("zero", numberType, number{}), // because == takes two values of one type
		cel.Function("abs", cel.Overload("abs_decimal", []*cel.Type{numberType}, numberType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			return number{v.(number).Abs()}
		}))),
		cel.Function("is_whole", cel.MemberOverload("decimal_is_whole", []*cel.Type{numberType}, cel.BoolType, cel.UnaryBinding(func(v ref.Val) ref.Val {
			return types.Bool(v.(number).IsInteger())
		}))),
		cel.Function("slip", cel.Overload("slip_of_references", []*cel.Type{numberType, numbers, numberType}, cel.IntType, cel.FunctionBinding(slip))),
		cel.Function("is_outlier", cel.Overload("is_outlier_of_series", []*cel.Type{numberType, numbers, cel.IntType, numberType}, cel.BoolType, cel.FunctionBinding(isOutlier))),
		cel.Function("times", cel.Overload("times_decimal", []*cel.Type{numberType, numberType}, cel.StringType, cel.BinaryBinding(times))),
		timesFunction("times_zh", numbers, "%s倍", "%s分之一", roughlyInChinese),
		timesFunction("times_en", numbers, "%s times", "one part in %s of", roughlyInEnglish),
		unitHintFunction("unit_hint", catalogue.Unit.Written),
		unitHintFunction("unit_hint_en", catalogue.Unit.InEnglish),
		cel.Function("has_figure", cel.MemberOverload("row_has_figure", []*cel.Type{rowType, cel.StringType}, cel.BoolType,
			cel.BinaryBinding(func(row, id ref.Val) ref.Val {
				_, ok := figureOf(row, id)
				return types.Bool(ok)
			}))),
		cel.Function("figure", cel.MemberOverload("row_figure", []*cel.Type{rowType, cel.StringType}, numberType,
			cel.BinaryBinding(func(row, id ref.Val) ref.Val {
				v, ok := figureOf(row, id)
				if !ok {
					return types.NewErr("there is no figure of %v; ask has_figure first", id.Value())
				}
				return numberOf(v)
			}))),
		cel.Function(operators.Negate, cel.Overload("negate_decimal", []*cel.Type{numberType}, numberType)),
	}
	options = append(options, roundedFunctions()...)
	for _, operator := range comparisons {
		options = append(options, cel.Function(operator,
			cel.Overload(operator+"decimal", []*cel.Type{numberType, numberType}, cel.BoolType),
			cel.Overload(operator+"decimal_int", []*cel.Type{numberType, cel.IntType}, cel.BoolType)))
	}
	for _, operator := range []string{operators.Add, operators.Subtract, operators.Multiply} {
		options = append(options, cel.Function(operator,
			cel.Overload(operator+"decimal", []*cel.Type{numberType, numberType}, numberType),
			cel.Overload(operator+"decimal_int", []*cel.Type{numberType, cel.IntType}, numberType)))
	}
	return options
}

func figureOf(row, id ref.Val) (catalogue.Value, bool) {
	r, text := row.(rowValue), id.(types.String)
	v, _, ok := r.Figures.Figure(string(text), r.Period)
	return v, ok
}

// slips are the powers of ten by which a figure in the wrong unit is off: 万 and 亿.
var slips = [...]int32{4, -4, 8, -8}

// slip returns by which power of ten a value is off from every one of the references, each
// time to within a factor of spread: 4, -4, 8 or -8; 0 where it is not off by one of these
// or there are no references.
func slip(args ...ref.Val) ref.Val {
	value, spread := args[0].(number).Abs(), args[2].(number).Decimal
	var references []decimal.Decimal
	list := args[1].(traits.Lister)
	for i := range int64(list.Size().(types.Int)) {
		references = append(references, list.Get(types.Int(i)).(number).Abs())
	}
	if len(references) == 0 || value.IsZero() {
		return types.IntZero
	}
	for _, power := range slips {
		if !slices.ContainsFunc(references, func(r decimal.Decimal) bool {
			shifted := r.Shift(power)
			return value.GreaterThan(shifted.Mul(spread)) || value.Mul(spread).LessThan(shifted)
		}) {
			return types.Int(power)
		}
	}
	return types.IntZero
}

// times returns how many times another value one is, with one place or, below one, with two;
// "" where the other is zero.
func times(value, other ref.Val) ref.Val {
	a, b := value.(number).Decimal, other.(number).Decimal
	if b.IsZero() {
		return types.String("")
	}
	n := a.DivRound(b, 2)
	if n.Abs().GreaterThanOrEqual(decimal.NewFromInt(1)) {
		n = n.Round(1)
	}
	return types.String(n.String())
}

// timesFunction declares about how many times the first of some references a value is, or which part of it. Rules of
// earlier versions give it how near a power of ten has to be, too.
func timesFunction(name string, numbers *cel.Type, above, below string, roughly func(decimal.Decimal) string) cel.EnvOption {
	told := cel.FunctionBinding(func(args ...ref.Val) ref.Val {
		list := args[1].(traits.Lister)
		if list.Size() == types.IntZero {
			return types.String("")
		}
		value, first, words := args[0].(number).Abs(), list.Get(types.IntZero).(number).Abs(), above
		if value.LessThan(first) {
			value, first, words = first, value, below
		}
		if first.IsZero() {
			return types.String("")
		}
		return types.String(fmt.Sprintf(words, roughly(value.Div(first))))
	})
	return cel.Function(name, cel.Overload(name+"_of_references", []*cel.Type{numberType, numbers}, cel.StringType, told),
		cel.Overload(name+"_of_references_near", []*cel.Type{numberType, numbers, numberType}, cel.StringType, told))
}

// twoDigits rounds a number of 1 or more to two digits.
func twoDigits(n decimal.Decimal) decimal.Decimal {
	return n.Round(2 - int32(len(n.Truncate(0).String())))
}

// roughlyInChinese writes a number with two digits: 2.7万.
func roughlyInChinese(n decimal.Decimal) string {
	n = twoDigits(n)
	for _, word := range []struct {
		text     string
		exponent int32
	}{{"亿", 8}, {"万", 4}} {
		if n.GreaterThanOrEqual(decimal.New(1, word.exponent)) {
			return n.Shift(-word.exponent).String() + word.text
		}
	}
	return n.String()
}

// roughlyInEnglish writes a number with two digits: 27,000.
func roughlyInEnglish(n decimal.Decimal) string {
	text := twoDigits(n).String()
	if !strings.Contains(text, ".") {
		for at := len(text) - 3; at > 0; at -= 3 {
			text = text[:at] + "," + text[at:]
		}
	}
	return text
}

// unitHintFunction declares a text with the name of the unit behind it in which a figure was likely
// given that is off by a power of ten: 万元 for 亿元 and 4; "" where there is no such unit.
func unitHintFunction(name string, word func(catalogue.Unit) string) cel.EnvOption {
	return cel.Function(name, cel.Overload(name+"_by", []*cel.Type{cel.StringType, cel.StringType, cel.IntType}, cel.StringType, cel.FunctionBinding(func(args ...ref.Val) ref.Val {
		unit := catalogue.ParseUnit(string(args[1].(types.String))).Shifted(-int(args[2].(types.Int)))
		if unit == "" {
			return types.String("")
		}
		return args[0].(types.String) + types.String(word(catalogue.ParseUnit(unit)))
	})))
}

// textOfValue writes a value for people.
func textOfValue(v ref.Val) string {
	switch n := v.(type) {
	case number:
		return n.String()
	case traits.Lister:
		var all []string
		for i := range int64(n.Size().(types.Int)) {
			all = append(all, textOfValue(n.Get(types.Int(i))))
		}
		return strings.Join(all, ", ")
	}
	return fmt.Sprint(v.Value())
}
