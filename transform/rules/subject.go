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
	atMost, atLeast        []*related
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
	all := map[string]*subject{}
	for i := range c.Indicators {
		ind := &c.Indicators[i]
		all[ind.ID] = newSubject(ind.ID, ind.NameZH, ind.NameEN, ind.Unit(), ind.Kind)
		all[ind.ID].hasMinimum, all[ind.ID].hasMaximum = ind.Minimum != "", ind.Maximum != ""
	}
	for i := range c.Indicators {
		part := all[c.Indicators[i].ID]
		for _, id := range c.Indicators[i].AtMost {
			whole := all[id]
			convert := part.unit != whole.unit && part.unit.Dimension == whole.unit.Dimension
			part.atMost = append(part.atMost, &related{whole, convert})
			whole.atLeast = append(whole.atLeast, &related{part, convert})
		}
	}
	return all
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
