package ledger

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/ingest/event"
)

// PendingListed returns the statements of entities that are held in a cell, by area and entity.
func (r Reading) PendingListed(cell Cell) (holds []*Hold) {
	for _, h := range r.l.held[cell] {
		if h.Entity != nil {
			holds = append(holds, h)
		}
	}
	return holds
}

// CellsOfHeldLists returns the cells of which statements of entities are held.
func (r Reading) CellsOfHeldLists() (cells []Cell) {
	for cell, holds := range r.l.held {
		if slices.ContainsFunc(holds, func(h *Hold) bool { return h.Entity != nil }) {
			cells = append(cells, cell)
		}
	}
	return cells
}

// Claim returns a statement of an entity that is held as one that would be in force.
func (h *Hold) Claim(additive bool) Claim {
	e := *h.Entity
	if e.Since == 0 {
		e.Since = h.Sequence
	}
	c := Claim{Area: h.Area, Figure: h.Figure, Submission: h.Submission, Sequence: h.Sequence, Additive: additive}
	c.Entity, c.Unit = &e, ""
	return c
}

// HeldListParts returns those of the counts foreseen with the statements that are held which
// differ from the counts in force.
func HeldListParts(foreseen, inForce []Part, holds []*Hold) (parts []HeldPart) {
	for _, p := range foreseen {
		at := slices.IndexFunc(inForce, func(q Part) bool { return q.Area == p.Area })
		if at >= 0 && inForce[at].SameContent(p.Figure) || at < 0 && !p.Counts() {
			continue
		}
		held, lists := HeldPart{Part: p, Follows: true}, []event.WholeID(nil)
		for _, h := range holds {
			if h.Area != p.Area {
				continue
			}
			held.Follows = false
			if at := slices.Index(lists, h.Submission.Whole()); at < 0 {
				held.IDs, lists = append(held.IDs, h.ID), append(lists, h.Submission.Whole())
			} else if h.ID.Compare(held.IDs[at]) < 0 {
				held.IDs[at] = h.ID
			}
		}
		slices.SortFunc(held.IDs, event.HoldID.Compare)
		parts = append(parts, held)
	}
	return parts
}

// heldLists returns the counts that the lists would have with the statements that are held, of
// the cells where there are any.
func (l *Ledger) heldLists() map[Cell][]HeldPart {
	if len(l.held) == 0 {
		return nil
	}
	r := Reading{l}
	var lists map[Cell][]HeldPart
	for _, cell := range r.CellsOfHeldLists() {
		holds := r.PendingListed(cell)
		made := make([]Claim, len(holds))
		for i, h := range holds {
			a, known := l.catalogue.Area(h.Area)
			made[i] = h.Claim(known && a.Additive())
		}
		if parts := HeldListParts(r.ForeseeLists(cell, made), r.AppendParts(nil, cell), holds); len(parts) > 0 {
			if lists == nil {
				lists = map[Cell][]HeldPart{}
			}
			lists[cell] = parts
		}
	}
	return lists
}

// WithLists returns the parts of figures with those of lists, which go before them and in the place
// of other counts of the same lists. It changes the parts of figures.
func WithLists(figures, lists map[Cell][]HeldPart) map[Cell][]HeldPart {
	if figures == nil && len(lists) > 0 {
		figures = map[Cell][]HeldPart{}
	}
	for cell, parts := range lists {
		of := slices.DeleteFunc(figures[cell], func(p HeldPart) bool {
			return p.List || slices.ContainsFunc(parts, func(q HeldPart) bool { return q.Area == p.Area })
		})
		of = append(of, parts...)
		slices.SortFunc(of, func(a, b HeldPart) int { return cmp.Compare(a.Area, b.Area) })
		figures[cell] = of
	}
	return figures
}
