package judge

import (
	"context"
	"fmt"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// earlierAcceptance is what was accepted of a submission.
type earlierAcceptance struct {
	// sequence is its place in SUBMISSIONS, stored its place in ACCEPTED; 0 while
	// the present batch has yet to be published, on subject.
	sequence, acceptedSequence uint64
	subject                    string
	rows                       []event.AcceptedObservation
	cells                      map[ledger.Cell]bool // of rows, or as ACCEPTED has them
}

// acceptedBefore returns what was accepted of content that was seen before, as
// ACCEPTED has it: what the ledger shows now may have come later.
func (v *Validator) acceptedBefore(ctx context.Context, id string, past *batchState) (earlierAcceptance, bool, error) {
	if own, ok := past.accepted[id]; ok {
		own.cells = make(map[ledger.Cell]bool, len(own.rows))
		for i := range own.rows {
			own.cells[ledger.CellOf(&own.rows[i])] = true
		}
		return own, true, nil
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
	t := earlierAcceptance{sequence: known.Sequence, acceptedSequence: known.AcceptedSequence, cells: map[ledger.Cell]bool{}}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		if s.ID != id {
			continue
		}
		cells, err := ledger.CellsOf(s)
		if err != nil {
			return earlierAcceptance{}, false, fmt.Errorf("read message %d of ACCEPTED: %w", known.AcceptedSequence, err)
		}
		for _, cell := range cells {
			t.cells[cell] = true
		}
	}
	return t, true, nil
}

// repeatVerdict says again what had been said of content that was accepted before,
// and accepts nothing.
func (v *Validator) repeatVerdict(verdict *event.Verdict, r *received, past cellStates, first earlierAcceptance) {
	verdict.AcceptedSequence = first.acceptedSequence
	result := v.rules.apply(r, withoutCells{past, first.cells})
	result.accepted = slices.DeleteFunc(result.accepted, func(o event.AcceptedObservation) bool {
		if first.cells[ledger.CellOf(&o)] {
			return false
		}
		finding := judgedBefore(&o)
		finding.Row, finding.Indicator, finding.Period = o.Row, o.Indicator, o.Period.String()
		result.findings = append(result.findings, *finding)
		return true
	})
	conclude(verdict, r, &result)
}

// withoutCells is history that knows nothing of some cells: what was accepted of them
// then cannot be held against later figures.
type withoutCells struct {
	cellStates
	cells map[ledger.Cell]bool
}

func (w withoutCells) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	w.cellStates.CellStates(area, rows, into)
	for i := range rows {
		if w.cells[ledger.CellOf(&rows[i])] {
			into[i].Best = ledger.Figure{}
		}
	}
}
