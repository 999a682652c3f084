package ledger

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// periodCells is what the ledger has of one period.
type periodCells struct {
	period catalogue.Period
	cells  []*cellFigures // by number of the indicator; nil where there is nothing
}

// cellFigures is a cell's figures, by index of the area, and how many views there had
// been when they changed.
type cellFigures struct {
	figures     []packedFigure
	viewsBefore uint64
}

// numberedIndicator is an indicator that the ledger has come upon.
type numberedIndicator struct {
	id         string
	number     int
	definition *catalogue.Indicator // nil where the catalogue does not have it
}

func (l *Ledger) indicator(id string) *numberedIndicator {
	e, ok := l.indicators[id]
	if !ok {
		// The word of a message would keep all of its words in memory.
		id = strings.Clone(id)
		e = &numberedIndicator{id: id, number: len(l.indicators)}
		e.definition, _ = l.catalogue.Indicator(id)
		l.indicators[id] = e
	}
	return e
}

func (l *Ledger) period(period catalogue.Period) *periodCells {
	p, ok := l.periods[period]
	if !ok {
		p = &periodCells{period: period}
		l.periods[period] = p
	}
	return p
}

func (p *periodCells) cell(indicator int) *cellFigures {
	if indicator < len(p.cells) {
		return p.cells[indicator]
	}
	return nil
}

// group returns nil where nobody has reported the cell.
func (l *Ledger) cell(cell Cell) *cellFigures {
	indicator, known := l.indicators[cell.Indicator]
	page, begun := l.periods[cell.Period]
	if !known || !begun {
		return nil
	}
	return page.cell(indicator.number)
}

func (l *Ledger) figures(cell Cell) []packedFigure {
	if g := l.cell(cell); g != nil {
		return g.figures
	}
	return nil
}

// put takes an area's figure where it is better than the one before.
func (l *Ledger) put(indicator *numberedIndicator, p *periodCells, area int, v packedFigure) {
	g := p.cell(indicator.number)
	if g == nil {
		g = &cellFigures{}
		if indicator.number >= len(p.cells) {
			groups := make([]*cellFigures, len(l.indicators))
			copy(groups, p.cells)
			p.cells = groups
		}
		p.cells[indicator.number] = g
		l.cellCount++
	}
	if area < len(g.figures) && !l.better(&v, &g.figures[area]) {
		return
	}
	if kept := l.keepForViews(g, indicator, p); kept || area >= len(g.figures) {
		figures := make([]packedFigure, l.capacity(g, area))
		copy(figures, g.figures)
		g.figures = figures
	}
	g.figures[area] = v
}

func (l *Ledger) better(v, old *packedFigure) bool {
	return old.status == 0 || l.rank(v).Compare(l.rank(old)) > 0
}

// capacity is for how many areas a group is to have room: for all where it has more
// than one. Many indicators are reported by the city alone.
func (l *Ledger) capacity(g *cellFigures, area int) int {
	switch {
	case area < len(g.figures):
		return len(g.figures)
	case len(g.figures) == 0:
		return area + 1
	}
	return len(l.areas)
}
