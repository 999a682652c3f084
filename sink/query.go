package sink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/citytally/citytally/sink/resultset"
)

// ErrReadOnly is returned for a statement that changes something and was only to read.
var ErrReadOnly = errors.New("the statement would change something")

// readSettings let a statement read and change its other settings, and nothing else.
var readSettings = clickhouse.Settings{"readonly": 2}

// Query runs one statement and writes its rows in a format of package resultset: table,
// csv or json. Rows are written as they come. Unless write is set, ClickHouse refuses what
// would change anything.
func (s *Store) Query(ctx context.Context, query string, write bool, w io.Writer, format string) error {
	out, err := resultset.NewWriter(w, format)
	if err != nil {
		return err
	}
	if !write {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(readSettings))
	}
	rows, err := s.conn.Query(ctx, query)
	if errors.Is(err, io.EOF) {
		return nil // the statement has no answer, as with ALTER
	}
	if err == nil {
		defer rows.Close()
		err = out.Write(rows)
	}
	switch {
	case err != nil && !write && hasCode(err, codeReadonly):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case err != nil:
		return fmt.Errorf("query ClickHouse: %w", err)
	}
	return nil
}

// countedViews are the views whose rows Counts counts, in the order of the pipeline.
var countedViews = [...]string{
	"submissions", "findings", "observations", "observations_latest", "entities", "totals", "totals_latest", "runs", "releases", "areas", "indicators", "datasets",
}

// Counts returns how many rows each view has.
func (s *Store) Counts(ctx context.Context) (map[string]uint64, error) {
	parts := make([]string, len(countedViews))
	for i, view := range countedViews {
		parts[i] = fmt.Sprintf("SELECT '%s' AS view, count() AS rows FROM %s", view, view)
	}
	rows, err := s.conn.Query(ctx, strings.Join(parts, " UNION ALL "))
	if err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	defer rows.Close()
	counts := make(map[string]uint64, len(countedViews))
	for rows.Next() {
		var view string
		var n uint64
		if err := rows.Scan(&view, &n); err != nil {
			return nil, fmt.Errorf("count rows: %w", err)
		}
		counts[view] = n
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return counts, nil
}

// LastComputed returns when the newest total was computed; the zero time when there is no
// total.
func (s *Store) LastComputed(ctx context.Context) (time.Time, error) {
	var at time.Time
	var n uint64
	if err := s.conn.QueryRow(ctx, "SELECT max(computed_at), count() FROM totals_data").Scan(&at, &n); err != nil {
		return time.Time{}, fmt.Errorf("read when totals were computed: %w", err)
	}
	if n == 0 {
		return time.Time{}, nil
	}
	return at, nil
}
