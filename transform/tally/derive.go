package tally

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

type formulaKey struct {
	kind   catalogue.Kind
	period catalogue.Period
}

// joinTerms returns the terms of an area's derived figure. Those of a flow that comes
// out below zero, because the year to date fell, are marked; the figure is never
// raised to zero.
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

// derive returns, for each expected area that has not reported the period, the terms
// from which its figure follows: those of the first formula for which it has reported
// every period. A formula of which it reported some periods as missing gives no
// figure, but reported is true then: a total that followed from it before has to be
// published without a value.
func (c *calculator) derive(indicator *catalogue.Indicator, period catalogue.Period, expected, reporting []string) (derived []term, reported bool) {
	done := reporting
	for _, formula := range c.formulasOf(indicator.Kind, period) {
		plus := c.termsOf(indicator, formula.Plus)
		if len(plus) == 0 {
			continue
		}
		minus := c.termsOf(indicator, formula.Minus)
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

// formulasOf returns the formulas by which a figure of the period may follow from
// others.
func (c *calculator) formulasOf(kind catalogue.Kind, period catalogue.Period) []catalogue.Formula {
	key := formulaKey{kind, period}
	formulas, ok := c.formulas[key]
	if !ok {
		formulas = period.Formulas(kind)
		if c.formulas == nil {
			c.formulas = map[formulaKey][]catalogue.Formula{}
		}
		c.formulas[key] = formulas
	}
	return formulas
}

// termsOf returns what each area reported for the periods, by area; nil where nobody
// has reported one of the periods.
func (c *calculator) termsOf(indicator *catalogue.Indicator, periods []catalogue.Period) map[string][]term {
	var terms map[string][]term
	for _, period := range periods {
		parts := c.figures(ledger.Cell{Indicator: indicator.ID, Period: period})
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
