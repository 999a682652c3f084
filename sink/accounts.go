package sink

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Accounts returns what the store shows of each area and dataset, and how many verdicts it
// lacks at most because their messages have not been inserted yet. Of submissions it counts
// those with a sequence from first to last.
func (p *Projection) Accounts(ctx context.Context, first, last uint64) (shown []reconcile.Shown, behind int64, err error) {
	// The position is read before the store, so that rows inserted in between are not
	// reported as missing.
	verdicts, err := p.consumerPosition(ctx, stream.Verdicts, VerdictsConsumer)
	if err != nil {
		return nil, 0, err
	}
	shown, err = p.accounts(ctx, first, last)
	return shown, int64(verdicts.Pending + verdicts.Delivered), err
}

// consumerPosition returns the position of a consumer. Before a sink has ever run there is
// no consumer, and every message counts as not yet delivered.
func (p *Projection) consumerPosition(ctx context.Context, of, consumer string) (stream.Position, error) {
	position, err := p.Log.Position(ctx, of, consumer)
	if !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return position, err
	}
	census, err := p.Log.CountByOrigin(ctx, of)
	if err != nil {
		return position, err
	}
	for _, n := range census.Messages {
		position.Pending += int(n)
	}
	return position, nil
}

// The rows of what was sent again unchanged are those of the first time, and count once.
const accountsQuery = `SELECT area, dataset, countIf(sequence BETWEEN ? AND ?), sumIf(rows, NOT repeated), sumIf(accepted, NOT repeated), sumIf(held, NOT repeated), sumIf(rejected, NOT repeated)
FROM submissions GROUP BY area, dataset ORDER BY area, dataset`

func (s *Store) accounts(ctx context.Context, first, last uint64) ([]reconcile.Shown, error) {
	rows, err := s.conn.Query(ctx, accountsQuery, first, last)
	if err != nil {
		return nil, failure("count what is shown", err)
	}
	defer rows.Close()
	var all []reconcile.Shown
	for rows.Next() {
		var a reconcile.Shown
		if err := rows.Scan(&a.Area, &a.Dataset, &a.Submissions, &a.Rows, &a.Accepted, &a.Held, &a.Rejected); err != nil {
			return nil, failure("count what is shown", err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, failure("count what is shown", err)
	}
	return all, nil
}
