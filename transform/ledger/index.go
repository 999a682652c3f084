package ledger

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// page is what the ledger has of one period.
type page struct {
	period catalogue.Period
	groups []*group // by number of the indicator; nil where there is nothing
}

// group is a cell's figures, by index of the area, and how many views there had
// been when they changed.
type group struct {
	figures []vintage
	changed uint64
}

// entry is an indicator that the ledger has come upon.
type entry struct {
	id     string
	number int
	known  *catalogue.Indicator // nil where the catalogue does not have it
}

func (l *Ledger) entry(id string) *entry {
	e, ok := l.indicators[id]
	if !ok {
		// The word of a message would keep all of its words in memory.
		id = strings.Clone(id)
		e = &entry{id: id, number: len(l.indicators)}
		e.known, _ = l.catalogue.Indicator(id)
		l.indicators[id] = e
	}
	return e
}

func (l *Ledger) page(period catalogue.Period) *page {
	p, ok := l.pages[period]
	if !ok {
		p = &page{period: period}
		l.pages[period] = p
	}
	return p
}

func (p *page) group(indicator int) *group {
	if indicator < len(p.groups) {
		return p.groups[indicator]
	}
	return nil
}

// group returns nil where nobody has reported the cell.
func (l *Ledger) group(cell Cell) *group {
	indicator, known := l.indicators[cell.Indicator]
	page, begun := l.pages[cell.Period]
	if !known || !begun {
		return nil
	}
	return page.group(indicator.number)
}

func (l *Ledger) figures(cell Cell) []vintage {
	if g := l.group(cell); g != nil {
		return g.figures
	}
	return nil
}

// put takes an area's figure where it is better than the one before.
func (l *Ledger) put(indicator *entry, p *page, area int, v vintage) {
	g := p.group(indicator.number)
	if g == nil {
		g = &group{}
		if indicator.number >= len(p.groups) {
			groups := make([]*group, len(l.indicators))
			copy(groups, p.groups)
			p.groups = groups
		}
		p.groups[indicator.number] = g
		l.cells++
	}
	if area < len(g.figures) && !l.better(&v, &g.figures[area]) {
		return
	}
	if kept := l.changing(g, indicator, p); kept || area >= len(g.figures) {
		figures := make([]vintage, l.room(g, area))
		copy(figures, g.figures)
		g.figures = figures
	}
	g.figures[area] = v
}

func (l *Ledger) better(v, old *vintage) bool {
	return old.status == 0 || l.rank(v).Compare(l.rank(old)) > 0
}

// room is for how many areas a group is to have room: for all where it has more
// than one. Many indicators are reported by the city alone.
func (l *Ledger) room(g *group, area int) int {
	switch {
	case area < len(g.figures):
		return len(g.figures)
	case len(g.figures) == 0:
		return area + 1
	}
	return len(l.areas)
}
