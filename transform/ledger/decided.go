package ledger

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// heldItem is one area's item of which something was held.
type heldItem struct {
	area string
	item Item
}

// addDecided notes that a held figure was released or refused.
func (l *Ledger) addDecided(h *Hold) {
	if l.decided == nil {
		l.decided = map[heldItem][]event.HoldID{}
	}
	of := heldItem{h.Area, h.Item()}
	l.decided[of] = append(l.decided[of], h.ID)
}

// restoreDecided finds those of the holds that were released or refused. Of an item and an area
// one at most is held at a time, so no message decides two of them.
func (l *Ledger) restoreDecided() {
	for _, h := range l.holds {
		if h.Decision != nil {
			l.addDecided(h)
		}
	}
	for _, ids := range l.decided {
		slices.SortFunc(ids, func(a, b event.HoldID) int {
			return cmp.Compare(l.holds[a].Decision.Sequence, l.holds[b].Decision.Sequence)
		})
	}
}

// decidedOf returns what was held of an area's item, and released or refused.
func (l *Ledger) decidedOf(of heldItem) []*Hold {
	ids := l.decided[of]
	if len(ids) == 0 {
		return nil
	}
	holds := make([]*Hold, len(ids))
	for i, id := range ids {
		holds[i] = l.holds[id]
	}
	return holds
}

// Refused returns the refusal that stands against a figure, as the one that was refused: the
// last decision about a held figure that says the same. It stands until a later submission has
// put the same in force. A withdrawal says the same as another one while what they withdraw is
// in force. Nil is none.
func (s *CellState) Refused(figure Figure, c *catalogue.Catalogue) *Hold {
	if len(s.Decided) == 0 || s.Best.SameContent(figure) {
		return nil
	}
	for _, h := range slices.Backward(s.Decided) {
		held, ok := h.FigureUnder(c)
		if !ok || !held.SaysSame(figure) {
			continue
		}
		since := s.Best.SaysSame(figure) || figure.Status == catalogue.Withdrawn
		if h.State != HoldRefused || since && s.Sequence > h.Sequence {
			return nil
		}
		return h
	}
	return nil
}
