package sink

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// countedViews are the views whose rows Counts counts, in the order of the pipeline.
var countedViews = [...]string{
	"submissions", "findings", "observations", "observations_latest", "totals", "totals_latest", "runs", "releases", "areas", "indicators", "datasets",
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
