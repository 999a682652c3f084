package transform

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// taken is what was accepted of a submission.
type taken struct {
	// sequence is its place in SUBMISSIONS, stored its place in ACCEPTED; 0 while
	// the present batch has yet to be published, on subject.
	sequence, stored uint64
	subject          string
	rows             []event.AcceptedObservation
	cells            map[Cell]bool // of rows, or as ACCEPTED has them
}

// takenBefore returns what was accepted of content that was seen before, as
// ACCEPTED has it: what the ledger shows now may have come later.
func (v *validator) takenBefore(ctx context.Context, id string, past *overlay) (taken, bool, error) {
	if own, ok := past.accepted[id]; ok {
		own.cells = make(map[Cell]bool, len(own.rows))
		for i := range own.rows {
			own.cells[cellOf(&own.rows[i])] = true
		}
		return own, true, nil
	}
	known, ok := v.ledger.Accepted(id)
	if !ok {
		return taken{}, false, nil
	}
	m, err := v.log.Get(ctx, stream.Accepted, known.Stored)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return taken{}, false, lost(known.Stored)
	}
	if err != nil {
		return taken{}, false, err
	}
	batch, err := event.DecodeAccepted(m.Data)
	if err != nil {
		return taken{}, false, fmt.Errorf("read message %d of ACCEPTED: %w", known.Stored, err)
	}
	t := taken{sequence: known.Sequence, stored: known.Stored, cells: map[Cell]bool{}}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		if s.ID != id {
			continue
		}
		periods, err := s.Periods()
		if err != nil {
			return taken{}, false, fmt.Errorf("read message %d of ACCEPTED: %w", known.Stored, err)
		}
		for row := range s.Len() {
			t.cells[Cell{s.IndicatorWords[s.Indicator[row]], periods[s.Period[row]]}] = true
		}
	}
	return t, true, nil
}

// restate says again what had been said of content that was accepted before,
// and accepts nothing.
func (v *validator) restate(verdict *event.Verdict, r *received, past history, first taken) {
	verdict.AcceptedSequence = first.stored
	result := v.judge.judge(r, without{past, first.cells})
	result.accepted = slices.DeleteFunc(result.accepted, func(o event.AcceptedObservation) bool {
		if first.cells[cellOf(&o)] {
			return false
		}
		finding := judgedBefore(&o)
		finding.Row, finding.Indicator, finding.Period = o.Row, o.Indicator, o.Period.String()
		result.findings = append(result.findings, *finding)
		return true
	})
	settle(verdict, r, &result)
}

// without is history that knows nothing of some cells: what was accepted of them
// then cannot be held against later figures.
type without struct {
	history
	cells map[Cell]bool
}

func (w without) standing(area string, rows []event.AcceptedObservation, into []standing) {
	w.history.standing(area, rows, into)
	for i := range rows {
		if w.cells[cellOf(&rows[i])] {
			into[i].best = held{}
		}
	}
}

func lost(sequence uint64) error {
	return fmt.Errorf("ACCEPTED lost its message %d, which is kept for ever: restore the broker's data from a backup", sequence)
}
