package judge

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Restored says what Restore brought back.
type Restored struct {
	// Submissions are those that SUBMISSIONS still has; Lost of them had rows that their
	// verdict accepted and ACCEPTED had lost, and Untold of these cannot be brought back,
	// because the verdict is gone or does not go with the submission any more.
	Submissions int `json:"submissions"`
	Lost        int `json:"lost"`
	Untold      int `json:"untold"`
	// Filled are the places at the end of SUBMISSIONS of which other streams tell, and that messages
	// without content have now: what was there is lost as it came.
	Filled int `json:"filled"`
	// Verdicts are those that VERDICTS had lost and that were brought back from a copy, and
	// Derived those that no copy has, told as far as ACCEPTED tells them.
	Verdicts int `json:"verdicts"`
	Derived  int `json:"derived"`
	// Releases are the names of those that RELEASES had lost and that were brought back from a
	// copy.
	Releases []string `json:"releases,omitempty"`
	// Decisions counts those of the bureau that ACCEPTED had lost and that were brought back from a
	// copy. LostDecisions names those that a copy has and that do not come back.
	Decisions       int      `json:"decisions"`
	LostDecisions   []string `json:"lost_decisions,omitempty"`
	LostDecisionsZH []string `json:"lost_decisions_zh,omitempty"`
	// LostSubmissions are the ids of those that have to be sent again: what was accepted of them does
	// not come back.
	LostSubmissions []string `json:"lost_submissions,omitempty"`
}

// lose notes what does not come back.
func (r *Restored) lose(what bilingual.Text) {
	r.LostDecisions, r.LostDecisionsZH = append(r.LostDecisions, what.EN), append(r.LostDecisionsZH, what.ZH)
}

const (
	restoreBatch   = 256 // submissions looked at together
	restoreAckWait = time.Minute
)

// Restore brings back to VERDICTS what it has lost and what the copies and ACCEPTED still tell; and
// then to ACCEPTED what it has lost and what the submissions and verdicts in the log still tell, as
// the verdicts say, with the decisions of the copies between them. Then it accepts what is still
// missing as lost, so that the pipeline works again, and fills the places that SUBMISSIONS has lost at its
// end. The log begins with the catalogue first. Where the text of what was in force is missing, the error is
// a [*MissingTextsError]. Where nothing tells what ACCEPTED has lost, it is an [*UntoldError], and where what
// was accepted does not come back, a [*LostAcceptedError], unless the origin says that it is to be
// discarded.
func Restore(ctx context.Context, log *stream.Log, first *catalogue.Catalogue, from Origin, logger zerolog.Logger) (restored Restored, err error) {
	v, stop, err := newRestoring(ctx, log, first, logger)
	if err != nil {
		return restored, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if v.decisions, err = v.newDecisionRestorer(ctx, &from, &restored); err != nil {
		return restored, err
	}
	verdicts, err := v.newVerdictRestorer(ctx, from.Verdicts)
	if err != nil {
		return restored, err
	}
	lost, err := log.Lacking(ctx, stream.Accepted)
	if err != nil {
		return restored, err
	}
	untold, err := v.untold(ctx, lost, &from)
	switch {
	case err != nil:
		return restored, err
	case len(untold) > 0 && !from.Discard:
		return restored, &UntoldError{Places: untold}
	case len(untold) > 0:
		restored.lose(describeUntold(untold))
	}
	if err := verdicts.restoreOfLost(ctx, &restored); err != nil {
		return restored, err
	}
	// What was in force at the beginning judges the first submission.
	if err := v.decisions.before(ctx, 1, 1); err != nil {
		return restored, err
	}
	if err := v.restoreAll(ctx, verdicts, &restored); err != nil {
		return restored, err
	}
	if err := v.decisions.before(ctx, math.MaxUint64, math.MaxUint64); err != nil {
		return restored, err
	}
	if len(v.decisions.moved) > 0 {
		if err := from.Decisions.DropDecisions(ctx, v.decisions.moved); err != nil {
			return restored, err
		}
	}
	accepted, err := v.lostSubmissions(ctx, lost, from.Verdicts)
	if err != nil {
		return restored, err
	}
	if len(accepted) > 0 && !from.Discard {
		return restored, &LostAcceptedError{Submissions: accepted}
	}
	restored.LostSubmissions = append(restored.LostSubmissions, accepted...)
	if restored.Filled, err = log.FillLost(ctx, from.Person, v.now()); err != nil {
		return restored, err
	}
	for _, name := range []string{stream.Verdicts, stream.Accepted, stream.Submissions} {
		if err := log.AcceptLoss(ctx, name); err != nil {
			return restored, err
		}
	}
	return restored, nil
}

// Restorable counts the submissions and decisions that Restore would bring back to ACCEPTED. It
// changes nothing.
func Restorable(ctx context.Context, log *stream.Log, first *catalogue.Catalogue, from Origin) (n int, err error) {
	v, stop, err := newRestoring(ctx, log, first, zerolog.Nop())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	v.countOnly, from.WithoutTexts = true, true
	decisions, err := v.newDecisionRestorer(ctx, &from, &Restored{})
	if err != nil {
		return 0, err
	}
	for i := range decisions.lost {
		if d := &decisions.lost[i]; d.AcceptedSequence > 0 && (d.Sequence == 0 || len(decisions.holdsOf(d)) > 0) {
			n++
		}
	}
	err = v.eachSubmission(ctx, func(submissions []received) error {
		_, err := v.dropJudged(ctx, submissions, true, stream.Refusals{})
		return err
	})
	return n + v.restored, err
}

// newRestoring returns a validator whose ledger has all that ACCEPTED has. The caller calls stop.
func newRestoring(ctx context.Context, log *stream.Log, first *catalogue.Catalogue, logger zerolog.Logger) (v *Validator, stop func() error, err error) {
	l := ledger.New(first)
	following, cancel := context.WithCancel(ctx)
	caughtUp, followed := make(chan struct{}), make(chan error, 1)
	go func() { followed <- l.Follow(following, log, logger, func() { close(caughtUp) }) }()
	stop = func() error {
		cancel()
		return <-followed
	}
	select {
	case <-caughtUp:
		return NewValidator(log, l, nil, Config{Batch: restoreBatch, AckWait: restoreAckWait}, logger, time.Now, NewMetrics(nil), nil), stop, nil
	case <-ctx.Done():
		return nil, nil, errors.Join(context.Cause(ctx), stop())
	}
}

// restoreAll goes through SUBMISSIONS from its first message to its present end.
func (v *Validator) restoreAll(ctx context.Context, verdicts *verdictRestorer, restored *Restored) error {
	return v.eachSubmission(ctx, func(submissions []received) error {
		n := len(submissions)
		if err := verdicts.restore(ctx, submissions, restored); err != nil {
			return err
		}
		before := v.restored
		refused := stream.Refusals{}
		if _, err := v.dropJudged(ctx, submissions, true, refused); err != nil {
			return err
		}
		restored.Submissions += n
		restored.Untold += len(refused)
		restored.Lost += v.restored - before + len(refused)
		for sequence, why := range refused {
			v.logger.Error().Err(why).Uint64("sequence", sequence).Msg("what was accepted of this submission cannot be brought back")
		}
		return nil
	})
}

// eachSubmission calls use with the messages of SUBMISSIONS from its first to its present end, some
// at once.
func (v *Validator) eachSubmission(ctx context.Context, use func([]received) error) error {
	var batch []stream.Delivery
	carryOut := func() error {
		submissions, err := readSubmissions(ctx, batch)
		if err != nil {
			return err
		}
		batch = batch[:0]
		return use(submissions)
	}
	reading, atEnd := context.WithCancel(ctx)
	defer atEnd()
	err := v.log.Follow(reading, stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
		if isFiller(d) {
			return nil
		}
		if batch = append(batch, d); len(batch) < restoreBatch {
			return nil
		}
		return carryOut()
	}, atEnd)
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	return carryOut()
}
