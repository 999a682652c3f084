package respond

import (
	"context"
	"errors"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

// holds says which figures are or were held.
func (r *Responder) holds(ctx context.Context, wanted inquiry.WantedHolds) (inquiry.Holds, error) {
	if err := r.catchUp(ctx); err != nil {
		return inquiry.Holds{}, err
	}
	basis := r.ledger.Basis()
	found := r.ledger.Holds(func(h *ledger.Hold) bool {
		return (wanted.Area == "" || h.Area == wanted.Area) && (wanted.State == "" || string(h.State) == wanted.State) &&
			(wanted.Submission == "" || h.Submission.String() == wanted.Submission) && (wanted.IDs == nil || slices.Contains(wanted.IDs, h.ID.String()))
	})
	slices.Reverse(found)
	return r.answerHolds(basis, found), nil
}

// answerHolds returns held figures as they are told.
func (r *Responder) answerHolds(basis uint64, found []*ledger.Hold) inquiry.Holds {
	told := inquiry.Holds{Basis: basis, Holds: []inquiry.Hold{}}
	if n := len(found); n > inquiry.MaxHolds {
		found, told.HoldsOmitted = found[:inquiry.MaxHolds], n-inquiry.MaxHolds
	}
	for _, h := range found {
		told.Holds = append(told.Holds, r.ledger.ToldHold(h))
	}
	return told
}

// decide puts on record what a person says or decides about held figures.
func (r *Responder) decide(ctx context.Context, asked inquiry.HoldAct) (inquiry.Holds, error) {
	act := judge.HoldAct{Kind: asked.Kind, Submission: asked.Submission, Area: asked.Area, Text: asked.Text, Person: asked.Person}
	switch asked.Kind {
	case event.ExplainHeld, event.ReleaseHeld, event.RefuseHeld:
	default:
		return inquiry.Holds{}, event.Permanentf("want explain, release or refuse, got %q", asked.Kind)
	}
	if len(asked.IDs) == 0 && asked.Submission == "" {
		return inquiry.Holds{}, event.Permanentf("want the ids of held figures, or a submission")
	}
	for _, text := range asked.IDs {
		id, err := event.ParseHoldID(text)
		if err != nil {
			return inquiry.Holds{Holds: []inquiry.Hold{}, Refused: (*inquiry.HoldProblem)(judge.UnknownHold(event.Excerpt(text, 64)))}, nil
		}
		act.Holds = append(act.Holds, id)
	}
	decided, err := judge.DecideHold(ctx, r.log, r.ledger, act, r.now)
	if refused, ok := errors.AsType[*judge.HoldProblem](err); ok {
		return inquiry.Holds{Basis: r.ledger.Basis(), Holds: []inquiry.Hold{}, Refused: (*inquiry.HoldProblem)(refused)}, nil
	}
	if err != nil {
		return inquiry.Holds{}, err
	}
	return r.answerHolds(r.ledger.Basis(), decided), nil
}
