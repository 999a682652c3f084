package judge

import (
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// repeatedItems returns the items that more than one row reports, with the indexes of
// those rows.
func repeatedItems(read []event.AcceptedObservation, rows []rowState) map[ledger.Item][]int {
	if ascending(read) {
		return nil
	}
	first, again := make(map[ledger.Item]int, len(read)), map[ledger.Item][]int{}
	for i := range read {
		if rows[i].finding != nil || rows[i].silent {
			continue
		}
		item := ledger.ItemOf(&read[i])
		at, taken := first[item]
		switch {
		case !taken:
			first[item] = i
		case again[item] == nil:
			again[item] = []int{at, i}
		default:
			again[item] = append(again[item], i)
		}
	}
	return again
}

// ascending reports whether every row's item comes after that of the row before, so
// that none is repeated. Files written by programs mostly are in order.
func ascending(rows []event.AcceptedObservation) bool {
	for i := 1; i < len(rows); i++ {
		if ledger.ItemOf(&rows[i-1]).Compare(ledger.ItemOf(&rows[i])) >= 0 {
			return false
		}
	}
	return true
}

// maxRepeats is how many of the rows that repeat one item are named, and have a
// finding each.
const maxRepeats = 10

// rejectRepeated returns the finding on rows, at places, that report the same item,
// and whether they agree. All are rejected where they differ, since nobody can know
// which is right, and all but the first where they agree.
func (r *checks) rejectRepeated(item ledger.Item, places []int, read []event.AcceptedObservation) (finding *event.Finding, same bool) {
	var numbers []int
	same = true
	first := ledger.FigureOf(&read[places[0]])
	for n, place := range places {
		if n < maxRepeats {
			numbers = append(numbers, read[place].Row)
		}
		same = same && ledger.FigureOf(&read[place]).SameContent(first)
	}
	return r.repeatedItem(item, numbers, len(places), same), same
}
