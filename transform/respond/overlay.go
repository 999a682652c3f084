package respond

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// overlay is a view of the ledger with figures that are not in it.
type overlay struct {
	*ledger.View
	figures  map[ledger.Cell][]ledger.Part
	reported map[indicatorYear]catalogue.PeriodSet
}

type indicatorYear struct {
	indicator string
	year      int16
}

var _ tally.Source = (*overlay)(nil)

func newOverlay(view *ledger.View, figures map[ledger.Cell][]ledger.Part) *overlay {
	o := &overlay{View: view, figures: figures, reported: map[indicatorYear]catalogue.PeriodSet{}}
	for cell := range figures {
		o.reported[indicatorYear{cell.Indicator, cell.Period.Year}] |= catalogue.SetOf(cell.Period)
	}
	return o
}

// AppendParts appends the best figures of a cell, of the view and of the overlay.
func (o *overlay) AppendParts(parts []ledger.Part, cell ledger.Cell) []ledger.Part {
	n := len(parts)
	parts = o.View.AppendParts(parts, cell)
	for _, figure := range o.figures[cell] {
		at, found := slices.BinarySearchFunc(parts[n:], figure, func(a, b ledger.Part) int { return cmp.Compare(a.Area, b.Area) })
		at += n
		switch {
		case found && figure.Rank().Compare(parts[at].Rank()) < 0:
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

// Reported returns the periods of a year for which the view or the overlay has a figure of
// the indicator.
func (o *overlay) Reported(indicator string, year int16) catalogue.PeriodSet {
	return o.View.Reported(indicator, year) | o.reported[indicatorYear{indicator, year}]
}
