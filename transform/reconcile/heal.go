package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// restoreBalance checks conservation, restores the observations that the projection
// lacks, and checks again. An imbalance is the run's problem even where it has been
// healed, so that somebody asks how it came about.
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
	last, err := r.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return err
	}
	if err := r.settle(ctx, last); err != nil {
		return err
	}
	after, err := r.checker.Check(ctx)
	if err != nil {
		return fmt.Errorf("check conservation again: %w", err)
	}
	run.Healed = after.Balanced
	return errors.New(describeImbalance(run))
}

// describeImbalance returns what was out of balance, and whether it is healed, in
// words.
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
