package rules

import (
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"

	"github.com/citytally/citytally/configs/catalogue"
)

// activation gives an expression the facts of a row.
type activation struct {
	row     *Row
	related *related // the indicator compared with, where the rule has a relation
}

var _ interpreter.Activation = (*activation)(nil)

// ResolveName returns the value of a variable.
func (a *activation) ResolveName(name string) (any, bool) {
	v := a.resolve(name)
	return v, v != nil
}

// Parent returns nil: there is nothing around a row.
func (a *activation) Parent() interpreter.Activation { return nil }

func (a *activation) resolve(name string) ref.Val {
	r := a.row
	switch name {
	case "row":
		return rowValue{r}
	case "series":
		return listOf(r.earlier())
	case "references":
		return listOf(r.references())
	case "neighbours":
		return listOf(r.neighbours())
	case "shares":
		_, before, _ := r.cityShare()
		return listOf(before)
	case "whole_share":
		return numberOf(r.of.wholeShare)
	case "growth_at_constant_prices":
		return types.Bool(r.of.constantPrices)
	case "has_exits":
		return types.Bool(len(r.of.shrinks) > 0)
	case "reference_in_cell":
		_, _ = r.figure(ofReference)
		return types.Bool(r.revises)
	case "reference_of_span":
		_, _ = r.figure(ofReference)
		return types.Bool(r.ofOtherSpan)
	case "has_minimum":
		return types.Bool(r.of.hasMinimum)
	case "has_maximum":
		return types.Bool(r.of.hasMaximum)
	case "month":
		return types.Int(r.Period.Index)
	case "reference_years":
		return types.Int(r.referenceYears())
	case "other_indicator":
		return types.String(a.related.id)
	case "other_zh":
		return types.String(a.related.nameZH)
	case "other_en":
		return types.String(a.related.nameEN)
	}
	if of := textsOf[name]; of != nil {
		return types.String(of(r))
	}
	for n, figure := range figureNames {
		if figure == name {
			if v, ok := r.figure(n); ok {
				return numberOf(v)
			}
			return nil
		}
	}
	return nil
}

// textsOf are the texts of a row, by name.
var textsOf = map[string]func(*Row) string{
	"indicator":      func(r *Row) string { return r.of.id },
	"indicator_zh":   func(r *Row) string { return r.of.nameZH },
	"indicator_en":   func(r *Row) string { return r.of.nameEN },
	"unit":           func(r *Row) string { return r.of.unit.Written() },
	"area":           func(r *Row) string { return r.Area.Code },
	"period":         func(r *Row) string { return r.Period.String() },
	"note":           func(r *Row) string { return r.Note },
	"stage":          func(r *Row) string { return r.Stage.String() },
	"in_force_stage": func(r *Row) string { return r.InForceStage.String() },
	"reason":         func(r *Row) string { return r.Reason },
	"missing_zones":  missingZonesInWords,
	"stated_unit":    statedUnit,

	"reference_period": func(r *Row) string { return r.referencePeriod().String() },
	"nearest_period":   func(r *Row) string { return r.nearestPeriod().String() },
	"before_period":    func(r *Row) string { return r.periodBeside(periodBefore).String() },
	"after_period":     func(r *Row) string { return r.periodBeside(periodAfter).String() },
}

func listOf(values []catalogue.Value) ref.Val {
	all := make([]ref.Val, len(values))
	for i, v := range values {
		all[i] = numberOf(v)
	}
	return types.NewRefValList(types.DefaultTypeAdapter, all)
}
