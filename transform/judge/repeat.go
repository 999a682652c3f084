package judge

import (
	"context"
	"fmt"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// earlierAcceptance is what was accepted of a submission when its content was first
// received.
type earlierAcceptance struct {
	sequence uint64 // in SUBMISSIONS
	// acceptedSequence is its place in ACCEPTED: 0 where it is in the batch under
	// judgement, whose accepted rows will be published on subject.
	acceptedSequence uint64
	subject          string
	rows             []event.AcceptedObservation // where it is in the batch
	cells            map[ledger.Cell]bool        // the accepted rows' cells
	rowNumbers       map[int]bool                // the accepted rows' places in the file, where it is in ACCEPTED
}

// acceptedBefore returns what was accepted of the content with an id; false where
// none of it was. Earlier batches are read from ACCEPTED, since the ledger may hold
// later figures of the same cells by now.
func (v *Validator) acceptedBefore(ctx context.Context, id string, state *batchState) (earlierAcceptance, bool, error) {
	if first, ok := state.accepted[id]; ok {
		first.cells = make(map[ledger.Cell]bool, len(first.rows))
		for i := range first.rows {
			first.cells[ledger.CellOf(&first.rows[i])] = true
		}
		return first, true, nil
	}
	known, ok := v.ledger.Submission(id)
	if !ok {
		return earlierAcceptance{}, false, nil
	}
	m, err := ledger.ReadAccepted(ctx, v.log, known.AcceptedSequence)
	if err != nil {
		return earlierAcceptance{}, false, err
	}
	batch, err := event.DecodeAccepted(m.Data)
	if err != nil {
		return earlierAcceptance{}, false, fmt.Errorf("read message %d of ACCEPTED: %w", known.AcceptedSequence, err)
	}
	first := earlierAcceptance{
		sequence: known.Sequence, acceptedSequence: known.AcceptedSequence, cells: map[ledger.Cell]bool{}, rowNumbers: map[int]bool{},
	}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		if s.ID != id {
			continue
		}
		cells, err := ledger.CellsOf(s)
		if err != nil {
			return earlierAcceptance{}, false, fmt.Errorf("read message %d of ACCEPTED: %w", known.AcceptedSequence, err)
		}
		for row, cell := range cells {
			first.cells[cell] = true
			first.rowNumbers[int(s.Row[row])] = true
		}
	}
	return first, true, nil
}

// repeatVerdict writes the verdict that content got when it was first received into
// the verdict on its repetition. Nothing is accepted a second time.
func (v *Validator) repeatVerdict(verdict *event.Verdict, r *received, before cellStates, first earlierAcceptance) {
	verdict.AcceptedSequence = first.acceptedSequence
	result := v.rules.apply(r, withoutCells{before, first.cells})
	result.accepted = slices.DeleteFunc(result.accepted, func(o event.AcceptedObservation) bool {
		if first.cells[ledger.CellOf(&o)] {
			return false
		}
		finding := judgedBefore(&o)
		finding.Row, finding.Indicator, finding.Period = o.Row, o.Indicator, o.Period.String()
		result.findings = append(result.findings, *finding)
		return true
	})
	conclude(verdict, &result)
}

// storedVerdict writes the verdict on a submission whose accepted rows are in ACCEPTED
// already, but on which no verdict was stored. Those rows stay accepted, and no other
// is, whatever was decided since.
func (v *Validator) storedVerdict(verdict *event.Verdict, r *received, before cellStates, stored earlierAcceptance) {
	verdict.AcceptedSequence = stored.acceptedSequence
	result := v.rules.apply(r, unlocked{before})
	told := map[int]bool{}
	result.findings = slices.DeleteFunc(result.findings, func(f event.Finding) bool {
		told[f.Row] = true
		return stored.rowNumbers[f.Row] || f.Row == 0
	})
	accepted := result.accepted[:0]
	for i := range result.accepted {
		o := &result.accepted[i]
		if !stored.rowNumbers[o.Row] && !told[o.Row] {
			finding := notAcceptedThen(o)
			finding.Row, finding.Indicator, finding.Period = o.Row, o.Indicator, o.Period.String()
			result.findings = append(result.findings, *finding)
		}
	}
	for i := range r.submission.Observations {
		if o := &r.submission.Observations[i]; stored.rowNumbers[o.Row] {
			accepted = append(accepted, event.AcceptedObservation{Row: o.Row})
		}
	}
	result.accepted = accepted
	conclude(verdict, &result)
}

// withoutCells are the states of cells, some of them shown as empty: the rows that
// were accepted then must not be refused for figures that came later.
type withoutCells struct {
	cellStates
	cells map[ledger.Cell]bool
}

func (w withoutCells) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	w.cellStates.CellStates(area, rows, into)
	for i := range rows {
		if w.cells[ledger.CellOf(&rows[i])] {
			into[i].Best, into[i].Sequence = ledger.Figure{}, 0
		}
	}
}
