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
func (t *calculator) derive(indicator *catalogue.Indicator, period catalogue.Period, expected, spoken []string) (derived []term, reported bool) {
	done := spoken
	for _, formula := range t.formulasOf(indicator.Kind, period) {
		plus := t.termsOf(indicator, formula.Plus)
		if len(plus) == 0 {
			continue
		}
		minus := t.termsOf(indicator, formula.Minus)
		for _, area := range expected {
			if slices.Contains(done, area) || len(plus[area]) < len(formula.Plus) || len(minus[area]) < len(formula.Minus) {
				continue
			}
			reported = true
			if terms := joinTerms(indicator, plus[area], minus[area]); !slices.ContainsFunc(terms, term.missing) {
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

func (t *calculator) formulasOf(kind catalogue.Kind, period catalogue.Period) []catalogue.Formula {
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

// termsOf returns what the areas reported for the periods; nothing where nobody has
// reported one of them.
func (t *calculator) termsOf(indicator *catalogue.Indicator, periods []catalogue.Period) map[string][]term {
	var terms map[string][]term
	for _, period := range periods {
		parts := t.figures(ledger.Cell{Indicator: indicator.ID, Period: period})
		if len(parts) == 0 {
			return nil
		}
		if terms == nil {
			terms = make(map[string][]term, len(parts))
		}
		for _, p := range parts {
			terms[p.Area] = append(terms[p.Area], term{Part: p, indicator: indicator.ID, reportedFor: period})
		}
	}
	return terms
}

// joinTerms joins an area's terms, and marks a flow that comes out negative: a
// year to date that fell. It is kept as it is, never clamped.
func joinTerms(indicator *catalogue.Indicator, plus, minus []term) []term {
	terms := slices.Clone(plus)
	for _, p := range minus {
		p.subtracted = true
		terms = append(terms, p)
	}
	if len(minus) > 0 && indicator.Kind == catalogue.Flow && sumTerms(terms).IsNegative() {
		for i := range terms {
			terms[i].negative = true
		}
	}
	return terms
}
