package tally

import (
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// holder is a source that knows which figures are held.
type holder interface {
	HeldParts() map[ledger.Cell][]ledger.HeldPart
}

var (
	_ holder = (*ledger.Ledger)(nil)
	_ holder = (*ledger.View)(nil)
	_ holder = (*Overlay)(nil)
)

// newCalculator returns a calculator of totals that say what they would be with the figures
// that are held.
func newCalculator(c *catalogue.Catalogue, source Source) *calculator {
	of := &calculator{catalogue: c, source: source}
	if h, ok := source.(holder); ok {
		if held := h.HeldParts(); len(held) > 0 {
			of.withHeld = newWithHeld(c, source, held)
		}
	}
	return of
}

// withHeld computes totals with the figures that are held.
type withHeld struct {
	calculator
	overlay *Overlay
	// concerned are the held figures that a total may depend on.
	concerned map[ledger.Cell][]heldFigure
	without   map[*ledger.HeldPart]*calculator // by the figure that is left out
}

// heldFigure is a held figure and the cell that it is of.
type heldFigure struct {
	*ledger.HeldPart
	cell ledger.Cell
}

func newWithHeld(c *catalogue.Catalogue, source Source, held map[ledger.Cell][]ledger.HeldPart) *withHeld {
	overlay := NewOverlay(source)
	for cell, parts := range held {
		for i := range parts {
			overlay.Add(cell, parts[i].Part)
		}
	}
	w := &withHeld{calculator{catalogue: c, source: overlay}, overlay, map[ledger.Cell][]heldFigure{}, map[*ledger.HeldPart]*calculator{}}
	for _, cell := range slices.SortedFunc(maps.Keys(held), ledger.Cell.Compare) {
		for _, total := range Affected(c, w.source, []ledger.Cell{cell}) {
			for i := range held[cell] {
				w.concerned[total] = append(w.concerned[total], heldFigure{&held[cell][i], cell})
			}
		}
	}
	return w
}

// but returns a calculator of totals with all that is held but one figure.
func (w *withHeld) but(f heldFigure) *calculator {
	c, ok := w.without[f.HeldPart]
	if !ok {
		c = &calculator{catalogue: w.catalogue, source: w.overlay.without(f.cell, f.Area)}
		w.without[f.HeldPart] = c
	}
	return c
}

// alone returns a calculator of totals with one held figure over a source.
func (w *withHeld) alone(source Source, f heldFigure) *calculator {
	overlay := NewOverlay(source)
	overlay.Add(f.cell, f.Part)
	return &calculator{catalogue: w.catalogue, source: overlay}
}

// nothing returns the total of a cell for which nothing counts: it has no value and lacks every
// area.
func (c *calculator) nothing(indicator *catalogue.Indicator, period catalogue.Period) event.Total {
	missing := Expected(c.catalogue, indicator, period)
	return event.Total{
		Indicator: indicator.ID, Unit: indicator.UnitName, Status: catalogue.Missing.String(), Expected: len(missing), Missing: missing,
		ChangeKind: string(indicator.Change), ChangeReason: ValueMissing,
	}
}

// onlyHeld returns the total of a cell for which nothing counts and figures are held, and what
// it would be. It reports false where they would make none.
func (c *calculator) onlyHeld(indicator *catalogue.Indicator, period catalogue.Period) (event.Total, bool) {
	if c.withHeld == nil || len(c.withHeld.concerned[ledger.Cell{Indicator: indicator.ID, Period: period}]) == 0 {
		return event.Total{}, false
	}
	total := c.nothing(indicator, period)
	c.tellHeld(&total, indicator, period)
	return total, total.Held != nil
}

// tellHeld adds to a total what it would be with the figures that are held, where that is something
// else: those are named that decide of what figures the total would be made, or the base of a change
// that would be another.
func (c *calculator) tellHeld(total *event.Total, indicator *catalogue.Indicator, period catalogue.Period) {
	w, cell := c.withHeld, ledger.Cell{Indicator: indicator.ID, Period: period}
	if w == nil || len(w.concerned[cell]) == 0 {
		return
	}
	would, follows := w.total(cell)
	if !follows {
		would = w.nothing(indicator, period)
	}
	if would.Equal(total) {
		return
	}
	held := &event.TotalWithHeld{Value: would.Value, Change: would.Change, Qualifier: would.Qualifier}
	if would.Change != "" {
		held.ChangeQualifier = would.ChangeQualifier
	}
	periods := []catalogue.Period{period}
	if !would.SameChange(total) {
		periods = append(periods, period.YearBefore())
	}
	w.name(held, cell, indicator, periods, func(f heldFigure) (with, without *calculator) { return &w.calculator, w.but(f) })
	if len(held.Holds) == 0 { // each of several would do what the others do
		w.name(held, cell, indicator, periods, func(f heldFigure) (with, without *calculator) { return w.alone(c.source, f), c })
	}
	// What is held of an area does not make its figure where something else of it is missing all the same.
	held.Areas = slices.DeleteFunc(held.Areas, func(area string) bool {
		return slices.Contains(total.Missing, area) && slices.Contains(would.Missing, area)
	})
	slices.Sort(held.Areas)
	held.Areas = slices.Compact(held.Areas)
	total.Held = held
	c.blame(total, indicator, period)
}

// name names what is held and decides of what figures a cell's total, or its base, is made: those of
// one calculator with it, and of another without.
func (w *withHeld) name(held *event.TotalWithHeld, cell ledger.Cell, indicator *catalogue.Indicator, periods []catalogue.Period, of func(heldFigure) (with, without *calculator)) {
	for _, f := range w.concerned[cell] {
		with, without := of(f)
		var areas []string
		for _, period := range periods {
			areas = append(areas, f.decides(indicator, period, with, without)...)
		}
		if len(areas) == 0 {
			continue
		}
		for _, id := range f.IDs {
			if told := id.String(); !slices.Contains(held.Holds, told) {
				held.Holds = append(held.Holds, told)
			}
		}
		if !f.Follows {
			held.Areas = append(held.Areas, areas...)
		}
	}
}

// decides returns the areas whose figures in a total are made of others without a held figure.
func (f heldFigure) decides(indicator *catalogue.Indicator, period catalogue.Period, with, without *calculator) (areas []string) {
	terms := with.termsOf(indicator, period)
	for i := range terms {
		if t := &terms[i]; t.Area == f.Area && t.Sequence == f.Sequence && t.indicator == f.cell.Indicator && t.of(period) == f.cell.Period {
			areas = append(areas, t.member)
		}
	}
	if len(areas) > 0 {
		return areas
	}
	return differing(terms, without.termsOf(indicator, period), period)
}

// termsOf returns the terms of a total; of a ratio of which the city reports one part itself those
// that both parts have.
func (c *calculator) termsOf(indicator *catalogue.Indicator, period catalogue.Period) []term {
	if top, ok := c.catalogue.Indicator(indicator.Numerator); ok {
		if bottom, _ := c.catalogue.Indicator(indicator.Denominator); top.Total != bottom.Total {
			return slices.Concat(c.level(top, period).terms, c.level(bottom, period).terms)
		}
	}
	return c.level(indicator, period).terms
}

// madeOf is what tells one term of an area's figure from others.
type madeOf struct {
	area, indicator string
	period          catalogue.Period
	sequence        uint64
	value           catalogue.Value
}

// differing returns the members of which two lists have other terms.
func differing(a, b []term, period catalogue.Period) (members []string) {
	made := func(terms []term) map[string][]madeOf {
		of := map[string][]madeOf{}
		for i := range terms {
			t := &terms[i]
			of[t.member] = append(of[t.member], madeOf{t.Area, t.indicator, t.of(period), t.Sequence, t.Value})
		}
		return of
	}
	one, two := made(a), made(b)
	for member := range two {
		if _, ok := one[member]; !ok {
			members = append(members, member)
		}
	}
	for member, terms := range one {
		if !slices.Equal(terms, two[member]) {
			members = append(members, member)
		}
	}
	return members
}

// blame tells for which of two causes areas keep a change from being told: they have not reported or,
// where that is true of none, what they have reported is held.
func (c *calculator) blame(total *event.Total, indicator *catalogue.Indicator, period catalogue.Period) {
	if total.ChangeReason != MissingMember {
		return
	}
	var silent []string
	for _, of := range [...]catalogue.Period{period, period.YearBefore()} {
		lack, still := c.level(indicator, of).missing(), c.withHeld.level(indicator, of).missing()
		for _, area := range total.ChangeAreas {
			if slices.Contains(lack, area) && slices.Contains(still, area) {
				silent = append(silent, area)
			}
		}
	}
	if len(silent) == 0 {
		total.ChangeReason = HeldMember
		return
	}
	slices.Sort(silent)
	total.ChangeAreas = slices.Compact(silent)
}
