package judge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// restoreLost publishes, of submissions of which a verdict accepted rows, the rows that
// ACCEPTED has lost, as when the broker's data was restored from a backup. The verdict
// says which rows those are. A submission of which that cannot be told is refused.
func (v *Validator) restoreLost(ctx context.Context, judged []received, refused stream.Refusals) error {
	if len(judged) == 0 {
		return nil
	}
	if err := v.catchUp(ctx); err != nil {
		return err
	}
	for i := range judged {
		r := &judged[i]
		if _, kept := v.ledger.Accepted(r.id, r.delivery.Sequence); kept {
			continue
		}
		if err := v.restore(ctx, r); event.IsPermanent(err) {
			refused[r.delivery.Sequence] = err
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (v *Validator) restore(ctx context.Context, r *received) error {
	verdict, err := v.verdictOn(ctx, r)
	if err != nil {
		return err
	}
	if err := v.decisions.before(ctx, verdict.AcceptedSequence, r.delivery.Sequence); err != nil {
		return err
	}
	wide := wideRowsOf(r.submission.Observations)
	rejected, holds, still := map[place]bool{}, map[place][]event.Finding{}, map[place]bool{}
	for _, f := range verdict.Findings {
		of := v.checks().placeOf(&event.Observation{Row: f.Row, Indicator: f.Indicator, Period: f.Period}, wide)
		switch {
		case f.Severity == event.Reject:
			rejected[of] = true
		case f.Severity == event.Hold && f.Code == stillHeldCode:
			still[of] = true
		case f.Severity == event.Hold:
			holds[of] = append(holds[of], f)
		}
	}
	result := v.checks().withoutRules().apply(r, unlocked{newBatchState(v.ledger)}, nil)
	var rows []event.AcceptedObservation
	var held []event.HeldRow
	numbers := map[uint32]bool{}
	for i := range result.accepted {
		o := &result.accepted[i]
		switch of := wide.place(place{o.Row, ledger.ItemOf(o)}); {
		case rejected[of] || still[of]:
		case holds[of] != nil:
			row := event.NewHeldRow(o, holds[of])
			row.NumberAmong(numbers)
			held = append(held, row)
		default:
			rows = append(rows, *o)
		}
	}
	if len(rows) != verdict.Accepted || len(held)+len(still) != verdict.Held {
		return event.Permanentf("the verdict accepted %d rows, ACCEPTED has lost them, and only %d can be told from the submission, and %d of %d that it holds", verdict.Accepted, len(rows), len(held)+len(still), verdict.Held)
	}
	if v.restored++; v.countOnly {
		return nil
	}
	outgoing := newOutbox()
	outgoing.expect(v.ledger, r)
	outgoing.add(0, r, rows, held)
	overtaken, err := v.publishAccepted(ctx, outgoing, []event.Verdict{*verdict}, nil)
	if err == nil && len(overtaken) > 0 {
		err = stream.ErrConflict // passes
	}
	if err != nil {
		return fmt.Errorf("restore what was accepted of submission %s: %w", r.id, err)
	}
	v.logger.Warn().Str("submission", r.id).Uint64("sequence", r.delivery.Sequence).Int("rows", len(rows)).Int("held", len(held)).
		Msg("ACCEPTED had lost rows that have a verdict; they were restored as the verdict says")
	return nil
}

// unlocked are the states of cells without figures and without locks: what a verdict
// has accepted is not held against what came later. A row that withdraws finds something
// to withdraw, and one that says nothing, which has no status, what is in force.
type unlocked struct{ history }

func (u unlocked) Read(f func(moment)) {
	u.history.Read(func(m moment) { f(unlockedMoment{m}) })
}

type unlockedMoment struct{ moment }

func (u unlockedMoment) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	u.moment.CellStates(area, rows, into)
	for i := range into {
		state := ledger.CellState{Reopened: into[i].Reopened}
		switch rows[i].Status {
		case 0:
			continue
		case catalogue.Withdrawn:
			state.Best = ledger.Figure{Status: catalogue.Missing, Stage: catalogue.Final, Epoch: state.Reopened}
			if into[i].Reported() {
				state.Best = into[i].Best
			}
		}
		into[i] = state
	}
}

// verdictOn returns the verdict on a submission that is known to have one.
func (v *Validator) verdictOn(ctx context.Context, r *received) (*event.Verdict, error) {
	var found *event.Verdict
	enough := errors.New("found")
	following, caughtUp := context.WithCancel(ctx)
	defer caughtUp()
	err := v.log.Follow(following, stream.FollowConfig{
		Stream: stream.Verdicts, Subjects: []string{verdictSubject(r.area, r.dataset)}, Since: r.delivery.StoredAt.Add(-clockDifference),
	}, func(d stream.Delivery) error {
		if sequence, ok := event.JudgedSequence(d.ID()); !ok || sequence != r.delivery.Sequence {
			return nil
		}
		found = &event.Verdict{}
		if err := json.Unmarshal(d.Body, found); err != nil {
			return event.Permanentf("read verdict %d: %w", d.Sequence, err)
		}
		return enough
	}, caughtUp)
	switch {
	case err != nil && !errors.Is(err, enough):
		return nil, err
	case found != nil:
		return found, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, event.Permanentf("the verdict on message %d of SUBMISSIONS has expired", r.delivery.Sequence)
}
