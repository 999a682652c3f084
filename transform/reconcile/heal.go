package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// restoreBalance checks conservation, brings back the observations that the projection
// lacks, and checks again. What was out of balance is the run's problem, also
// when it has been healed: somebody should ask how it came to be.
func (r *Recomputer) restoreBalance(ctx context.Context, run *event.Run) error {
	before, err := r.checker.Check(ctx)
	if err != nil {
		return fmt.Errorf("check conservation: %w", err)
	}
	run.Imbalances = before.Imbalances
	if err := r.restoreObservations(ctx, run); err != nil {
		return err
	}
	if run.ObservationsMissing == 0 && before.Balanced {
		return nil
	}
	if err := r.settleAgain(ctx); err != nil {
		return err
	}
	after, err := r.checker.Check(ctx)
	if err != nil {
		return fmt.Errorf("check conservation again: %w", err)
	}
	run.Healed = after.Balanced
	return errors.New(describeImbalance(run))
}

// settleAgain waits until the projection shows what has just been published again.
func (r *Recomputer) settleAgain(ctx context.Context) error {
	last, err := r.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.config.SettleFor,
		fmt.Errorf("ClickHouse did not catch up with the log within %s (transform.settle_for)", r.config.SettleFor))
	defer cancel()
	return Settle(ctx, r.log, r.projection, last)
}

// describeImbalance says what was out of balance, and whether it is healed.
func describeImbalance(run *event.Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "conservation was violated: ClickHouse lacked %d observations that the log holds", run.ObservationsMissing)
	for _, i := range run.Imbalances {
		fmt.Fprintf(&b, "; %s", i)
	}
	if run.Healed {
		b.WriteString("; they were brought back and everything balances again")
	} else {
		b.WriteString("; it is not healed: rebuild ClickHouse from the log")
	}
	return b.String()
}
