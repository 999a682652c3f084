package sink

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// Remembered returns which log the tables were filled from, and up to where its streams went when that
// was looked at last; no log where that never was.
func (s *Store) Remembered(ctx context.Context) (reconcile.Remembered, error) {
	known := reconcile.Remembered{Ends: map[string]reconcile.SeenEnd{}}
	rows, err := s.conn.Query(ctx, "SELECT stream, log, generation, last, seen_at FROM log_data FINAL")
	if isNotThere(err) {
		return known, nil // as what it is, a missing table is told elsewhere
	}
	if err != nil {
		return known, failure("read which log the tables are of", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var log stream.Identity
		var end reconcile.SeenEnd
		if err := rows.Scan(&name, &log.ID, &log.Generation, &end.Last, &end.At); err != nil {
			return known, failure("read which log the tables are of", err)
		}
		known.Log = log // all rows are of one log
		known.Ends[name] = end
	}
	if err := rows.Err(); err != nil {
		return known, failure("read which log the tables are of", err)
	}
	return known, nil
}

// Remember stores which log the tables are filled from, and up to where its streams go.
func (s *Store) Remember(ctx context.Context, of reconcile.Remembered) error {
	var names, logs []string
	var generations, lasts []uint64
	var at []time.Time
	for name, end := range of.Ends {
		names, lasts, at = append(names, name), append(lasts, end.Last), append(at, end.At)
	}
	logs, generations = slices.Repeat([]string{of.Log.ID}, len(names)), slices.Repeat([]uint64{of.Log.Generation}, len(names))
	err := s.insert(ctx, "log_data", []column{{"stream", names}, {"log", logs}, {"generation", generations}, {"last", lasts}, {"seen_at", at}})
	if err != nil {
		return fmt.Errorf("store which log the tables are of: %w", err)
	}
	return nil
}
