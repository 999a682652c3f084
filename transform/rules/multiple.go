package rules

import (
	"slices"

	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/operators"
	"github.com/google/cel-go/common/types"

	"github.com/citytally/citytally/configs/catalogue"
)

// multiple is the commonest quantity of expressions, evaluated without a call for each of its parts: a
// figure, its magnitude, a number, or one of these times a number.
type multiple struct {
	figure    int // its place in figureNames; -1 for a number
	magnitude bool
	number    catalogue.Value
	times     bool // the figure is multiplied by number
}

// multiple returns a part of an expression as one; nil where it is none.
func (m *filterMaker) multiple(e ast.Expr) *multiple {
	if e.Kind() == ast.CallKind {
		call := e.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case "abs":
			if of := m.multiple(args[0]); of != nil && of.figure >= 0 && !of.times {
				of.magnitude = true
				return of
			}
		case operators.Multiply:
			of, by := m.multiple(args[0]), m.multiple(args[1])
			if of != nil && by != nil && of.figure >= 0 && !of.times && by.figure < 0 {
				of.number, of.times = by.number, true
				return of
			}
		}
		return nil
	}
	if v, ok := m.constant(e); ok {
		return &multiple{figure: -1, number: v}
	}
	if e.Kind() == ast.IdentKind {
		if n := slices.Index(figureNames[:], e.AsIdent()); n >= 0 {
			return &multiple{figure: n}
		}
	}
	return nil
}

// constant returns the value of a whole number or a threshold; false where it is too long for a machine word.
func (m *filterMaker) constant(e ast.Expr) (v catalogue.Value, ok bool) {
	switch e.Kind() {
	case ast.LiteralKind:
		n, ok := e.AsLiteral().(types.Int)
		return catalogue.Value{Coefficient: int64(n)}, ok
	case ast.IdentKind:
		if reference := m.checked.ReferenceMap()[e.ID()]; reference != nil && reference.Value != nil {
			reading, err := catalogue.ParseValue(reference.Value.(number).String())
			return reading.Value, err == nil && !reading.Missing
		}
	}
	return v, false
}

func (q *multiple) of(r *Row) (v catalogue.Value, ok bool) {
	if q.figure < 0 {
		return q.number, true
	}
	if v, ok = r.figure(q.figure); !ok {
		return v, false
	}
	if q.magnitude && v.Coefficient < 0 {
		v.Coefficient = -v.Coefficient
	}
	if q.times {
		return multiply(v, q.number)
	}
	return v, true
}

// comparison makes the filter of a comparison of two of them.
func (q *multiple) comparison(with *multiple, outcome [3]answer) filter {
	if q.figure >= 0 && !q.magnitude && !q.times && with.figure < 0 && with.number.Coefficient == 0 {
		return q.sign(outcome)
	}
	return func(r *Row) answer {
		x, ok := q.of(r)
		if !ok {
			return perhaps
		}
		y, ok := with.of(r)
		if !ok {
			return perhaps
		}
		if c, ok := compare(x, y); ok {
			return outcome[c+1]
		}
		return perhaps
	}
}

// sign makes the filter of a comparison of a figure with zero.
func (q *multiple) sign(outcome [3]answer) filter {
	return func(r *Row) answer {
		v, ok := r.figure(q.figure)
		switch {
		case !ok:
			return perhaps
		case v.Coefficient < 0:
			return outcome[0]
		case v.Coefficient > 0:
			return outcome[2]
		}
		return outcome[1]
	}
}
