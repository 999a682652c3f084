package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/internal/load"
	"github.com/citytally/citytally/ingest/stream"
)

// How long totals may take to appear before latency counts as endless.
const latencyLimit = 30 * time.Second

// watch knows which uploads wait for their total.
type watch struct {
	mu    sync.Mutex
	open  map[string]time.Time // by id of the submission: when its upload began
	seen  map[string]time.Time // ids found in totals before their receipt was back
	taken []time.Duration
}

// latency uploads submissions at a steady rate while one reader looks at
// totals_latest all the time.
func (b *benchmark) latency(ctx context.Context, s *session) error {
	options, err := clickhouse.ParseDSN(s.instance.ClickHouse)
	if err != nil {
		return fmt.Errorf("read ClickHouse DSN: %w", err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		return fmt.Errorf("open ClickHouse: %w", err)
	}
	defer conn.Close()
	first, count := b.submissions(), int(float64(b.flags.rate)*b.flags.duration.Seconds())
	var periods, indicators []string
	for n := first; n < first+count; n++ {
		periods = append(periods, b.set.Period(n))
	}
	for d := range load.Datasets {
		indicators = append(indicators, load.Indicator(d, 0))
	}
	slices.Sort(periods)
	periods = slices.Compact(periods)
	w := &watch{open: map[string]time.Time{}, seen: map[string]time.Time{}}
	group, ctx := errgroup.WithContext(ctx)
	uploaded := make(chan struct{})
	group.Go(func() error {
		defer close(uploaded)
		return b.uploadSteadily(ctx, s, w, first, count)
	})
	group.Go(func() error { return w.look(ctx, conn, indicators, periods, count, uploaded) })
	if err := group.Wait(); err != nil {
		return err
	}
	slices.Sort(w.taken)
	b.result.P50, b.result.P99 = percentile(w.taken, 0.5), percentile(w.taken, 0.99)
	b.result.Max = milliseconds(w.taken[len(w.taken)-1])
	b.say("latency    p50 %.0f ms, p99 %.0f ms, max %.0f ms at %d submissions/s", b.result.P50, b.result.P99, b.result.Max, b.flags.rate)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percentile(sorted []time.Duration, p float64) float64 {
	return milliseconds(sorted[min(int(p*float64(len(sorted))), len(sorted)-1)])
}

// uploadSteadily begins an upload at each beat, whether or not earlier ones are
// through.
func (b *benchmark) uploadSteadily(ctx context.Context, s *session, w *watch, first, count int) error {
	beat := time.NewTicker(time.Second / time.Duration(b.flags.rate))
	defer beat.Stop()
	group, ctx := errgroup.WithContext(ctx)
	for n := first; n < first+count; n++ {
		select {
		case <-beat.C:
		case <-ctx.Done():
			return group.Wait()
		}
		group.Go(func() error {
			began := time.Now()
			id, err := b.upload(ctx, s, n)
			if err != nil {
				return err
			}
			w.wait(id, began)
			return nil
		})
	}
	return group.Wait()
}

func (w *watch) wait(id string, began time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if at, ok := w.seen[id]; ok {
		w.taken = append(w.taken, at.Sub(began))
		return
	}
	w.open[id] = began
}

// found notes the submissions that totals show now; it reports how many uploads
// have been seen through.
func (w *watch) found(ids []string, at time.Time) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		if _, ok := w.seen[id]; ok {
			continue
		}
		w.seen[id] = at
		if began, ok := w.open[id]; ok {
			w.taken = append(w.taken, at.Sub(began))
			delete(w.open, id)
		}
	}
	return len(w.taken)
}

const latencyQuery = `SELECT DISTINCT arrayJoin(inputs).submission FROM totals_latest WHERE indicator IN (?) AND period IN (?)`

// look reads the inputs of the latest totals until all uploads are among them.
func (w *watch) look(ctx context.Context, conn clickhouse.Conn, indicators, periods []string, count int, uploaded <-chan struct{}) error {
	var limit <-chan time.Time
	for {
		var ids []string
		rows, err := conn.Query(ctx, latencyQuery, indicators, periods)
		if err != nil {
			return fmt.Errorf("read latest totals: %w", err)
		}
		for rows.Next() {
			var id string
			if err := rows.Scan(&id); err != nil {
				return errors.Join(fmt.Errorf("read latest totals: %w", err), rows.Close())
			}
			ids = append(ids, id)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return fmt.Errorf("read latest totals: %w", err)
		}
		if w.found(ids, time.Now()) == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit:
			return fmt.Errorf("uploads are not in totals_latest after %s", latencyLimit)
		case <-uploaded:
			uploaded, limit = nil, time.After(latencyLimit)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// recompute tallies everything anew.
func (b *benchmark) recompute(ctx context.Context, s *session) error {
	if err := s.settled(ctx); err != nil {
		return err
	}
	run, err := recomputeNow(ctx, s.log, stream.Command{ID: manual + ".bench", Schedule: manual, Trigger: stream.ByManual})
	if err != nil {
		return err
	}
	if run.Problem != "" || run.Changed > 0 || run.ObservationsMissing > 0 {
		return fmt.Errorf("recomputation found %d totals and %d observations amiss: %s", run.Changed, run.ObservationsMissing, run.Problem)
	}
	b.result.Recompute = perSecond(run.Cells, run.FinishedAt.Sub(run.StartedAt))
	b.say("recompute  %9.0f cells/s, %d cells", b.result.Recompute, run.Cells)
	return nil
}
