package transform

import "slices"

// View is the ledger as it stood at one sequence of ACCEPTED, however it goes on
// meanwhile. Totals that are shown together come from one view, so that a change
// follows from the base beside it. It is to be closed.
type View struct {
	ledger *Ledger
	basis  uint64
	past   map[Cell][]vintage // of the cells that have changed since
}

var _ Source = (*View)(nil)

// View returns the ledger as it stands now.
func (l *Ledger) View() *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.view()
}

func (l *Ledger) view() *View {
	v := &View{ledger: l, basis: l.applied, past: map[Cell][]vintage{}}
	l.views = append(l.views, v)
	return v
}

// ViewChanges returns the ledger as it stands now, and the cells that changed
// between the call before and this one. The first call returns none. It is for
// one goroutine.
func (l *Ledger) ViewChanges() (*View, map[Cell]bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	changed := l.changed
	l.changed = map[Cell]bool{}
	return l.view(), changed
}

// changing is called before a cell's group is written to.
func (l *Ledger) changing(cell Cell, group []vintage) {
	if l.changed != nil {
		l.changed[cell] = true
	}
	for _, v := range l.views {
		if _, ok := v.past[cell]; !ok {
			v.past[cell] = slices.Clone(group)
		}
	}
}

// Basis returns the highest sequence of ACCEPTED folded in.
func (v *View) Basis() uint64 { return v.basis }

// Parts returns the cell's figures, at most one an area, in no order.
func (v *View) Parts(cell Cell) []Part {
	v.ledger.mu.RLock()
	defer v.ledger.mu.RUnlock()
	group, changed := v.past[cell]
	if !changed {
		group = v.ledger.groups[cell]
	}
	return v.ledger.parts(group)
}

// Close ends the view; the ledger then keeps nothing for it any more.
func (v *View) Close() {
	v.ledger.mu.Lock()
	defer v.ledger.mu.Unlock()
	v.ledger.views = slices.DeleteFunc(v.ledger.views, func(w *View) bool { return w == v })
}
