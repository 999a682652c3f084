package respond

import (
	"context"
	"errors"
	"time"

	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
)

// Responder answers questions from a ledger that its owner keeps up to date.
type Responder struct {
	log       *stream.Log
	ledger    *ledger.Ledger
	validator *judge.Validator
	scorer    Scorer // nil has no scores
	now       func() time.Time
}

// New returns a responder that judges as the validator does, by the catalogue in force in the
// ledger. Without a scorer it answers no question for scores.
func New(log *stream.Log, l *ledger.Ledger, v *judge.Validator, scorer Scorer, now func() time.Time) *Responder {
	return &Responder{log: log, ledger: l, validator: v, scorer: scorer, now: now}
}

// version is that of the questions and answers.
const version = "1.0.0"

// answerTimeout is how long the answer to one question may take.
const answerTimeout = 20 * time.Second

// Run answers until ctx ends, and returns nil. Call it once the ledger has caught up with
// the log. It calls serving once questions reach this process.
func (r *Responder) Run(ctx context.Context, serving func()) error {
	return r.log.Serve(ctx, stream.Service{
		Name: "citytally-transform", Version: version, Description: "what an upload would do, figures in force, their history, held figures and totals, from the ledger, and scores",
		Answers: map[string]stream.Answerer{
			inquiry.DryRunSubject:   timed(inquiry.Answerer(r.dryRun)),
			inquiry.FiguresSubject:  timed(inquiry.Answerer(r.figures)),
			inquiry.HistorySubject:  timed(inquiry.Answerer(r.history)),
			inquiry.TotalsSubject:   timed(inquiry.Answerer(r.cityTotals)),
			inquiry.HoldsSubject:    timed(inquiry.Answerer(r.holds)),
			inquiry.StandingSubject: timed(inquiry.Answerer(r.standing)),
			inquiry.DecideSubject:   timed(inquiry.Answerer(r.decide)),
			inquiry.ScoresSubject:   timed(inquiry.Answerer(r.scores)),
		},
	}, serving)
}

// timed bounds the time of an answer.
func timed(answer stream.Answerer) stream.Answerer {
	return func(ctx context.Context, request []byte) ([]byte, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, errTooSlow)
		defer cancel()
		return answer(ctx, request)
	}
}

var errTooSlow = errors.New("the transform stage took longer than " + answerTimeout.String() + "; try again later")

// catchUp waits until the ledger has everything that ACCEPTED holds now.
func (r *Responder) catchUp(ctx context.Context) error {
	last, err := r.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	return r.ledger.Wait(ctx, last)
}
