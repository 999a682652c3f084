package judge

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// foreseenList is what a list would be with the statements of a submission.
type foreseenList struct {
	count catalogue.Value
	// left counts the rows that are held since rows beside them were refused, and that the submission does not state.
	left int
}

func foresee(m moment, area string, cell ledger.Cell, made []ledger.Claim) foreseenList {
	stated := map[string]bool{}
	for i := range made {
		stated[made[i].Entity.Code] = true
	}
	count, _ := countOf(m.ForeseeLists(cell, made), area)
	return foreseenList{count.Value, m.PendingOfList(area, cell, func(h *ledger.Hold) bool { return heldAsIncomplete(h) && !stated[h.Entity.Code] })}
}

// holdIncompleteLists holds the rows of a submission that would put the count of an area's first list in the place of
// another figure that it reported, where rows of the list are missing: those of the submission, in whatever parts, that
// are refused, or those held before that it leaves out. The area lets it count by an explanation, or sends the whole list
// without rows that are refused. The bureau's own list counts.
func (r *checks) holdIncompleteLists(m moment, s *received, area *catalogue.Area, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) {
	if s.byBureau {
		return
	}
	refused := refusedRows(rows)
	if s.whole != nil {
		refused = max(refused, s.whole.refused)
	}
	for cell, at := range changedLists(read, rows, states, func(row *rowState) bool { return row.mayCount() && !row.isStillHeld() }) {
		plain := []event.AcceptedObservation{{Indicator: cell.Indicator, Period: cell.Period}}
		var figure [1]ledger.CellState
		m.CellStates(area.Code, plain, figure[:])
		if !figure[0].Best.Counts() || m.ListCount(area.Code, cell).InForce > 0 {
			continue
		}
		var list foreseenList
		if s.whole != nil {
			list = s.whole.lists[cell]
		} else {
			list = foresee(m, s.area, cell, r.claimsOf(s, read, at))
		}
		if refused+list.left == 0 || list.count == figure[0].Best.Value {
			continue
		}
		for _, i := range at {
			rows[i].find(listIncomplete(cell.Period, refused, list.left, figure[0].Best.Value, list.count))
		}
	}
}

// refusedRows counts the rows of a list that are refused for what they say, and not for what is known already.
func refusedRows(rows []rowState) (n int) {
	for i := range rows {
		if f := rows[i].finding; f != nil && f.Severity == event.Reject && f.Code != supersededCode && f.Code != correctedCode {
			n++
		}
	}
	return n
}

// heldAsIncomplete reports whether a row of a list is held for other rows of it that were refused, and for nothing else.
func heldAsIncomplete(h *ledger.Hold) bool {
	return !slices.ContainsFunc(h.Findings, func(f event.HeldFinding) bool { return f.Code != incompleteListCode })
}
