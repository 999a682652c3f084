package ledger

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// packedFigure is one area's best figure in a cell, in 16 bytes; status 0 is none. The value
// is in the unit in which it was accepted, which the catalogue may since have changed.
type packedFigure struct {
	coefficient       int64
	source            uint32 // number of the submission it came from, or with confirmedBit of its confirmation
	scaleAndQualifier uint8  // scale in the low four bits, qualifier in the next three, listBit
	stageAndStatus    uint8  // stage in the low three bits, place of the status in the alphabet in the high five
	epoch             uint8
	unit              uint8 // number of the unit
}

func packScale(v catalogue.Value, q catalogue.Qualifier) uint8 { return v.Scale | uint8(q)<<4 }

// firstStatus precedes the first letter, so that its place stands for no status.
const firstStatus = 'A' - 1

func packStage(stage catalogue.Stage, status catalogue.Status) uint8 {
	if status == 0 {
		return uint8(stage) & 7
	}
	return uint8(stage)&7 | uint8(status-firstStatus)<<3
}

func (f *packedFigure) value() catalogue.Value {
	return catalogue.Value{Coefficient: f.coefficient, Scale: f.scaleAndQualifier & 0xf}
}

func (f *packedFigure) qualifier() catalogue.Qualifier {
	return catalogue.Qualifier(f.scaleAndQualifier &^ listBit >> 4)
}

// listBit marks a figure that is counted from a list.
const listBit = 0x80

func (f *packedFigure) stage() catalogue.Stage { return catalogue.Stage(f.stageAndStatus & 7) }

func (f *packedFigure) status() catalogue.Status {
	if letter := f.stageAndStatus >> 3; letter != 0 {
		return catalogue.Status(firstStatus + letter)
	}
	return 0
}

// counts reports whether there is a figure, or the word that there is none.
func (f *packedFigure) counts() bool {
	status := f.status()
	return status != 0 && status != catalogue.Withdrawn
}

// periodCells is every cell of one period.
type periodCells struct {
	period catalogue.Period
	cells  []*cellFigures // by number of the indicator; nil where nobody has reported
}

// cellFigures is the figures of one cell, by number of the area.
type cellFigures struct {
	figures     []packedFigure
	viewsBefore uint64  // views that had been opened when the figures last changed
	list        *listed // what areas list; nil where nobody has listed anything
}

// numberedIndicator is an indicator that has occurred in a submission.
type numberedIndicator struct {
	id         string
	number     int
	conversion                               // under the catalogue in force
	reported   map[int16]catalogue.PeriodSet // periods that have a cell, by year
	years      catalogue.Years               // of reported
}

// note notes that somebody has reported a period.
func (n *numberedIndicator) note(p catalogue.Period) {
	n.reported[p.Year] |= catalogue.SetOf(p)
	n.years = n.years.With(p.Year)
}

// indicator returns the indicator of an id, with a new number where it first
// occurs.
func (l *Ledger) indicator(id string) *numberedIndicator {
	found, ok := l.indicators[id]
	if !ok {
		// The id shares its memory with the whole message, which must not stay.
		id = strings.Clone(id)
		found = &numberedIndicator{id: id, number: len(l.indicators), reported: map[int16]catalogue.PeriodSet{}}
		found.conversion = l.conversionUnder(l.catalogue, id)
		l.indicators[id] = found
	}
	return found
}

// period returns the cells of a period, none where it first occurs.
func (l *Ledger) period(period catalogue.Period) *periodCells {
	found, ok := l.periods[period]
	if !ok {
		found = &periodCells{period: period}
		l.periods[period] = found
	}
	return found
}

// cell returns the figures of the indicator with the number; nil where nobody has
// reported it.
func (p *periodCells) cell(indicator int) *cellFigures {
	if indicator < len(p.cells) {
		return p.cells[indicator]
	}
	return nil
}

// cell returns the figures of a cell; nil where nobody has reported it.
func (l *Ledger) cell(cell Cell) *cellFigures {
	indicator, known := l.indicators[cell.Indicator]
	period, begun := l.periods[cell.Period]
	if !known || !begun {
		return nil
	}
	return period.cell(indicator.number)
}

func (l *Ledger) figures(cell Cell) []packedFigure {
	if c := l.cell(cell); c != nil {
		return c.figures
	}
	return nil
}

// plainFigures returns the figures of a cell that were reported as such, whether or not a list
// goes before them.
func (l *Ledger) plainFigures(cell Cell) []packedFigure {
	c := l.cell(cell)
	switch {
	case c == nil:
		return nil
	case c.list != nil:
		return c.list.plain
	}
	return c.figures
}

// cellOf returns the figures of a cell, none where it first is reported.
func (l *Ledger) cellOf(indicator *numberedIndicator, p *periodCells) *cellFigures {
	c := p.cell(indicator.number)
	if c == nil {
		c = &cellFigures{}
		if indicator.number >= len(p.cells) {
			cells := make([]*cellFigures, len(l.indicators))
			copy(cells, p.cells)
			p.cells = cells
		}
		p.cells[indicator.number] = c
		indicator.note(p.period)
		l.cellCount++
	}
	return c
}

// put takes an area's figure where it is better than the one before, and returns that.
func (l *Ledger) put(indicator *numberedIndicator, p *periodCells, area int, f packedFigure) (before packedFigure, taken bool) {
	c := l.cellOf(indicator, p)
	if s := c.list; s != nil {
		if area >= len(s.plain) {
			s.plain = append(s.plain, make([]packedFigure, area+1-len(s.plain))...)
		}
		if before, taken = s.plain[area], l.better(&f, &s.plain[area]); taken {
			s.plain[area] = l.confirming(f, &before)
			l.uncounted[c] = Cell{indicator.id, p.period}
		}
		return before, taken
	}
	if area < len(c.figures) {
		if before = c.figures[area]; !l.better(&f, &before) {
			return before, false
		}
	}
	if kept := l.keepForViews(c, Cell{indicator.id, p.period}); kept || area >= len(c.figures) {
		figures := make([]packedFigure, l.capacity(c, area))
		copy(figures, c.figures)
		c.figures = figures
	}
	c.figures[area] = l.confirming(f, &before)
	return before, true
}

func (l *Ledger) better(f, old *packedFigure) bool {
	return old.status() == 0 || l.rank(f).Compare(l.rank(old)) > 0
}

// capacity returns for how many areas a cell makes room when an area is added: for
// that one alone while it is the first, since many indicators are reported by the
// city alone, and then for all.
func (l *Ledger) capacity(c *cellFigures, area int) int {
	switch {
	case area < len(c.figures):
		return len(c.figures)
	case len(c.figures) == 0:
		return area + 1
	}
	return len(l.areas)
}
