package ledger

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Correction is what a correction that the bureau made on an area's behalf has replaced. It
// stands until a figure that differs from the bureau's is in force: one of the area that the
// bureau has released, or a correction that gives the area's own figure back.
type Correction struct {
	// Replaced is what the area itself had said last.
	Replaced Figure
}

// Corrected returns the correction of an area's cell once another figure is in force in it:
// before is the one that was, and standing the correction that stood; nil is none.
func Corrected(standing *Correction, before, after Figure, onBehalf bool) *Correction {
	switch {
	case before.SaysSame(after):
		return standing // the area agrees, or another stage is stated
	case !onBehalf:
		return nil
	case standing == nil && before.Status == 0:
		return nil // the area itself had said nothing
	case standing == nil:
		standing = &Correction{Replaced: before}
	}
	if standing.Replaced.SaysSame(after) {
		return nil
	}
	return standing
}

// Undoes reports whether a figure says again what the correction has replaced: it says nothing
// new. One of a later stage does.
func (c *Correction) Undoes(f Figure) bool {
	return c.Replaced.SaysSame(f) && (f.Stage <= c.Replaced.Stage || f.Status == catalogue.Withdrawn)
}

// packedCorrection is a correction as the ledger keeps it: with the figure in the unit that it
// was reported in.
type packedCorrection struct{ replaced stated }

// stated is a figure as it is kept, or what a list says of an entity.
type stated struct {
	packedFigure
	entity *event.ListedEntity // nil of a figure
}

// told returns what was stated as others read it.
func (l *Ledger) told(s *stated, as conversion) Figure {
	f, _ := l.figure(&s.packedFigure, as)
	f.Entity = s.entity
	return f
}

// correct follows what became of an area's correction when another figure took the place of the
// one that was in force.
func (l *Ledger) correct(of areaItem, as conversion, before, after *stated, onBehalf bool) {
	standing, ok := l.corrections[of]
	if !ok && !onBehalf {
		return
	}
	was, is := l.told(before, as), l.told(after, as)
	var told *Correction
	if ok {
		told = &Correction{l.told(&standing.replaced, as)}
	}
	switch then := Corrected(told, was, is, onBehalf); {
	case then == nil:
		delete(l.corrections, of)
	case !ok:
		if l.corrections == nil {
			l.corrections = map[areaItem]packedCorrection{}
		}
		l.corrections[of] = packedCorrection{*before}
	}
}

// correctionOf returns the correction that stands in an area's cell; nil where there is none.
func (l *Ledger) correctionOf(of areaItem, as conversion) *Correction {
	kept, ok := l.corrections[of]
	if !ok {
		return nil
	}
	return &Correction{l.told(&kept.replaced, as)}
}
