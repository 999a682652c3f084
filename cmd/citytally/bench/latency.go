package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
)

// latencyLimit is how long after the last upload totals may take to appear.
const latencyLimit = 30 * time.Second

// uploads keeps track of uploads until their totals are visible.
type uploads struct {
	mu      sync.Mutex
	cells   map[cell]int         // totals to appear, with the number of uploads that change them
	pending map[string]upload    // uploads with a receipt and without a total, by submission id
	seen    map[string]time.Time // when each submission was first seen in a total
	taken   []time.Duration
}

// cell is a total that an upload changes.
type cell struct{ indicator, period string }

// upload is an upload that has its receipt: the total that it changes, and when it
// began.
type upload struct {
	cell  cell
	began time.Time
}

// latency measures the time from the start of an upload until its total is visible,
// with uploads at a steady rate and one reader of totals_latest.
func (b *benchmark) latency(ctx context.Context, s *session) error {
	taken, err := b.measureLatency(ctx, s, b.submissions())
	if err != nil {
		return err
	}
	b.result.P50, b.result.P99 = percentile(taken, 0.5), percentile(taken, 0.99)
	b.result.Max = milliseconds(taken[len(taken)-1])
	b.printf("latency    p50 %.0f ms, p99 %.0f ms, max %.0f ms at %d submissions/s", b.result.P50, b.result.P99, b.result.Max, b.config.Rate)
	return nil
}

// uploadsMeasured is how many uploads one measurement of latency takes.
func (b *benchmark) uploadsMeasured() int {
	return int(float64(b.config.Rate) * b.config.Duration.Seconds())
}

// measureLatency uploads submissions from the first on and returns how long each took, sorted.
func (b *benchmark) measureLatency(ctx context.Context, s *session, first int) ([]time.Duration, error) {
	conn, err := b.openClickHouse(s)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	count := b.uploadsMeasured()
	u := &uploads{cells: map[cell]int{}, pending: map[string]upload{}, seen: map[string]time.Time{}}
	group, ctx := errgroup.WithContext(ctx)
	uploaded := make(chan struct{})
	group.Go(func() error {
		defer close(uploaded)
		return b.uploadSteadily(ctx, s, u, first, count)
	})
	group.Go(func() error { return u.watchTotals(ctx, conn, s.Log, count, uploaded) })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	slices.Sort(u.taken)
	return u.taken, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percentile(sorted []time.Duration, p float64) float64 {
	return milliseconds(sorted[min(int(p*float64(len(sorted))), len(sorted)-1)])
}

// uploadSteadily begins an upload at each tick, whether or not earlier ones have
// their totals.
func (b *benchmark) uploadSteadily(ctx context.Context, s *session, u *uploads, first, count int) error {
	tick := time.NewTicker(time.Second / time.Duration(b.config.Rate))
	defer tick.Stop()
	group, ctx := errgroup.WithContext(ctx)
	for n := first; n < first+count; n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return group.Wait()
		}
		group.Go(func() error {
			cell := b.cellOf(n)
			u.expect(cell)
			began := time.Now()
			id, err := b.upload(ctx, s, n)
			if err != nil {
				return err
			}
			u.await(id, upload{cell, began})
			return nil
		})
	}
	return group.Wait()
}

func (b *benchmark) cellOf(n int) cell {
	first := b.set.Submission(n).Observations[0]
	return cell{first.Indicator, first.Period}
}

func (u *uploads) expect(c cell) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.cells[c]++
}

// await notes an upload that has its receipt.
func (u *uploads) await(id string, one upload) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, ok := u.seen[id]; ok {
		u.complete(one, at)
		return
	}
	u.pending[id] = one
}

func (u *uploads) complete(one upload, at time.Time) {
	u.taken = append(u.taken, at.Sub(one.began))
	if u.cells[one.cell]--; u.cells[one.cell] == 0 {
		delete(u.cells, one.cell)
	}
}

// visible returns how many uploads have their total.
func (u *uploads) visible() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.taken)
}

// markSeen notes the submissions that totals show at a time.
func (u *uploads) markSeen(ids []string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, id := range ids {
		if _, ok := u.seen[id]; ok {
			continue
		}
		u.seen[id] = at
		if one, ok := u.pending[id]; ok {
			u.complete(one, at)
			delete(u.pending, id)
		}
	}
}

// expected returns the indicators and periods of the totals that are to appear.
func (u *uploads) expected() (indicators, periods []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for c := range u.cells {
		indicators, periods = append(indicators, c.indicator), append(periods, c.period)
	}
	slices.Sort(indicators)
	slices.Sort(periods)
	return slices.Compact(indicators), slices.Compact(periods)
}

const latencyQuery = `SELECT groupUniqArrayArray(inputs.submission) FROM totals_latest WHERE indicator IN (?) AND period IN (?)`

// read returns the ids of the submissions that the expected totals follow from.
func (u *uploads) read(ctx context.Context, conn driver.Conn) (ids []string, err error) {
	indicators, periods := u.expected()
	if len(indicators) == 0 {
		return nil, nil
	}
	if err := conn.QueryRow(ctx, latencyQuery, indicators, periods).Scan(&ids); err != nil {
		return nil, fmt.Errorf("read latest totals: %w", err)
	}
	return ids, nil
}

// pollInterval is the time between two questions whether totals were stored.
const pollInterval = 2 * time.Millisecond

// watchTotals reads the latest totals until they follow from all uploads. It reads
// only the totals that uploads change, and only after the sink has acknowledged
// something: a reader without pauses would take a processor from what it measures. A
// total counts as visible when the reader has its answer.
func (u *uploads) watchTotals(ctx context.Context, conn driver.Conn, log *stream.Log, count int, uploaded <-chan struct{}) error {
	var limit <-chan time.Time
	var looked uint64
	for u.visible() < count {
		position, err := log.Position(ctx, stream.Totals, sink.TotalsConsumer)
		if err != nil {
			return fmt.Errorf("ask whether totals were stored: %w", err)
		}
		if position.AckFloor > looked {
			looked = position.AckFloor
			ids, err := u.read(ctx, conn)
			if err != nil {
				return err
			}
			u.markSeen(ids, time.Now())
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit:
			return fmt.Errorf("uploads are not in totals_latest after %s", latencyLimit)
		case <-uploaded:
			uploaded, limit = nil, time.After(latencyLimit)
		case <-time.After(pollInterval):
		}
	}
	return nil
}
