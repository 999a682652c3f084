package reconcile

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/schedule"
)

// mend makes the projection hold what the log says, and reports whether it had to. With anew it
// reads again all that the projection holds. The log, which is kept for ever, does not grow.
// Where the log is not the richer side, nothing is changed.
func (r *Recomputer) mend(ctx context.Context, run *event.Run, anew bool) (bool, error) {
	if err := comparable(ctx, r.log, r.projection); err != nil {
		return false, err
	}
	mended, err := r.projection.Mend(ctx, anew)
	run.Mended = mended
	for _, m := range mended {
		r.logger.Error().Str("what", m.What).Int("stored", m.Stored).Int("removed", m.Removed).Int("detached_parts", m.Detached).
			Msg("ClickHouse did not hold what the log says; it was mended from the log")
		if m.What == event.CountObservations {
			run.ObservationsMissing = m.Stored
		}
	}
	return len(mended) > 0, err
}

// comparable returns why rows of the projection cannot be held against the log: one of the
// two has lost what the other still has, and a person has to decide first.
func comparable(ctx context.Context, log *stream.Log, projection Projection) error {
	streams, err := CheckLog(ctx, log)
	if err != nil {
		return err
	}
	shown, err := CheckProjection(ctx, log, projection)
	if err != nil {
		return err
	}
	var errs []error
	for _, d := range append(streams, shown...) {
		if d.StopsMending() {
			errs = append(errs, d.Reason())
		}
	}
	return errors.Join(errs...)
}

// describeImbalance returns what was out of balance, and whether it is healed, in
// words.
func describeImbalance(run *event.Run) string {
	var b strings.Builder
	fmt.Fprintf(&b, "conservation was violated: ClickHouse lacked %d observations that the log holds", run.ObservationsMissing)
	for n, i := range run.Imbalances {
		if n == describedImbalances {
			fmt.Fprintf(&b, "; and %d more", len(run.Imbalances)-n)
			break
		}
		fmt.Fprintf(&b, "; %s", i)
	}
	switch {
	case run.Healed:
		b.WriteString("; ClickHouse was mended and everything balances again")
	case run.JobName() == schedule.Check || run.Dry:
		b.WriteString("; citytally recompute mends ClickHouse from the log")
	default:
		b.WriteString("; it is not healed: rebuild ClickHouse from the log")
	}
	return b.String()
}

// describedImbalances is how many imbalances a problem names.
const describedImbalances = 20
