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
	// concerned are the held figures that a total may depend on.
	concerned map[ledger.Cell][]*ledger.HeldPart
}

func newWithHeld(c *catalogue.Catalogue, source Source, held map[ledger.Cell][]ledger.HeldPart) *withHeld {
	overlay := NewOverlay(source)
	for cell, parts := range held {
		for i := range parts {
			overlay.Add(cell, parts[i].Part)
		}
	}
	w := &withHeld{calculator{catalogue: c, source: overlay}, map[ledger.Cell][]*ledger.HeldPart{}}
	for _, cell := range slices.SortedFunc(maps.Keys(held), ledger.Cell.Compare) {
		for _, total := range Affected(c, w.source, []ledger.Cell{cell}) {
			for i := range held[cell] {
				w.concerned[total] = append(w.concerned[total], &held[cell][i])
			}
		}
	}
	return w
}

// only returns the total of a cell for which nothing counts and figures are held: it has no
// value, lacks every area and says what it would be. It reports false where none would follow.
func (w *withHeld) only(indicator *catalogue.Indicator, period catalogue.Period) (event.Total, bool) {
	cell := ledger.Cell{Indicator: indicator.ID, Period: period}
	if w == nil || len(w.concerned[cell]) == 0 {
		return event.Total{}, false
	}
	missing := Expected(w.catalogue, indicator, period)
	total := event.Total{
		Indicator: indicator.ID, Unit: indicator.UnitName, Status: catalogue.Missing.String(), Expected: len(missing), Missing: missing,
		ChangeKind: string(indicator.Change), ChangeReason: ValueMissing,
	}
	if _, follows := w.total(cell); !follows {
		return event.Total{}, false
	}
	w.tell(&total, cell)
	return total, total.Held != nil
}

// tell adds to a total what it would be, where that is something else. Nil adds nothing.
func (w *withHeld) tell(total *event.Total, cell ledger.Cell) {
	if w == nil || len(w.concerned[cell]) == 0 {
		return
	}
	would, follows := w.total(cell)
	// What is held of an area moves nothing where something else of it is missing all the same.
	concerned := slices.DeleteFunc(slices.Clone(w.concerned[cell]), func(p *ledger.HeldPart) bool {
		return slices.Contains(total.Missing, p.Area) && slices.Contains(would.Missing, p.Area)
	})
	if follows && would.Equal(total) || len(concerned) == 0 {
		return
	}
	total.Held = &event.TotalWithHeld{Value: would.Value, Change: would.Change}
	for _, p := range concerned {
		for _, id := range p.IDs {
			if told := id.String(); !slices.Contains(total.Held.Holds, told) {
				total.Held.Holds = append(total.Held.Holds, told)
			}
		}
		if !p.Follows && !slices.Contains(total.Held.Areas, p.Area) {
			total.Held.Areas = append(total.Held.Areas, p.Area)
		}
	}
	slices.Sort(total.Held.Areas)
}
