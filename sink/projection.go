package sink

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink/digest"
	"github.com/citytally/citytally/transform/reconcile"
)

// Projection is the store together with the log that fills it, for recomputation, which
// compares the two.
type Projection struct {
	*Store
	Log *stream.Log

	begin    sync.Once
	comparer *digest.Comparer
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

// comparedColumns are those of totals_latest by which totals are held against the log.
const comparedColumns = `indicator, period, value, unit, toString(stage), status, qualifier, change, change_kind, change_absolute,
	change_reason, expected, missing, publishable, flags, change_qualifier, change_areas, carried,
	held, held_areas, value_with_held, change_with_held, basis, catalogue`

// Years returns the years of whose periods totals are stored, each with a digest of the latest
// totals.
func (s *Store) Years(ctx context.Context) (map[int]uint64, error) {
	rows, err := s.conn.Query(ctx, `SELECT year, sum(sipHash64(toString(tuple(`+comparedColumns+`)))) FROM totals_latest GROUP BY year`)
	if err != nil {
		return nil, failure("read years of totals", err)
	}
	defer rows.Close()
	years := map[int]uint64{}
	for rows.Next() {
		var year uint16
		var digest uint64
		if err := rows.Scan(&year, &digest); err != nil {
			return nil, failure("read years of totals", err)
		}
		years[int(year)] = digest
	}
	if err := rows.Err(); err != nil {
		return nil, failure("read years of totals", err)
	}
	return years, nil
}

// LatestTotals returns the latest city totals of a year's periods, without their inputs; "" is
// every indicator. Figures have no trailing zeros.
func (s *Store) LatestTotals(ctx context.Context, year int, indicator string) (map[reconcile.TotalKey]reconcile.ShownTotal, error) {
	rows, err := s.conn.Query(ctx, `SELECT `+comparedColumns+`
		FROM totals_latest WHERE year = ? AND (? = '' OR indicator = ?)`, year, indicator, indicator)
	if err != nil {
		return nil, failure("read latest totals", err)
	}
	defer rows.Close()
	totals := map[reconcile.TotalKey]reconcile.ShownTotal{}
	for rows.Next() {
		var key reconcile.TotalKey
		var t reconcile.ShownTotal
		var value, change, absolute, withHeld, changeWithHeld *decimal.Decimal
		var expected uint32
		var held event.TotalWithHeld
		if err := rows.Scan(&key.Indicator, &key.Period, &value, &t.Unit, &t.Stage, &t.Status, &t.Qualifier, &change, &t.ChangeKind,
			&absolute, &t.ChangeReason, &expected, &t.Missing, &t.Publishable, &t.Flags,
			&t.ChangeQualifier, &t.ChangeAreas, &t.Carried, &held.Holds, &held.Areas, &withHeld, &changeWithHeld, &t.Basis, &t.Catalogue); err != nil {
			return nil, failure("read latest totals", err)
		}
		t.Indicator, t.Expected = key.Indicator, int(expected)
		t.Value, t.Change, t.ChangeAbsolute = figureText(value), figureText(change), figureText(absolute)
		t.ChangeAreas, t.Carried = nilIfEmpty(t.ChangeAreas), nilIfEmpty(t.Carried)
		t.Held = heldOf(held, withHeld, changeWithHeld)
		totals[key] = t
	}
	if err := rows.Err(); err != nil {
		return nil, failure("read latest totals", err)
	}
	return totals, nil
}

// heldOf returns what a total would be with the figures that are held; nil where none is.
func heldOf(held event.TotalWithHeld, value, change *decimal.Decimal) *event.TotalWithHeld {
	if len(held.Holds) == 0 {
		return nil
	}
	held.Value, held.Change = figureText(value), figureText(change)
	return &held
}

// figureText writes a figure without trailing zeros; nil is "".
func figureText(d *decimal.Decimal) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// newestQuery reads, for each stream in the order of endStreams, the newest message that has
// rows, and the names of the releases that are shown, and then the newest submission that is shown.
const newestQuery = `SELECT
	(SELECT greatest((SELECT max(accepted_sequence) FROM observations_data), (SELECT maxIf(accepted_sequence, event = 'held') FROM holds_data))), (SELECT max(verdict_sequence) FROM submissions_data),
	(SELECT max(sequence) FROM totals_data), (SELECT max(sequence) FROM releases_data), (SELECT groupUniqArray(name) FROM releases_data)`

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
	err := p.conn.QueryRow(ctx, newestQuery).Scan(&newest[0], &newest[1], &newest[2], &newest[3], &ends.Releases)
	if err == nil {
		err = p.conn.QueryRow(ctx, `SELECT max(sequence), argMax(id, sequence), argMax(area, sequence), argMax(dataset, sequence), argMax(received_at, sequence) FROM submissions_data`).
			Scan(&ends.Submission.Sequence, &ends.Submission.ID, &ends.Submission.Area, &ends.Submission.Dataset, &ends.Submission.ReceivedAt)
	}
	if err != nil && !hasCode(err, codeUnknownTable, codeUnknownDatabase) {
		return nil, failure("read what the newest rows are", err)
	}
	for i, e := range endStreams {
		ends.Newest[e.stream] = newest[i]
	}
	return ends, nil
}
