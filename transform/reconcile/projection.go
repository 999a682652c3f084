package reconcile

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
)

// Scope bounds which totals or observations are meant; an empty field is no bound.
type Scope struct{ Period, Indicator string }

// TotalKey identifies a city total.
type TotalKey struct{ Indicator, Period string }

// Projection is the store that analysts query. Recomputations read it back to compare it
// with the log, and mend it from the log where it differs.
type Projection interface {
	// Settle returns nil once everything up to the sequences of ACCEPTED and TOTALS is
	// visible, or the cause of ctx's end.
	Settle(ctx context.Context, accepted, totals uint64) error
	// LatestTotals returns the latest city totals in scope, without their inputs.
	LatestTotals(ctx context.Context, scope Scope) (map[TotalKey]event.Total, error)
	// Accounts counts what is visible of the submissions from one sequence of
	// SUBMISSIONS to another, for each area and dataset. Behind is how many verdicts in
	// the log may not be visible yet.
	Accounts(ctx context.Context, first, last uint64) (shown []Shown, behind int64, err error)
	// Compare returns where the projection holds other rows than the log says, of what it
	// has taken in so far.
	Compare(ctx context.Context) ([]event.Imbalance, error)
	// Mend makes the projection hold what the log says, and returns what it changed. It
	// writes to the projection alone. With anew it reads all that the projection holds, or
	// else what it has not compared before.
	Mend(ctx context.Context, anew bool) ([]event.Mended, error)
	// Ends says up to where the log is visible; a projection without tables shows none of
	// it.
	Ends(ctx context.Context) (*Ends, error)
}
