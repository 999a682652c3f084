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
	// ObservationCounts returns how many observations in scope are visible of each
	// submission, by the submission's sequence in SUBMISSIONS.
	ObservationCounts(ctx context.Context, scope Scope) (map[uint64]int, error)
	// Accounts counts what is visible of the submissions from one sequence of
	// SUBMISSIONS to another, for each area and dataset. Behind is how many verdicts in
	// the log may not be visible yet.
	Accounts(ctx context.Context, first, last uint64) (shown []Shown, behind int64, err error)
	// StoreAccepted stores the messages of ACCEPTED at the sequences, which it lacks in
	// whole or in part. Rows that cannot be stored are left out.
	StoreAccepted(ctx context.Context, sequences []uint64) error
	// DropTotalsBeyondLog drops totals of messages that TOTALS does not have, or computed
	// beyond the end of ACCEPTED, and returns of how many computations they were.
	DropTotalsBeyondLog(ctx context.Context) (computations int, err error)
	// Ends says up to where the log is visible; a projection without tables shows none of
	// it.
	Ends(ctx context.Context) (*Ends, error)
}
