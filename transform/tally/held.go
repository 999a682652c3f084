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
	concerned map[ledger.Cell][]heldFigure
}

// heldFigure is a held figure and the year that it is for.
type heldFigure struct {
	*ledger.HeldPart
	year int16
}

func newWithHeld(c *catalogue.Catalogue, source Source, held map[ledger.Cell][]ledger.HeldPart) *withHeld {
	overlay := NewOverlay(source)
	for cell, parts := range held {
		for i := range parts {
			overlay.Add(cell, parts[i].Part)
		}
	}
	w := &withHeld{calculator{catalogue: c, source: overlay}, map[ledger.Cell][]heldFigure{}}
	for _, cell := range slices.SortedFunc(maps.Keys(held), ledger.Cell.Compare) {
		for _, total := range Affected(c, w.source, []ledger.Cell{cell}) {
			for i := range held[cell] {
				w.concerned[total] = append(w.concerned[total], heldFigure{&held[cell][i], cell.Period.Year})
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
	if follows && would.Equal(total) {
		return
	}
	held := &event.TotalWithHeld{Value: would.Value, Change: would.Change}
	for _, p := range w.concerned[cell] {
		// What is held of an area moves nothing where something else of it is missing all the same.
		areas := slices.DeleteFunc(w.areasWith(p, cell), func(area string) bool {
			return slices.Contains(total.Missing, area) && slices.Contains(would.Missing, area)
		})
		if len(areas) == 0 {
			continue
		}
		for _, id := range p.IDs {
			if told := id.String(); !slices.Contains(held.Holds, told) {
				held.Holds = append(held.Holds, told)
			}
		}
		if !p.Follows {
			held.Areas = append(held.Areas, areas...)
		}
		total.Held = held
	}
	slices.Sort(held.Areas)
	held.Areas = slices.Compact(held.Areas)
}

// areasWith returns the areas whose figures a held figure would be part of, in a total or in its
// base: the area that reported it or, where that joined others earlier in the year, those.
func (w *withHeld) areasWith(p heldFigure, cell ledger.Cell) (areas []string) {
	period := cell.Period
	period.Year = p.year
	indicator, _ := w.catalogue.Indicator(cell.Indicator)
	expected, joinedIn := Expected(w.catalogue, indicator, period), w.joinedIn(p.year)
	_, to := period.Months()
	reached := []string{p.Area}
	for i := 0; i < len(reached); i++ {
		code := reached[i]
		if slices.Contains(expected, code) {
			areas = append(areas, code)
		}
		for heir, sources := range joinedIn {
			joins := slices.ContainsFunc(sources, func(j joined) bool { return j.code == code && j.month < to })
			if joins && !slices.Contains(reached, heir) {
				reached = append(reached, heir)
			}
		}
	}
	return areas
}
