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
	if r.asked.has(q.figure) && !r.none.has(q.figure) {
		v = r.known[q.figure]
	} else if v, ok = r.figure(q.figure); !ok {
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

// compared answers what a comparison of two quantities says.
func (q *multiple) compared(r *Row, with *multiple, outcome *[3]answer) answer {
	x, ok := q.of(r)
	if !ok {
		return perhaps
	}
	y, ok := with.of(r)
	if !ok {
		return perhaps
	}
	if y.Coefficient == 0 { // the sign decides, whatever the places
		switch {
		case x.Coefficient < 0:
			return outcome[0]
		case x.Coefficient > 0:
			return outcome[2]
		}
		return outcome[1]
	}
	if c, ok := compare(x, y); ok {
		return outcome[c+1]
	}
	return perhaps
}
