package reconcile

import (
	"context"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// TotalKey identifies a city total.
type TotalKey struct{ Indicator, Period string }

// ShownTotal is a total as it is shown: without inputs, with the basis and the version of the
// catalogue that it was computed from.
type ShownTotal struct {
	event.Total
	Basis     uint64
	Catalogue string
}

// Projection is the store that analysts query. Recomputations read it back to compare it
// with the log, and mend it from the log where it differs.
type Projection interface {
	// Settle returns nil once everything up to the sequences of ACCEPTED and TOTALS is
	// visible, or the cause of ctx's end.
	Settle(ctx context.Context, accepted, totals uint64) error
	// Years returns the years of whose periods totals are shown, each with a digest of them,
	// which any change of the latest totals changes.
	Years(ctx context.Context) (map[int]uint64, error)
	// LatestTotals returns the latest city totals of a year's periods, without their inputs;
	// "" is every indicator.
	LatestTotals(ctx context.Context, year int, indicator string) (map[TotalKey]ShownTotal, error)
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
	// IsDamage reports whether an error says that the projection cannot read what it has stored,
	// and PutAside takes what cannot be read out of it, so that the rest can be, and returns how
	// many pieces that were.
	IsDamage(err error) bool
	PutAside(ctx context.Context) (int, error)
	// Ends says up to where the log is visible; a projection without tables shows none of
	// it.
	Ends(ctx context.Context) (*Ends, error)
	// Remembered returns what the projection remembers of the log, and Remember stores it.
	Remembered(ctx context.Context) (Remembered, error)
	Remember(ctx context.Context, of Remembered) error
	// ShownOf returns which of a stream's sequences in the ranges are those of messages of which
	// rows are visible, in order.
	ShownOf(ctx context.Context, name string, of []stream.Range) ([]stream.Range, error)
}
