package judge

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

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
	// Verdicts are those that VERDICTS had lost and that were brought back from a copy, and
	// Derived those that no copy has, told as far as ACCEPTED tells them.
	Verdicts int `json:"verdicts"`
	Derived  int `json:"derived"`
	// Releases are the names of those that RELEASES had lost and that were brought back from a
	// copy.
	Releases []string `json:"releases,omitempty"`
}

const (
	restoreBatch   = 256 // submissions looked at together
	restoreAckWait = time.Minute
)

// Restore brings back to VERDICTS what it has lost and what the copies, which may be nil, and
// ACCEPTED still tell; and then to ACCEPTED what it has lost and what the submissions and verdicts
// in the log still tell, as the verdicts say. Then it accepts what is still missing as lost, so
// that the pipeline works again. Locks and reopenings stand in ACCEPTED alone and do not
// come back.
func Restore(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, copies VerdictCopies, logger zerolog.Logger) (restored Restored, err error) {
	l := ledger.New(c)
	following, stop := context.WithCancel(ctx)
	caughtUp, followed := make(chan struct{}), make(chan error, 1)
	go func() { followed <- l.Follow(following, log, logger, func() { close(caughtUp) }) }()
	defer func() {
		stop()
		err = errors.Join(err, <-followed)
	}()
	select {
	case <-caughtUp:
	case <-ctx.Done():
		return restored, context.Cause(ctx)
	}
	v := NewValidator(log, l, nil, Config{Batch: restoreBatch, AckWait: restoreAckWait}, logger, time.Now, NewMetrics(nil), nil)
	verdicts, err := v.newVerdictRestorer(ctx, copies)
	if err != nil {
		return restored, err
	}
	if err := v.restoreAll(ctx, verdicts, &restored); err != nil {
		return restored, err
	}
	for _, name := range []string{stream.Verdicts, stream.Accepted, stream.Submissions} {
		if err := log.AcceptLoss(ctx, name); err != nil {
			return restored, err
		}
	}
	return restored, nil
}

// restoreAll goes through SUBMISSIONS from its first message to its present end.
func (v *Validator) restoreAll(ctx context.Context, verdicts *verdictRestorer, restored *Restored) error {
	var batch []stream.Delivery
	carryOut := func() error {
		submissions, err := readSubmissions(ctx, batch)
		if err != nil {
			return err
		}
		if err := verdicts.restore(ctx, submissions, restored); err != nil {
			return err
		}
		before := v.restored
		refused := stream.Refusals{}
		if _, err := v.dropJudged(ctx, submissions, true, refused); err != nil {
			return err
		}
		restored.Submissions += len(batch)
		restored.Untold += len(refused)
		restored.Lost += v.restored - before + len(refused)
		for sequence, why := range refused {
			v.logger.Error().Err(why).Uint64("sequence", sequence).Msg("what was accepted of this submission cannot be brought back")
		}
		batch = batch[:0]
		return nil
	}
	reading, atEnd := context.WithCancel(ctx)
	defer atEnd()
	err := v.log.Follow(reading, stream.FollowConfig{Stream: stream.Submissions}, func(d stream.Delivery) error {
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
