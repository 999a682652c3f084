package tally

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
)

// Overlay is a source with figures that are not in it, as if they had been accepted. A
// figure with the status [catalogue.Withdrawn] takes the area's figure away. Where the
// source has a better vintage of an area's figure, that counts.
type Overlay struct {
	Source
	figures  map[ledger.Cell][]ledger.Part
	reported map[indicatorYear]catalogue.PeriodSet
	held     map[ledger.Cell][]ledger.HeldPart
}

type indicatorYear struct {
	indicator string
	year      int16
}

var _ Source = (*Overlay)(nil)

// NewOverlay returns the source with no figures but its own.
func NewOverlay(source Source) *Overlay {
	return &Overlay{Source: source, figures: map[ledger.Cell][]ledger.Part{}, reported: map[indicatorYear]catalogue.PeriodSet{}}
}

// Over returns the overlay's figures over another source. Both share what is added later.
func (o *Overlay) Over(source Source) *Overlay {
	return &Overlay{Source: source, figures: o.figures, reported: o.reported}
}

// WithHeld says which figures are held beside those of the overlay; without it none are.
func (o *Overlay) WithHeld(held map[ledger.Cell][]ledger.HeldPart) *Overlay {
	o.held = held
	return o
}

// HeldParts returns the figures that are held.
func (o *Overlay) HeldParts() map[ledger.Cell][]ledger.HeldPart { return o.held }

// Add adds an area's figure of a cell, in place of one of lower rank that was added before.
func (o *Overlay) Add(cell ledger.Cell, figure ledger.Part) {
	figures := o.figures[cell]
	i := slices.IndexFunc(figures, func(p ledger.Part) bool { return p.Area == figure.Area })
	switch {
	case i < 0:
		o.figures[cell] = append(figures, figure)
	case figure.Rank().Compare(figures[i].Rank()) > 0:
		figures[i] = figure
	}
	o.reported[indicatorYear{cell.Indicator, cell.Period.Year}] |= catalogue.SetOf(cell.Period)
}

// Drop takes out what was added of an area in a cell.
func (o *Overlay) Drop(cell ledger.Cell, area string) {
	o.figures[cell] = slices.DeleteFunc(o.figures[cell], func(p ledger.Part) bool { return p.Area == area })
}

// without returns the overlay without its figure of an area in a cell.
func (o *Overlay) without(cell ledger.Cell, area string) Source {
	rest := slices.DeleteFunc(slices.Clone(o.figures[cell]), func(p ledger.Part) bool { return p.Area == area })
	return overlayBut{o, cell, &Overlay{Source: o.Source, figures: map[ledger.Cell][]ledger.Part{cell: rest}}}
}

// overlayBut is an overlay that has other figures of a cell.
type overlayBut struct {
	*Overlay
	cell ledger.Cell
	of   *Overlay
}

func (o overlayBut) AppendParts(parts []ledger.Part, cell ledger.Cell) []ledger.Part {
	if cell == o.cell {
		return o.of.AppendParts(parts, cell)
	}
	return o.Overlay.AppendParts(parts, cell)
}

// AppendParts appends the best figures of a cell, of the source and of the overlay.
func (o *Overlay) AppendParts(parts []ledger.Part, cell ledger.Cell) []ledger.Part {
	n := len(parts)
	parts = o.Source.AppendParts(parts, cell)
	for _, figure := range o.figures[cell] {
		at, found := slices.BinarySearchFunc(parts[n:], figure, func(a, b ledger.Part) int { return cmp.Compare(a.Area, b.Area) })
		at += n
		switch {
		case found && parts[at].List && !figure.List && !figure.InPlaceOfList: // an area's list goes before its figure
		case found && !figure.List && !figure.InPlaceOfList && figure.Rank().Compare(parts[at].Rank()) < 0:
		case found && figure.Status == catalogue.Withdrawn:
			parts = slices.Delete(parts, at, at+1)
		case found:
			parts[at] = figure
		case figure.Status != catalogue.Withdrawn:
			parts = slices.Insert(parts, at, figure)
		}
	}
	return parts
}

// Reported returns the periods of a year for which the source or the overlay may have a
// figure of the indicator.
func (o *Overlay) Reported(indicator string, year int16) catalogue.PeriodSet {
	return o.Source.Reported(indicator, year) | o.reported[indicatorYear{indicator, year}]
}
