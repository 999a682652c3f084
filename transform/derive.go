package transform

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// derive returns, for the expected areas that have not spoken for the period,
// the terms from which their figure follows: of each area the first formula for
// which it has reported everything.
func (t *tally) derive(indicator *catalogue.Indicator, period catalogue.Period, expected, spoken []string) []inputPart {
	var derived []inputPart
	done := slices.Clone(spoken)
	for _, formula := range period.Formulas(indicator.Kind) {
		plus := t.terms(indicator, formula.Plus)
		if len(plus) == 0 {
			continue
		}
		minus := t.terms(indicator, formula.Minus)
		for _, area := range expected {
			if slices.Contains(done, area) || len(plus[area]) < len(formula.Plus) || len(minus[area]) < len(formula.Minus) {
				continue
			}
			done = append(done, area)
			derived = append(derived, settleTerms(indicator, plus[area], minus[area])...)
		}
	}
	return derived
}

// terms returns the areas' reported figures of the periods, none missing; nothing
// where nobody has reported one of the periods.
func (t *tally) terms(indicator *catalogue.Indicator, periods []catalogue.Period) map[string][]inputPart {
	terms := map[string][]inputPart{}
	for _, period := range periods {
		parts := t.source.Parts(Cell{indicator.ID, period})
		if len(parts) == 0 {
			return nil
		}
		for _, p := range parts {
			if p.Status != catalogue.Missing {
				terms[p.Area] = append(terms[p.Area], inputPart{Part: p, indicator: indicator.ID, derived: period})
			}
		}
	}
	return terms
}

// settleTerms joins an area's terms, and marks a flow that comes out negative: a
// year to date that fell. It is kept as it is, never clamped.
func settleTerms(indicator *catalogue.Indicator, plus, minus []inputPart) []inputPart {
	terms := slices.Clone(plus)
	for _, p := range minus {
		p.subtracted = true
		terms = append(terms, p)
	}
	if len(minus) > 0 && indicator.Kind == catalogue.Flow && sum(terms).IsNegative() {
		for i := range terms {
			terms[i].negative = true
		}
	}
	return terms
}
