package sink

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	held, held_areas, value_with_held, change_with_held, qualifier_with_held, change_qualifier_with_held, basis, catalogue`

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
			&t.ChangeQualifier, &t.ChangeAreas, &t.Carried, &held.Holds, &held.Areas, &withHeld, &changeWithHeld, &held.Qualifier, &held.ChangeQualifier, &t.Basis, &t.Catalogue); err != nil {
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

// newestRows are what is read of each table that is filled from the log: the newest message that has
// rows, by its stream.
var newestRows = []struct{ table, stream, newest string }{
	{"observations_data", stream.Accepted, "max(accepted_sequence)"},
	{"holds_data", stream.Accepted, "maxIf(accepted_sequence, event = 'held')"},
	{"submissions_data", stream.Verdicts, "max(verdict_sequence)"},
	{"totals_data", stream.Totals, "max(sequence)"},
	{"releases_data", stream.Releases, "max(sequence)"},
}

// endStreams are the streams whose messages become rows, with the consumers that move them.
var endStreams = [...]struct{ stream, consumer string }{
	{stream.Accepted, AcceptedConsumer}, {stream.Verdicts, VerdictsConsumer}, {stream.Totals, TotalsConsumer}, {stream.Releases, ReleasesConsumer},
}

// Ends says up to where the store shows the log. A store without tables shows none of it; where one of
// the tables is missing, it says nothing of what that may have shown.
func (p *Projection) Ends(ctx context.Context) (*reconcile.Ends, error) {
	ends := &reconcile.Ends{Newest: map[string]uint64{}, Acknowledged: map[string]uint64{}}
	for _, e := range endStreams {
		position, err := p.Log.Position(ctx, e.stream, e.consumer)
		if err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return nil, err
		}
		ends.Newest[e.stream], ends.Acknowledged[e.stream] = 0, position.AckFloor
	}
	tables, err := p.existing(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.readEnds(ctx, tables, ends); err != nil {
		return nil, failure("read what the newest rows are", err)
	}
	return ends, nil
}

// readEnds reads the newest rows of the tables that there are.
func (s *Store) readEnds(ctx context.Context, tables []string, ends *reconcile.Ends) error {
	for _, of := range newestRows {
		if !slices.Contains(tables, of.table) {
			if len(tables) > 0 { // the others say that this one is missing
				ends.Partial = append(ends.Partial, of.stream)
			}
			continue
		}
		var newest uint64
		if err := s.conn.QueryRow(ctx, "SELECT "+of.newest+" FROM "+of.table).Scan(&newest); err != nil {
			return err
		}
		ends.Newest[of.stream] = max(ends.Newest[of.stream], newest)
	}
	if slices.Contains(tables, "releases_data") {
		if err := s.conn.QueryRow(ctx, "SELECT groupUniqArray(name) FROM releases_data").Scan(&ends.Releases); err != nil {
			return err
		}
	}
	if !slices.Contains(tables, "submissions_data") {
		return nil
	}
	return s.conn.QueryRow(ctx, `SELECT max(sequence), argMax(id, sequence), argMax(area, sequence), argMax(dataset, sequence), argMax(received_at, sequence) FROM submissions_data`).
		Scan(&ends.Submission.Sequence, &ends.Submission.ID, &ends.Submission.Area, &ends.Submission.Dataset, &ends.Submission.ReceivedAt)
}
