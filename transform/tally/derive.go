package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

// derive returns, for the expected areas that have not spoken for the period,
// the terms from which their figure follows: of each area the first formula for
// which it has reported everything. A formula whose terms were all reported, some
// of them as missing, gives no figure but is reported all the same: a total that
// followed from it before has to be seen to be gone.
func (t *tally) derive(indicator *catalogue.Indicator, period catalogue.Period, expected, spoken []string) (derived []inputPart, reported bool) {
	done := spoken
	for _, formula := range t.formulasOf(indicator.Kind, period) {
		plus := t.terms(indicator, formula.Plus)
		if len(plus) == 0 {
			continue
		}
		minus := t.terms(indicator, formula.Minus)
		for _, area := range expected {
			if slices.Contains(done, area) || len(plus[area]) < len(formula.Plus) || len(minus[area]) < len(formula.Minus) {
				continue
			}
			reported = true
			if terms := settleTerms(indicator, plus[area], minus[area]); !slices.ContainsFunc(terms, inputPart.missing) {
				done = append(done, area)
				derived = append(derived, terms...)
			}
		}
	}
	return derived, reported
}

type formulaKey struct {
	kind   catalogue.Kind
	period catalogue.Period
}

func (t *tally) formulasOf(kind catalogue.Kind, period catalogue.Period) []catalogue.Formula {
	key := formulaKey{kind, period}
	formulas, ok := t.formulas[key]
	if !ok {
		formulas = period.Formulas(kind)
		if t.formulas == nil {
			t.formulas = map[formulaKey][]catalogue.Formula{}
		}
		t.formulas[key] = formulas
	}
	return formulas
}

// terms returns what the areas reported for the periods; nothing where nobody has
// reported one of them.
func (t *tally) terms(indicator *catalogue.Indicator, periods []catalogue.Period) map[string][]inputPart {
	var terms map[string][]inputPart
	for _, period := range periods {
		parts := t.find(ledger.Cell{Indicator: indicator.ID, Period: period})
		if len(parts) == 0 {
			return nil
		}
		if terms == nil {
			terms = make(map[string][]inputPart, len(parts))
		}
		for _, p := range parts {
			terms[p.Area] = append(terms[p.Area], inputPart{Part: p, indicator: indicator.ID, derived: period})
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
