package sink

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Accounts returns what the store shows of each area and dataset, and how many
// verdicts of the log it lacks at most because they are on their way. Of
// submissions it counts those from the sequence first to last.
func (p *Projection) Accounts(ctx context.Context, first, last uint64) (shown []reconcile.Shown, behind int64, err error) {
	// The positions come first: what is stored meanwhile only adds to what is
	// shown.
	verdicts, err := p.position(ctx, stream.Verdicts, VerdictsConsumer)
	if err != nil {
		return nil, 0, err
	}
	accepted, err := p.position(ctx, stream.Accepted, AcceptedConsumer)
	if err != nil {
		return nil, 0, err
	}
	shown, err = p.accounts(ctx, first, last, accepted.AckFloor)
	return shown, int64(verdicts.Pending + verdicts.Delivered), err
}

// position is that of a consumer; before a sink has ever run there is none, and
// everything is still to be done.
func (p *Projection) position(ctx context.Context, of, consumer string) (stream.Position, error) {
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

// The observations of a submission are counted against its verdict where both
// have to be there: the message of ACCEPTED that holds them is acknowledged.
const accountsQuery = `SELECT v.area, v.dataset, countIf(v.sequence BETWEEN ? AND ?), sum(v.rows), sum(v.accepted), sum(v.held), sum(v.rejected),
	sumIf(v.accepted, due), sumIf(o.found, due)
FROM (SELECT area, dataset, sequence, rows, accepted, held, rejected, NOT repeated AND accepted > 0 AND accepted_sequence <= ? AS due FROM submissions) AS v
LEFT JOIN (SELECT sequence, count() AS found FROM observations GROUP BY sequence) AS o ON v.sequence = o.sequence
GROUP BY v.area, v.dataset ORDER BY v.area, v.dataset`

func (s *Store) accounts(ctx context.Context, first, last, floor uint64) ([]reconcile.Shown, error) {
	rows, err := s.conn.Query(ctx, accountsQuery, first, last, floor)
	if err != nil {
		return nil, fmt.Errorf("count what is shown: %w", err)
	}
	defer rows.Close()
	var all []reconcile.Shown
	for rows.Next() {
		var a reconcile.Shown
		if err := rows.Scan(&a.Area, &a.Dataset, &a.Submissions, &a.Rows, &a.Accepted, &a.Held, &a.Rejected, &a.Expected, &a.Observations); err != nil {
			return nil, fmt.Errorf("count what is shown: %w", err)
		}
		all = append(all, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count what is shown: %w", err)
	}
	return all, nil
}

// Ping returns nil when ClickHouse answers, or why not with what to do.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return fmt.Errorf("ClickHouse on %s does not answer (%s): %w", s.address, Advice(err), err)
	}
	return nil
}
