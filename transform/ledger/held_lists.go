package ledger

import (
	"cmp"
	"maps"
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

// HeldListParts returns the counts that would follow from statements, made of what is held, and
// that are not those in force or would be others without some of the lists; none where all are
// those in force. Foresee returns the counts that follow in the cell from statements. A count has
// the ids of the lists of those areas without which it would not follow.
func HeldListParts(foresee func([]Claim) []Part, made []Claim, inForce []Part, holds []*Hold) []HeldPart {
	foreseen := foresee(made)
	parts, alike := make([]HeldPart, len(foreseen)), true
	for i, p := range foreseen {
		parts[i] = HeldPart{Part: p, Follows: true}
		alike = alike && samePart(&p, inForce)
	}
	if alike {
		return nil
	}
	areas := map[string]bool{}
	for i := range made {
		areas[made[i].Area] = true
	}
	for _, area := range slices.Sorted(maps.Keys(areas)) {
		without := foresee(slices.DeleteFunc(slices.Clone(made), func(c Claim) bool { return c.Area == area }))
		for i := range parts {
			if p := &parts[i]; !samePart(&p.Part, without) {
				p.IDs = append(p.IDs, firstRows(holds, area)...)
				p.Follows = p.Follows && p.Area != area
			}
		}
	}
	for i := range parts {
		slices.SortFunc(parts[i].IDs, event.HoldID.Compare)
	}
	return slices.DeleteFunc(parts, func(p HeldPart) bool { return len(p.IDs) == 0 && samePart(&p.Part, inForce) })
}

// samePart reports whether an area's figure is among others, or stands for none.
func samePart(p *Part, others []Part) bool {
	at := slices.IndexFunc(others, func(q Part) bool { return q.Area == p.Area })
	return at >= 0 && others[at].SameContent(p.Figure) || at < 0 && !p.Counts()
}

// firstRows returns the ids of an area's lists among what is held: of each the first row.
func firstRows(holds []*Hold, area string) (ids []event.HoldID) {
	var lists []event.WholeID
	for _, h := range holds {
		if h.Area != area {
			continue
		}
		if at := slices.Index(lists, h.Submission.Whole()); at < 0 {
			ids, lists = append(ids, h.ID), append(lists, h.Submission.Whole())
		} else if h.ID.Compare(ids[at]) < 0 {
			ids[at] = h.ID
		}
	}
	return ids
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
		foresee := func(made []Claim) []Part { return r.ForeseeLists(cell, made) }
		if parts := HeldListParts(foresee, made, r.AppendParts(nil, cell), holds); len(parts) > 0 {
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
			return p.List || p.InPlaceOfList || slices.ContainsFunc(parts, func(q HeldPart) bool { return q.Area == p.Area })
		})
		of = append(of, parts...)
		slices.SortFunc(of, func(a, b HeldPart) int { return cmp.Compare(a.Area, b.Area) })
		figures[cell] = of
	}
	return figures
}
