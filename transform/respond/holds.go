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
	var before event.HoldID
	if wanted.Before != "" {
		var err error
		if before, err = event.ParseHoldID(wanted.Before); err != nil {
			return inquiry.Holds{}, event.Permanentf("before: %w", err)
		}
	}
	same := func(wanted, is string) bool { return wanted == "" || wanted == is }
	basis := r.ledger.Basis()
	found := r.ledger.HoldsTogether(func(h *ledger.Hold) bool {
		return same(wanted.Area, h.Area) && same(wanted.State, string(h.State)) && same(wanted.Submission, h.Submission.String()) &&
			same(wanted.Dataset, h.Dataset) && same(wanted.Indicator, h.Cell.Indicator) && same(wanted.Period, h.Cell.Period.String()) &&
			(wanted.IDs == nil || slices.Contains(wanted.IDs, h.ID.String())) &&
			(wanted.Of == nil || h.Sequence == wanted.Of.Sequence || slices.Contains(wanted.Of.Others, h.ID.String()))
	})
	slices.Reverse(found)
	told := r.ledger.ToldHolds(found)
	if wanted.Before != "" {
		told = slices.DeleteFunc(told, func(h inquiry.Hold) bool { return idOf(&h).Compare(before) >= 0 })
	}
	slices.SortStableFunc(told, func(a, b inquiry.Hold) int { return idOf(&b).Compare(idOf(&a)) })
	return answerHolds(basis, told, wanted.Limit), nil
}

// idOf returns the id of what is told to be held.
func idOf(h *inquiry.Hold) event.HoldID {
	id, _ := event.ParseHoldID(h.ID) // it was written by its String
	return id
}

// answerHolds returns at most so many of the holds; 0 is [inquiry.MaxHolds].
func answerHolds(basis uint64, holds []inquiry.Hold, limit int) inquiry.Holds {
	if limit < 1 || limit > inquiry.MaxHolds {
		limit = inquiry.MaxHolds
	}
	told := inquiry.Holds{Basis: basis, Holds: append([]inquiry.Hold{}, holds...)}
	if n := len(told.Holds); n > limit {
		told.Holds, told.HoldsOmitted = told.Holds[:limit], n-limit
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
			return inquiry.Holds{Holds: []inquiry.Hold{}, Refused: judge.UnknownHold(event.Excerpt(text, 64))}, nil
		}
		act.Holds = append(act.Holds, id)
	}
	decided, err := judge.DecideHold(ctx, r.log, r.ledger, act, r.now)
	if refused, ok := errors.AsType[*inquiry.HoldProblem](err); ok {
		return inquiry.Holds{Basis: r.ledger.Basis(), Holds: []inquiry.Hold{}, Refused: refused}, nil
	}
	if err != nil {
		return inquiry.Holds{}, err
	}
	return answerHolds(r.ledger.Basis(), r.ledger.ToldHolds(decided), 0), nil
}
