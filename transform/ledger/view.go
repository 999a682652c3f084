package ledger

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
)

// View is the ledger as it stood at one sequence of ACCEPTED; messages that are
// folded in later do not change it. Totals that readers see together come from one
// view, so that a change follows from the base beside it. Close it after use: the
// ledger keeps a copy of every cell that changes while it is open.
type View struct {
	ledger    *Ledger
	basis     uint64
	catalogue *catalogue.Catalogue
	number    uint64                          // counts the ledger's views from 1
	kept      map[*cellFigures][]packedFigure // figures of cells that have changed since
	held      heldFigures
	heldLists map[Cell][]HeldPart
}

// View returns the ledger as it stands now.
func (l *Ledger) View() *View {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.newView()
}

func (l *Ledger) newView() *View {
	l.viewCount++
	v := &View{ledger: l, basis: l.basis, catalogue: l.catalogue, number: l.viewCount, kept: map[*cellFigures][]packedFigure{}, held: l.held, heldLists: l.heldLists()}
	l.heldShared = true
	l.views = append(l.views, v)
	return v
}

// ViewChanges returns the ledger as it stands now, and the cells that changed since
// the call before; the first call returns none. Only one goroutine may ask for
// changes, since each change is told once.
func (l *Ledger) ViewChanges() (*View, []Cell) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v, changed := l.newView(), l.changedCells
	l.changesAskedAt, l.changedCells = v.number, nil
	return v, changed
}

// keepForViews is called before a cell's figures change. It gives the figures to the
// open views that do not have their own yet, and reports whether there was one:
// the slice is then theirs, and the change has to be made in a copy.
func (l *Ledger) keepForViews(c *cellFigures, cell Cell) (kept bool) {
	if c.viewsBefore == l.viewCount {
		return false
	}
	if c.viewsBefore < l.changesAskedAt {
		l.changedCells = append(l.changedCells, cell)
	}
	for _, v := range l.views {
		if c.viewsBefore < v.number {
			v.kept[c] = c.figures
			kept = true
		}
	}
	c.viewsBefore = l.viewCount
	return kept
}

// Basis returns the highest sequence of ACCEPTED that the view shows.
func (v *View) Basis() uint64 { return v.basis }

// Catalogue returns the catalogue in force at the basis, in whose units figures are.
func (v *View) Catalogue() *catalogue.Catalogue { return v.catalogue }

// AppendParts appends the best figures of the cell: at most one of each area, in
// the order of the areas' codes.
func (v *View) AppendParts(parts []Part, cell Cell) []Part {
	v.ledger.mu.RLock()
	defer v.ledger.mu.RUnlock()
	c := v.ledger.cell(cell)
	if c == nil {
		return parts
	}
	as := v.ledger.conversionOf(cell.Indicator)
	if v.catalogue != v.ledger.catalogue {
		as = v.ledger.conversionUnder(v.catalogue, cell.Indicator)
	}
	return v.ledger.appendParts(parts, v.figuresOf(c), as)
}

// figuresOf returns a cell's figures as the view shows them.
func (v *View) figuresOf(c *cellFigures) []packedFigure {
	if c.viewsBefore < v.number {
		return c.figures
	}
	return v.kept[c]
}

// Reported returns the periods of a year for which anybody has reported the indicator.
// It includes those that were first reported after the view was opened.
func (v *View) Reported(indicator string, year int16) catalogue.PeriodSet {
	return v.ledger.Reported(indicator, year)
}

// Close ends the view.
func (v *View) Close() {
	v.ledger.mu.Lock()
	defer v.ledger.mu.Unlock()
	v.ledger.views = slices.DeleteFunc(v.ledger.views, func(w *View) bool { return w == v })
}
