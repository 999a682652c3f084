package judge

import (
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// rowState is what is known of a row under judgement.
type rowState struct {
	finding  *event.Finding
	remarks  []event.Finding // of rules; they change nothing
	omitted  bool            // the finding is not told
	silent   bool            // the row says nothing, or withdraws what is not there
	assumed  bool            // the stage is the dataset's own
	relisted bool            // the row says what is held of a list, and the submission leaves out others of that
	stated   *stated         // what the row says besides its figure, which is never taken for one
}

// stated is what a row says that is held against what is known.
type stated struct {
	base, change *catalogue.Value // the figure of a year before, and the change since
	ratio        *catalogue.Indicator
	value        catalogue.Value // of ratio
	period       catalogue.Period
}

// find adds a finding to a row: the first that refuses it decides, and then the first that
// holds it.
func (row *rowState) find(f *event.Finding) {
	before := row.finding
	switch {
	case f.Severity == event.Reject && (before == nil || before.Severity == event.Hold), f.Severity == event.Hold && before == nil:
		row.finding = f
		if before != nil {
			row.remarks = append(row.remarks, *before)
		}
	default:
		row.remarks = append(row.remarks, *f)
	}
}

// mayCount reports whether nothing refuses the row, or silences it: it counts, or is held.
func (row *rowState) mayCount() bool { return row.finding == nil || row.finding.Severity == event.Hold }

// isClean reports whether nothing is found about the row that decides about it.
func (row *rowState) isClean() bool { return row.finding == nil }

func (row *rowState) isStillHeld() bool {
	return row.finding != nil && row.finding.Code == stillHeldCode
}

func (row *rowState) isLockedRevision() bool {
	is := func(f event.Finding) bool { return f.Code == lockedRevisionCode }
	return row.finding != nil && (is(*row.finding) || slices.ContainsFunc(row.remarks, is))
}

// holds returns the findings that hold a row.
func (row *rowState) holds() []event.Finding {
	holds := []event.Finding{*row.finding}
	for i := range row.remarks {
		if row.remarks[i].Severity == event.Hold {
			holds = append(holds, row.remarks[i])
		}
	}
	return holds
}

// oneFate takes back, of a row that is refused, that anything holds it: what was found stays told,
// and nothing waits for an explanation.
func (row *rowState) oneFate() {
	if row.finding == nil || row.finding.Severity != event.Reject {
		return
	}
	for i := range row.remarks {
		if f := &row.remarks[i]; f.Severity == event.Hold {
			f.Severity, f.ReleasedBy = event.Inform, ""
		}
	}
}

// endHold adds that the row supersedes the figure of its cell that is held.
func (r *checks) endHold(row *rowState, result *judgement, o *event.AcceptedObservation, state *ledger.CellState) {
	if state.Held != nil {
		result.effects.ended++
		row.remarks = append(row.remarks, *r.heldSuperseded(o, state.Held))
	}
}
