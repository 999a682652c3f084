package ledger

import (
	"cmp"
	"iter"

	"github.com/citytally/citytally/ingest/event"
)

// Item is what one row reports: an area's figure in a cell or, in a list, one entity in it.
// An area has at most one statement of an item in force.
type Item struct {
	Cell
	// Entity is the entity's code; "" is the figure.
	Entity string
}

// Compare orders items by cell, then by entity.
func (i Item) Compare(j Item) int {
	return cmp.Or(i.Cell.Compare(j.Cell), cmp.Compare(i.Entity, j.Entity))
}

// ItemOf returns the item that an observation reports.
func ItemOf(o *event.AcceptedObservation) Item {
	i := Item{Cell: CellOf(o)}
	if o.Entity != nil {
		i.Entity = o.Entity.Code
	}
	return i
}

// ItemsOf returns the item of each row of a submission, by the row's index. A submission with
// a period that cannot be read has none, and an error.
func ItemsOf(s *event.AcceptedSubmission) (iter.Seq2[int, Item], error) {
	cells, err := CellsOf(s)
	if err != nil {
		return nil, err
	}
	return func(yield func(int, Item) bool) {
		for row, cell := range cells {
			item := Item{Cell: cell}
			if s.Entities != nil {
				item.Entity = s.Entities.Code[row]
			}
			if !yield(row, item) {
				return
			}
		}
	}, nil
}
