package ledger

import "slices"

// View is the ledger as it stood at one sequence of ACCEPTED, however it goes on
// meanwhile. Totals that are shown together come from one view, so that a change
// follows from the base beside it. It is to be closed.
type View struct {
	ledger *Ledger
	basis  uint64
	number uint64                          // counts the ledger's views
	kept   map[*cellFigures][]packedFigure // of the cells that have changed since
}

// View returns the ledger as it stands now.
func (l *Ledger) View() *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newView()
}

func (l *Ledger) newView() *View {
	l.viewCount++
	v := &View{ledger: l, basis: l.basis, number: l.viewCount, kept: map[*cellFigures][]packedFigure{}}
	l.views = append(l.views, v)
	return v
}

// ViewChanges returns the ledger as it stands now, and the cells that changed
// between the call before and this one. The first call returns none. It is for
// one goroutine.
func (l *Ledger) ViewChanges() (*View, []Cell) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, changed := l.newView(), l.changedCells
	l.changesAskedAt, l.changedCells = v.number, nil
	return v, changed
}

// keepForViews is called before a cell's group is written to. It reports whether views
// keep the group's figures, which then have to stay as they are.
func (l *Ledger) keepForViews(g *cellFigures, indicator *numberedIndicator, p *periodCells) (kept bool) {
	if g.viewsBefore == l.viewCount {
		return false
	}
	if g.viewsBefore < l.changesAskedAt {
		l.changedCells = append(l.changedCells, Cell{indicator.id, p.period})
	}
	for _, v := range l.views {
		if g.viewsBefore < v.number {
			v.kept[g] = g.figures
			kept = true
		}
	}
	g.viewsBefore = l.viewCount
	return kept
}

// Basis returns the highest sequence of ACCEPTED folded in.
func (v *View) Basis() uint64 { return v.basis }

// AppendParts appends the cell's figures: at most one an area, in the order of
// their codes.
func (v *View) AppendParts(parts []Part, cell Cell) []Part {
	v.ledger.mu.RLock()
	defer v.ledger.mu.RUnlock()
	g := v.ledger.cell(cell)
	switch {
	case g == nil:
		return parts
	case g.viewsBefore < v.number:
		return v.ledger.appendParts(parts, g.figures)
	}
	return v.ledger.appendParts(parts, v.kept[g])
}

// Close ends the view; the ledger then keeps nothing for it any more.
func (v *View) Close() {
	v.ledger.mu.Lock()
	defer v.ledger.mu.Unlock()
	v.ledger.views = slices.DeleteFunc(v.ledger.views, func(w *View) bool { return w == v })
}
