package sink

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/reconcile"
)

// Projection is the store together with the log that fills it, for recomputation, which
// compares the two.
type Projection struct {
	*Store
	Log *stream.Log
}

var _ reconcile.Projection = (*Projection)(nil)

// settlePollInterval is how often Settle asks for the consumers' positions.
const settlePollInterval = 20 * time.Millisecond

// Settle returns when every message up to the given sequences of ACCEPTED and TOTALS is in
// the store or in DEAD. When ctx ends first, the error says how far the sink has come.
func (p *Projection) Settle(ctx context.Context, accepted, totals uint64) error {
	if err := p.waitForConsumer(ctx, stream.Accepted, AcceptedConsumer, accepted); err != nil {
		return err
	}
	return p.waitForConsumer(ctx, stream.Totals, TotalsConsumer, totals)
}

func (p *Projection) waitForConsumer(ctx context.Context, of, consumer string, sequence uint64) error {
	if sequence == 0 {
		return nil
	}
	tick := time.NewTicker(settlePollInterval)
	defer tick.Stop()
	var why error
	for {
		// The consumer may not exist yet, because the sink has never run, and the broker
		// may be away. In both cases Settle waits.
		position, err := p.Log.Position(ctx, of, consumer)
		if err == nil && position.AckFloor >= sequence {
			return nil
		}
		switch {
		case err == nil:
			why = fmt.Errorf("ClickHouse has %s up to %d of %d: is the sink stage running?", of, position.AckFloor, sequence)
		case ctx.Err() == nil:
			why = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the sink: %w", errors.Join(context.Cause(ctx), why))
		case <-tick.C:
		}
	}
}

// LatestTotals returns the latest city totals in scope, without their inputs. Figures have no
// trailing zeros.
func (s *Store) LatestTotals(ctx context.Context, scope reconcile.Scope) (map[reconcile.TotalKey]event.Total, error) {
	where, args := scopeCondition(scope)
	rows, err := s.conn.Query(ctx, `SELECT indicator, period, value, unit, toString(stage), status, qualifier, change, change_kind,
		change_absolute, change_reason, expected, missing, publishable, flags, change_qualifier, change_areas, carried FROM totals_latest`+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read latest totals: %w", err)
	}
	defer rows.Close()
	totals := map[reconcile.TotalKey]event.Total{}
	for rows.Next() {
		var key reconcile.TotalKey
		var t event.Total
		var value, change, absolute *decimal.Decimal
		var expected uint32
		if err := rows.Scan(&key.Indicator, &key.Period, &value, &t.Unit, &t.Stage, &t.Status, &t.Qualifier, &change, &t.ChangeKind,
			&absolute, &t.ChangeReason, &expected, &t.Missing, &t.Publishable, &t.Flags,
			&t.ChangeQualifier, &t.ChangeAreas, &t.Carried); err != nil {
			return nil, fmt.Errorf("read latest totals: %w", err)
		}
		t.Indicator, t.Expected = key.Indicator, int(expected)
		t.Value, t.Change, t.ChangeAbsolute = figureText(value), figureText(change), figureText(absolute)
		t.ChangeAreas, t.Carried = nilIfEmpty(t.ChangeAreas), nilIfEmpty(t.Carried)
		totals[key] = t
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read latest totals: %w", err)
	}
	return totals, nil
}

// ObservationCounts returns how many observations in scope the store has of each submission,
// by the submission's sequence in SUBMISSIONS.
func (s *Store) ObservationCounts(ctx context.Context, scope reconcile.Scope) (map[uint64]int, error) {
	where, args := scopeCondition(scope)
	rows, err := s.conn.Query(ctx, "SELECT sequence, count() FROM observations"+where+" GROUP BY sequence", args...)
	if err != nil {
		return nil, fmt.Errorf("count observations: %w", err)
	}
	defer rows.Close()
	counts := map[uint64]int{}
	for rows.Next() {
		var sequence, count uint64
		if err := rows.Scan(&sequence, &count); err != nil {
			return nil, fmt.Errorf("count observations: %w", err)
		}
		counts[sequence] = int(count)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count observations: %w", err)
	}
	return counts, nil
}

func scopeCondition(scope reconcile.Scope) (where string, args []any) {
	for _, bound := range [...]struct{ column, value string }{{"period", scope.Period}, {"indicator", scope.Indicator}} {
		if bound.value == "" {
			continue
		}
		if where == "" {
			where = " WHERE "
		} else {
			where += " AND "
		}
		where += bound.column + " = ?"
		args = append(args, bound.value)
	}
	return where, args
}

// figureText writes a figure without trailing zeros; nil is "".
func figureText(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// StoreAccepted stores the messages of ACCEPTED at the sequences again. Rows that are there
// already stay one row, because rows have natural keys.
func (p *Projection) StoreAccepted(ctx context.Context, sequences []uint64) error {
	var block observationBlock
	for i, sequence := range sequences {
		m, err := ledger.ReadAccepted(ctx, p.Log, sequence)
		if err != nil {
			return err
		}
		// What cannot be stored has a letter in DEAD.
		if err := block.add(&stream.Delivery{Subject: m.Subject, Body: m.Data, Sequence: sequence, StoredAt: m.Time}); err != nil && !event.IsPermanent(err) {
			return fmt.Errorf("read message %d of ACCEPTED: %w", sequence, err)
		}
		if block.rows() < restoreRows && i+1 < len(sequences) || block.rows() == 0 {
			continue
		}
		if err := block.store(ctx, p.Store); err != nil {
			return fmt.Errorf("store observations again: %w", err)
		}
		block.reset()
	}
	return nil
}

// restoreRows is how many rows StoreAccepted inserts at once.
const restoreRows = 100_000

// computation identifies the totals of one message, and tells apart two messages that had
// one sequence, of which the log has lost the first.
type computation struct {
	sequence, basis uint64
	computedAt      int64 // Unix milliseconds
}

// DropTotalsBeyondLog drops the rows of totals that come of messages beyond the end of
// TOTALS, or were computed beyond that of ACCEPTED. It looks at the rows before it asks the
// log, so that totals which arrive meanwhile are not taken for such. Where the store also has
// observations that ACCEPTED has lost, it is the richer side, and nothing is dropped.
func (p *Projection) DropTotalsBeyondLog(ctx context.Context) (int, error) {
	var newest uint64
	if err := p.conn.QueryRow(ctx, "SELECT max(accepted_sequence) FROM observations_data").Scan(&newest); err != nil {
		return 0, fmt.Errorf("look for observations that the log does not have: %w", err)
	}
	accepted, totals, err := p.lastSequences(ctx)
	if err != nil || newest > accepted {
		return 0, err
	}
	beyond, err := p.computationsBeyond(ctx, accepted, totals)
	if err != nil || len(beyond) == 0 {
		return 0, err
	}
	if accepted, totals, err = p.lastSequences(ctx); err != nil {
		return 0, err
	}
	dropped := 0
	for _, c := range beyond {
		if c.sequence <= totals && c.basis <= accepted {
			continue
		}
		err := p.conn.Exec(ctx, "ALTER TABLE totals_data DELETE WHERE sequence = ? AND basis = ? AND toUnixTimestamp64Milli(computed_at) = ? SETTINGS mutations_sync = 1",
			c.sequence, c.basis, c.computedAt)
		if err != nil {
			return dropped, fmt.Errorf("drop totals that the log does not have: %w", err)
		}
		dropped++
	}
	return dropped, nil
}

func (p *Projection) lastSequences(ctx context.Context) (accepted, totals uint64, err error) {
	if accepted, err = p.Log.LastSequence(ctx, stream.Accepted); err != nil {
		return 0, 0, err
	}
	totals, err = p.Log.LastSequence(ctx, stream.Totals)
	return accepted, totals, err
}

func (s *Store) computationsBeyond(ctx context.Context, accepted, totals uint64) ([]computation, error) {
	rows, err := s.conn.Query(ctx, "SELECT DISTINCT sequence, basis, toUnixTimestamp64Milli(computed_at) FROM totals_data WHERE sequence > ? OR basis > ?", totals, accepted)
	if err != nil {
		return nil, fmt.Errorf("look for totals that the log does not have: %w", err)
	}
	defer rows.Close()
	var all []computation
	for rows.Next() {
		var c computation
		if err := rows.Scan(&c.sequence, &c.basis, &c.computedAt); err != nil {
			return nil, fmt.Errorf("look for totals that the log does not have: %w", err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("look for totals that the log does not have: %w", err)
	}
	return all, nil
}

// newestQuery reads, for each stream in the order of endStreams, the newest message that has
// rows, and then the newest submission that is shown.
const newestQuery = `SELECT
	(SELECT max(accepted_sequence) FROM observations_data), (SELECT max(verdict_sequence) FROM submissions_data),
	(SELECT max(sequence) FROM totals_data), (SELECT max(sequence) FROM releases_data)`

// endStreams are the streams whose messages become rows, with the consumers that move them.
var endStreams = [...]struct{ stream, consumer string }{
	{stream.Accepted, AcceptedConsumer}, {stream.Verdicts, VerdictsConsumer}, {stream.Totals, TotalsConsumer}, {stream.Releases, ReleasesConsumer},
}

// Ends says up to where the store shows the log. A store without tables shows none of it.
func (p *Projection) Ends(ctx context.Context) (*reconcile.Ends, error) {
	ends := &reconcile.Ends{Newest: map[string]uint64{}, Acknowledged: map[string]uint64{}}
	for _, e := range endStreams {
		position, err := p.Log.Position(ctx, e.stream, e.consumer)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, err
		}
		ends.Acknowledged[e.stream] = position.AckFloor
	}
	var newest [len(endStreams)]uint64
	err := p.conn.QueryRow(ctx, newestQuery).Scan(&newest[0], &newest[1], &newest[2], &newest[3])
	if err == nil {
		err = p.conn.QueryRow(ctx, `SELECT max(sequence), argMax(id, sequence), argMax(received_at, sequence) FROM submissions_data`).
			Scan(&ends.Submission.Sequence, &ends.Submission.ID, &ends.Submission.ReceivedAt)
	}
	if err != nil && !hasCode(err, codeUnknownTable, codeUnknownDatabase) {
		return nil, fmt.Errorf("read what the newest rows are: %w", err)
	}
	for i, e := range endStreams {
		ends.Newest[e.stream] = newest[i]
	}
	return ends, nil
}
