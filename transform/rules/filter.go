package rules

import (
	"math"
	"math/bits"
	"regexp"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"

	"github.com/citytally/citytally/configs/catalogue"
)

// filter answers, without evaluating the expression that it was made of, whether that can be
// true of a row. Most rows are clean, and a filter is ten times as fast as the expression.
// It answers no only where the expression is false, and perhaps where it cannot tell.
type filter func(*Row) answer

type answer int8

const (
	no answer = iota
	perhaps
	yes
)

// quantity is the exact value of a part of an expression; false where it is not known, or
// too long for one machine word.
type quantity func(*Row) (catalogue.Value, bool)

// newFilter makes the filter of a checked expression.
func newFilter(checked *ast.AST) filter {
	return (&filterMaker{checked}).condition(checked.Expr())
}

type filterMaker struct{ checked *ast.AST }

func cannotTell(*Row) answer { return perhaps }

func (m *filterMaker) condition(e ast.Expr) filter {
	switch e.Kind() {
	case ast.IdentKind:
		return flagOf(e.AsIdent())
	case ast.CallKind:
		call := e.AsCall()
		args := call.Args()
		switch name := call.FunctionName(); {
		case name == operators.LogicalAnd:
			all := m.tellingFirst(m.operands(e, name))
			return func(r *Row) answer {
				least := yes
				for _, f := range all {
					if least = min(least, f(r)); least == no {
						break
					}
				}
				return least
			}
		case name == operators.LogicalOr:
			of := m.operands(e, name)
			if all := m.bounds(of); all != nil {
				return func(r *Row) answer { return anyOf(r, all) }
			}
			all := m.filters(of)
			return func(r *Row) answer {
				most := no
				for _, f := range all {
					if most = max(most, f(r)); most == yes {
						break
					}
				}
				return most
			}
		case name == operators.LogicalNot:
			a := m.condition(args[0])
			return func(r *Row) answer { return yes - a(r) }
		case name == "is_whole":
			if v := m.quantity(call.Target()); v != nil {
				return func(r *Row) answer {
					value, ok := v(r)
					return tell(ok, value.Scale == 0)
				}
			}
		case name == "matches" && len(args) == 1:
			return matchOf(call.Target(), args[0])
		case name == operators.NotEquals && isSlip(args[0]):
			return couldSlip
		case name == "is_outlier":
			return m.outlier(args)
		default:
			return m.comparison(name, args)
		}
	}
	return cannotTell
}

// operands are what an operator joins, in their order: of a && b && c all three.
func (m *filterMaker) operands(e ast.Expr, operator string) []ast.Expr {
	if e.Kind() == ast.CallKind && e.AsCall().FunctionName() == operator {
		args := e.AsCall().Args()
		return append(m.operands(args[0], operator), m.operands(args[1], operator)...)
	}
	return []ast.Expr{e}
}

func (m *filterMaker) filters(of []ast.Expr) (all []filter) {
	for _, e := range of {
		all = append(all, m.condition(e))
	}
	return all
}

// tellingFirst returns the filters of conditions that have to be true all, those first which most rows do
// not meet: that the value is far above another figure or far below it.
func (m *filterMaker) tellingFirst(of []ast.Expr) []filter {
	var telling, others []ast.Expr
	for _, e := range of {
		if all := m.operands(e, operators.LogicalOr); len(all) > 1 && m.bounds(all) != nil {
			telling = append(telling, e)
		} else {
			others = append(others, e)
		}
	}
	return m.filters(append(telling, others...))
}

// outcomes are what a comparison says of two numbers of which the first is less, the same and greater.
var outcomes = map[string][3]answer{
	operators.Less: {yes, no, no}, operators.LessEquals: {yes, yes, no},
	operators.Greater: {no, no, yes}, operators.GreaterEquals: {no, yes, yes},
	operators.Equals: {no, yes, no}, operators.NotEquals: {yes, no, yes},
}

// comparison makes the filter of a comparison of two numbers.
func (m *filterMaker) comparison(name string, args []ast.Expr) filter {
	outcome, known := outcomes[name]
	if !known || len(args) != 2 {
		return cannotTell
	}
	if text, literal := textOf(args[1]); literal && args[0].Kind() == ast.IdentKind {
		of := textsOf[args[0].AsIdent()]
		if of == nil || name != operators.Equals && name != operators.NotEquals {
			return cannotTell
		}
		return func(r *Row) answer { return tell(true, (of(r) == text) == (name == operators.Equals)) }
	}
	a, b := m.quantity(args[0]), m.quantity(args[1])
	if a == nil || b == nil {
		return cannotTell
	}
	x, y := m.multiple(args[0]), m.multiple(args[1])
	if x != nil && y != nil {
		if b, ok := newBound(x, y, outcome); ok {
			return b.of
		}
		return x.comparison(y, outcome)
	}
	return func(r *Row) answer {
		x, ok := a(r)
		if !ok {
			return perhaps
		}
		y, ok := b(r)
		if !ok {
			return perhaps
		}
		if c, ok := compare(x, y); ok {
			return outcome[c+1]
		}
		return perhaps
	}
}

func tell(known, holds bool) answer {
	switch {
	case !known:
		return perhaps
	case holds:
		return yes
	}
	return no
}

// quantity makes the value of a part of an expression; nil where it takes CEL to compute it.
func (m *filterMaker) quantity(e ast.Expr) quantity {
	if of := m.multiple(e); of != nil {
		return of.of
	}
	switch {
	case e.Kind() == ast.IdentKind && e.AsIdent() == "whole_share":
		return func(r *Row) (catalogue.Value, bool) { return r.of.wholeShare, true }
	case e.Kind() == ast.IdentKind && e.AsIdent() == "reference_years":
		return func(r *Row) (catalogue.Value, bool) { return catalogue.Value{Coefficient: r.referenceYears()}, true }
	case e.Kind() == ast.CallKind:
		return m.computed(e.AsCall())
	}
	return nil
}

func (m *filterMaker) computed(call ast.CallExpr) quantity {
	args := call.Args()
	switch call.FunctionName() {
	case "size":
		if len(args) == 1 && isSeries(args[0]) {
			return func(r *Row) (catalogue.Value, bool) {
				return catalogue.Value{Coefficient: int64(len(r.earlier()))}, true
			}
		}
	case "abs":
		if v := m.quantity(args[0]); v != nil {
			return func(r *Row) (catalogue.Value, bool) {
				value, ok := v(r)
				value.Coefficient = max(value.Coefficient, -value.Coefficient)
				return value, ok
			}
		}
	case operators.Multiply:
		a, b := m.quantity(args[0]), m.quantity(args[1])
		if a == nil || b == nil {
			return nil
		}
		return both(a, b, multiply)
	case operators.Add, operators.Subtract:
		a, b := m.quantity(args[0]), m.quantity(args[1])
		if a == nil || b == nil {
			return nil
		}
		if call.FunctionName() == operators.Add {
			return both(a, b, add)
		}
		return both(a, b, func(x, y catalogue.Value) (catalogue.Value, bool) {
			y.Coefficient = -y.Coefficient
			return add(x, y)
		})
	}
	return nil
}

// both computes of two quantities, where both are known.
func both(a, b quantity, compute func(x, y catalogue.Value) (catalogue.Value, bool)) quantity {
	return func(r *Row) (catalogue.Value, bool) {
		x, ok := a(r)
		if !ok {
			return x, false
		}
		y, ok := b(r)
		if !ok {
			return y, false
		}
		return compute(x, y)
	}
}

// add returns the sum where it fits into a machine word, half of which is left for that.
func add(a, b catalogue.Value) (catalogue.Value, bool) {
	if a.Scale > b.Scale {
		a, b = b, a
	}
	shift := int(b.Scale - a.Scale)
	if shift >= len(powers) {
		return catalogue.Value{}, false
	}
	hi, lo := bits.Mul64(uint64(max(a.Coefficient, -a.Coefficient)), powers[shift])
	if hi != 0 || lo > math.MaxInt64/2 || max(b.Coefficient, -b.Coefficient) > math.MaxInt64/2 {
		return catalogue.Value{}, false
	}
	shifted := int64(lo)
	if a.Coefficient < 0 {
		shifted = -shifted
	}
	return catalogue.Value{Coefficient: shifted + b.Coefficient, Scale: b.Scale}, true
}

func flagOf(name string) filter {
	switch name {
	case "has_minimum":
		return func(r *Row) answer { return tell(true, r.of.hasMinimum) }
	case "has_maximum":
		return func(r *Row) answer { return tell(true, r.of.hasMaximum) }
	case "reference_in_cell":
		return func(r *Row) answer { _, ok := r.figure(ofReference); return tell(true, ok && r.revises) }
	case "reference_of_span":
		return func(r *Row) answer { _, ok := r.figure(ofReference); return tell(true, ok && r.ofOtherSpan) }
	case "growth_at_constant_prices":
		return func(r *Row) answer { return tell(true, r.of.constantPrices) }
	case "has_exits":
		return func(r *Row) answer { return tell(true, len(r.of.shrinks) > 0) }
	}
	return cannotTell
}

// matchOf answers no of rows without a note, which most are, where the pattern of a note
// matches no empty text.
func matchOf(target, pattern ast.Expr) filter {
	text, literal := textOf(pattern)
	if !literal || target.Kind() != ast.IdentKind || target.AsIdent() != "note" {
		return cannotTell
	}
	if r, err := regexp.Compile(text); err != nil || r.MatchString("") {
		return cannotTell
	}
	return func(r *Row) answer {
		if r.Note == "" {
			return no
		}
		return perhaps
	}
}

func isSlip(e ast.Expr) bool {
	return e.Kind() == ast.CallKind && e.AsCall().FunctionName() == "slip"
}

func isSeries(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == "series" }

// couldSlip answers no where the reference has nearly as many digits as the value, so that
// it is not off by 10^4 whatever the spread, which is below 10^2, and where there is none.
func couldSlip(r *Row) answer {
	v, ok := r.figure(ofReference)
	if !ok && r.Period.Kind != catalogue.YearToDate {
		v, ok = r.figure(ofBefore)
	}
	if !ok || v.Coefficient == 0 {
		return no
	}
	if d := magnitude(r.Value) - magnitude(v); d > -2 && d < 2 {
		return no
	}
	return perhaps
}

// magnitude is the number of digits before the point, negative after it.
func magnitude(v catalogue.Value) int {
	n := 0
	for c := v.Coefficient; c != 0; c /= 10 {
		n++
	}
	return n - int(v.Scale)
}

// multiply returns the product where it fits into a machine word.
func multiply(a, b catalogue.Value) (catalogue.Value, bool) {
	scale := int(a.Scale) + int(b.Scale)
	hi, lo := bits.Mul64(uint64(max(a.Coefficient, -a.Coefficient)), uint64(max(b.Coefficient, -b.Coefficient)))
	if hi != 0 || lo > math.MaxInt64 || scale > maxScale {
		return catalogue.Value{}, false
	}
	product := int64(lo)
	if (a.Coefficient < 0) != (b.Coefficient < 0) {
		product = -product
	}
	return catalogue.Value{Coefficient: product, Scale: uint8(scale)}, true
}

// maxScale is how many places quantities have at most: more than two values have together.
const maxScale = 2 * catalogue.MaxDecimals

// compare compares exactly; false where the difference of scales is too large to.
func compare(a, b catalogue.Value) (int, bool) {
	if a.Scale > b.Scale {
		c, ok := compare(b, a)
		return -c, ok
	}
	if a.Scale == b.Scale {
		switch {
		case a.Coefficient < b.Coefficient:
			return -1, true
		case a.Coefficient > b.Coefficient:
			return 1, true
		}
		return 0, true
	}
	shift := int(b.Scale - a.Scale)
	if shift >= len(powers) {
		return 0, false
	}
	switch negative := a.Coefficient < 0; {
	case negative != (b.Coefficient < 0):
		if negative {
			return -1, true
		}
		return 1, true
	case negative:
		c, ok := compareMagnitudes(uint64(-a.Coefficient), powers[shift], uint64(-b.Coefficient))
		return -c, ok
	}
	return compareMagnitudes(uint64(a.Coefficient), powers[shift], uint64(b.Coefficient))
}

// compareMagnitudes compares a × power with b.
func compareMagnitudes(a, power, b uint64) (int, bool) {
	hi, lo := bits.Mul64(a, power)
	switch {
	case hi > 0 || lo > b:
		return 1, true
	case lo < b:
		return -1, true
	}
	return 0, true
}

// powers are those of ten.
var powers = func() (p [19]uint64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()
