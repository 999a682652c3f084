package judge

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// VerdictCopies are verdicts, and what was accepted, that something beside the log still has: ClickHouse.
type VerdictCopies interface {
	// Verdicts returns those on messages of SUBMISSIONS from one sequence to another, by
	// sequence.
	Verdicts(ctx context.Context, from, to uint64) (map[uint64]*event.Verdict, error)
	// AcceptedIn returns the ids of the submissions, by their sequence in SUBMISSIONS, of which it has
	// rows that messages of ACCEPTED in the ranges brought.
	AcceptedIn(ctx context.Context, of []stream.Range) (map[uint64]string, error)
	// ShownOf returns which of a stream's sequences in the ranges are those of messages of which it has
	// rows.
	ShownOf(ctx context.Context, name string, of []stream.Range) ([]stream.Range, error)
}

// verdictRestorer brings back the verdicts that VERDICTS has lost.
type verdictRestorer struct {
	*Validator
	copies VerdictCopies // nil is none
	// judgedTo is up to which message of SUBMISSIONS everything had been judged, and acceptedLost
	// says that ACCEPTED has lost messages, so that copies cannot be held against it.
	judgedTo     uint64
	acceptedLost bool
	letters      map[uint64]bool // messages of SUBMISSIONS that were put aside
}

func (v *Validator) newVerdictRestorer(ctx context.Context, copies VerdictCopies) (*verdictRestorer, error) {
	r := &verdictRestorer{Validator: v, copies: copies, letters: map[uint64]bool{}}
	position, err := v.log.Position(ctx, stream.Submissions, Consumer)
	if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil, err
	}
	r.judgedTo = position.AckFloor
	lost, err := v.log.Lacking(ctx, stream.Accepted)
	if err != nil {
		return nil, err
	}
	r.acceptedLost = len(lost) > 0
	letters, err := v.log.Letters(ctx)
	for i := range letters {
		if letters[i].Stream == stream.Submissions {
			r.letters[letters[i].Sequence] = true
		}
	}
	return r, err
}

// restore publishes the verdicts that VERDICTS lacks on submissions that had been judged: as the
// copies have them where those agree with ACCEPTED, else as ACCEPTED tells.
func (r *verdictRestorer) restore(ctx context.Context, submissions []received, restored *Restored) error {
	if len(submissions) == 0 {
		return nil
	}
	if err := r.earlier.refresh(ctx, submissions, true); err != nil {
		return err
	}
	copies := map[uint64]*event.Verdict{}
	if r.copies != nil {
		var err error
		if copies, err = r.copies.Verdicts(ctx, submissions[0].delivery.Sequence, submissions[len(submissions)-1].delivery.Sequence); err != nil {
			return err
		}
	}
	if err := r.catchUp(ctx); err != nil {
		return err
	}
	state := newBatchState(r.ledger)
	var verdicts []event.Verdict
	for i := range submissions {
		s := &submissions[i]
		sequence := s.delivery.Sequence
		if s.stray != nil || r.letters[sequence] || r.earlier.judged.contains(sequence) {
			continue
		}
		copied := copies[sequence]
		if copied == nil && sequence > r.judgedTo {
			continue // it has not been judged
		}
		agrees, err := r.agrees(ctx, s, copied)
		if err != nil {
			return err
		}
		if agrees {
			restored.Verdicts++
			verdicts = append(verdicts, *copied)
			continue
		}
		verdict, err := r.derive(ctx, s, state)
		if err != nil {
			return err
		}
		if restored.Derived++; r.acceptedLost && verdict.AcceptedSequence == 0 {
			restored.LostSubmissions = append(restored.LostSubmissions, s.id)
		}
		verdicts = append(verdicts, verdict)
	}
	return r.store(ctx, submissions, verdicts)
}

// store publishes verdicts, and tells which the broker will never take.
func (r *verdictRestorer) store(ctx context.Context, submissions []received, verdicts []event.Verdict) error {
	refused := stream.Refusals{}
	if err := r.publishVerdicts(ctx, submissions, verdicts, nil, refused); err != nil {
		return err
	}
	for sequence, why := range refused {
		r.logger.Error().Err(why).Uint64("sequence", sequence).Msg("the verdict on this submission cannot be brought back")
	}
	return nil
}

// agrees reports whether a copy is the verdict on a submission: it says that it is, and of its rows
// as many count as ACCEPTED has. It writes into the copy where ACCEPTED has them.
func (r *verdictRestorer) agrees(ctx context.Context, s *received, copied *event.Verdict) (bool, error) {
	if copied == nil || copied.Submission != s.id || !copied.ReceivedAt.Equal(s.delivery.StoredAt.Truncate(time.Millisecond)) {
		return false, nil
	}
	stored, ok := r.ledger.Accepted(s.id, s.delivery.Sequence)
	if !ok {
		return copied.Repeated || copied.Accepted+copied.Held == 0 || r.acceptedLost, nil
	}
	kept, err := r.readStored(ctx, &acceptance{id: stored.ID.String(), sequence: stored.Sequence, acceptedSequence: stored.AcceptedSequence})
	if err != nil {
		return false, err
	}
	copied.AcceptedSequence = stored.AcceptedSequence
	// Held rows that an earlier submission holds are not stored again.
	return len(kept.Row) == copied.Accepted && len(kept.Held) <= copied.Held, nil
}

// derive returns the verdict on a submission as far as ACCEPTED tells it: what it has of the
// submission counts, and nothing else does.
func (r *verdictRestorer) derive(ctx context.Context, s *received, state *batchState) (event.Verdict, error) {
	verdict := r.newVerdict(s)
	verdict.Batch = s.delivery.Sequence
	of := acceptance{}
	if stored, ok := r.ledger.Accepted(s.id, s.delivery.Sequence); ok {
		of = acceptance{id: stored.ID.String(), sequence: stored.Sequence, acceptedSequence: stored.AcceptedSequence}
	} else {
		for _, earlier := range state.acceptancesOf(s.content) {
			if earlier.id == s.id && earlier.sequence < s.delivery.Sequence {
				of, verdict.Repeated = earlier, true
				break
			}
		}
	}
	if of.id == "" {
		result := rejectAll(s, verdictLost())
		r.conclude(&verdict, &result)
		return verdict, nil
	}
	rows, err := r.rowsOf(ctx, &of)
	if err != nil {
		return verdict, err
	}
	result := r.judgedThen(s, state, rows, state.holdsOf(&of))
	result.effects = effects{of: [len(allEffects)]rowsWith{isSilent: result.effects.of[isSilent]}} // the others cannot be told any more
	verdict.AcceptedSequence = of.acceptedSequence
	r.conclude(&verdict, &result)
	return verdict, nil
}
