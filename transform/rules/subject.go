package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// subject is an indicator as rules see it.
type subject struct {
	id, nameZH, nameEN     string
	unit                   catalogue.Unit
	kind                   catalogue.Kind
	wholeShare             catalogue.Value // of shares: what 100 % is in the unit
	hasMinimum, hasMaximum bool
	constantPrices         bool // its growth is stated at constant prices
	atMost, atLeast        []*related
	grows, shrinks         []*related                     // the flows that add to a stock and take from it
	numerator, denominator *related                       // of a ratio
	factor                 int64                          // of a ratio: what the quotient is multiplied by
	summed                 bool                           // the city's total is the sum of the areas
	kinds                  [catalogue.YearToDate + 1]bool // kinds of period that its datasets take
	city                   *city
}

// city is a catalogue's areas as rules see them.
type city struct {
	catalogue *catalogue.Catalogue
	zones     map[string][]string // codes of the zones inside an area, by its code
}

func newCity(c *catalogue.Catalogue) *city {
	all := &city{catalogue: c, zones: map[string][]string{}}
	for i := range c.Areas {
		if a := &c.Areas[i]; a.Kind == catalogue.InsideZone {
			all.zones[a.Host] = append(all.zones[a.Host], a.Code)
		}
	}
	return all
}

// related is an indicator that figures are compared with.
type related struct {
	*subject
	convert bool // its values have another unit of the same dimension
}

// itself stands for the indicators of a rule without a relation.
var itself = []*related{nil}

// related returns the indicators that a relation names: one nil where it is none.
func (s *subject) related(r Relation) []*related {
	switch r {
	case AtMost:
		return s.atMost
	case AtLeast:
		return s.atLeast
	}
	return itself
}

// subjectsOf returns a catalogue's indicators by id.
func subjectsOf(c *catalogue.Catalogue) map[string]*subject {
	all, areas := map[string]*subject{}, newCity(c)
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		one := newSubject(ind.ID, ind.NameZH, ind.NameEN, ind.Unit(), ind.Kind)
		one.hasMinimum, one.hasMaximum = ind.Minimum != "", ind.Maximum != ""
		one.constantPrices = ind.GrowthPrices == catalogue.ConstantPrices
		one.summed, one.factor, one.city = ind.Total == catalogue.SumRule, ind.Factor, areas
		for _, id := range ind.Datasets {
			if dataset, ok := c.Dataset(id); ok {
				for _, kind := range dataset.Periods {
					one.kinds[kind] = true
				}
			}
		}
		all[ind.ID] = one
	}
	for i := range c.Indicators {
		part := all[c.Indicators[i].ID]
		for _, id := range c.Indicators[i].GrowsBy {
			part.grows = append(part.grows, relate(part, all[id]))
		}
		for _, id := range c.Indicators[i].ShrinksBy {
			part.shrinks = append(part.shrinks, relate(part, all[id]))
		}
		if c.Indicators[i].Total == catalogue.RatioRule {
			part.numerator, part.denominator = &related{subject: all[c.Indicators[i].Numerator]}, &related{subject: all[c.Indicators[i].Denominator]}
		}
		for _, id := range c.Indicators[i].AtMost {
			whole := all[id]
			part.atMost = append(part.atMost, relate(part, whole))
			whole.atLeast = append(whole.atLeast, relate(whole, part))
		}
	}
	return all
}

// relate returns an indicator as figures of another one are compared with it.
func relate(to, other *subject) *related {
	return &related{other, to.unit != other.unit && to.unit.Dimension == other.unit.Dimension}
}

func newSubject(id, zh, en string, unit catalogue.Unit, kind catalogue.Kind) *subject {
	s := &subject{id: id, nameZH: zh, nameEN: en, unit: unit, kind: kind}
	if unit.Share() {
		one := catalogue.Value{Coefficient: 1}
		s.wholeShare, _ = unit.Convert(one, catalogue.ParseUnit("1"))
	}
	return s
}

// of returns the figure of a related indicator that a row is compared with, in the row's
// unit where it converts.
func (r *related) of(row *Row, relation Relation) (catalogue.Value, bool) {
	v, submitted, ok := row.Figures.Figure(r.id, row.Period)
	if !ok || submitted && relation == AtLeast {
		return v, false
	}
	if r.convert {
		converted, err := row.of.unit.Convert(v, r.unit)
		return converted, err == nil
	}
	return v, true
}

// problems are the mistakes in a rule.
type problems []error

func (p *problems) add(path, format string, args ...any) {
	*p = append(*p, fmt.Errorf("%s: %s", path, fmt.Sprintf(format, args...)))
}

func (p problems) err() error { return errors.Join(slices.Clone(p)...) }
