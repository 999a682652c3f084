package judge

import (
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// repeatedCells returns the cells that more than one row reports, with the indexes of
// those rows.
func repeatedCells(read []event.AcceptedObservation, rows []rowState) map[ledger.Cell][]int {
	if ascending(read) {
		return nil
	}
	first, again := make(map[ledger.Cell]int, len(read)), map[ledger.Cell][]int{}
	for i := range read {
		if rows[i].finding != nil || rows[i].silent {
			continue
		}
		cell := ledger.CellOf(&read[i])
		at, taken := first[cell]
		switch {
		case !taken:
			first[cell] = i
		case again[cell] == nil:
			again[cell] = []int{at, i}
		default:
			again[cell] = append(again[cell], i)
		}
	}
	return again
}

// ascending reports whether every row's cell comes after that of the row before, so
// that no cell is repeated. Files written by programs mostly are in order.
func ascending(rows []event.AcceptedObservation) bool {
	for i := 1; i < len(rows); i++ {
		if ledger.CellOf(&rows[i-1]).Compare(ledger.CellOf(&rows[i])) >= 0 {
			return false
		}
	}
	return true
}

// maxRepeats is how many of the rows that repeat one cell are named, and have a
// finding each.
const maxRepeats = 10

// rejectRepeated returns the finding on rows, at places, that report the same cell,
// and whether they agree. All are rejected where they differ, since nobody can know
// which is right, and all but the first where they agree.
func rejectRepeated(cell ledger.Cell, places []int, read []event.AcceptedObservation) (finding *event.Finding, same bool) {
	var numbers []int
	same = true
	first := ledger.FigureOf(&read[places[0]])
	for n, place := range places {
		if n < maxRepeats {
			numbers = append(numbers, read[place].Row)
		}
		same = same && ledger.FigureOf(&read[place]).SameContent(first)
	}
	return repeatedCell(cell, numbers, len(places), same), same
}
