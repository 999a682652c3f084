package ledger

import "github.com/citytally/citytally/configs/catalogue"

// keepTakenBack follows which figure an area's cell had before the area first took it back:
// withdrew it, or said that there is none. It stays what later figures of the area are held
// against, until a figure that the bureau sent or released takes the place.
func (l *Ledger) keepTakenBack(of areaItem, before, after *packedFigure, byBureau bool) {
	switch _, kept := l.takenBack[of]; {
	case kept && byBureau && after.hasValue():
		delete(l.takenBack, of)
	case !kept && before.hasValue() && !after.hasValue():
		if l.takenBack == nil {
			l.takenBack = map[areaItem]packedFigure{}
		}
		l.takenBack[of] = *before
	}
}

// hasValue reports whether there is a value.
func (f *packedFigure) hasValue() bool { return f.counts() && f.status() != catalogue.Missing }

// TakenBack returns the figure that an area's cell had before the area first took it back;
// false where it never did, or the bureau has sent or released one since.
func (r Reading) TakenBack(area string, cell Cell) (Figure, bool) {
	if len(r.l.takenBack) == 0 {
		return Figure{}, false
	}
	number, known := r.l.areaNumbers[area]
	if !known {
		return Figure{}, false
	}
	f, ok := r.l.takenBack[areaItem{number, Item{Cell: cell}}]
	if !ok {
		return Figure{}, false
	}
	return r.l.figure(&f, r.l.conversionOf(cell.Indicator))
}
