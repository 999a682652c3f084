package reconcile

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
)

// Scope bounds a recomputation; empty fields bound nothing.
type Scope struct{ Period, Indicator string }

// TotalKey names a city total.
type TotalKey struct{ Indicator, Period string }

// Projection is what recomputation reads back, to reconcile it with the log: the
// store that analysts query.
type Projection interface {
	// Settle returns when everything up to the given sequences of ACCEPTED and
	// TOTALS is visible, or with the cause of ctx's end.
	Settle(ctx context.Context, accepted, totals uint64) error
	// LatestTotals returns the latest city totals in scope, without their inputs.
	LatestTotals(ctx context.Context, scope Scope) (map[TotalKey]event.Total, error)
	// ObservationCounts returns how many observations in scope there are of each
	// submission, by its sequence in SUBMISSIONS.
	ObservationCounts(ctx context.Context, scope Scope) (map[uint64]int, error)
	// Accounts returns what is shown of each area and dataset, counting the
	// submissions from one sequence of SUBMISSIONS to another, and how many
	// verdicts are not shown yet at most because they are on their way.
	Accounts(ctx context.Context, first, last uint64) (shown []Shown, behind int64, err error)
}
