package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
)

// latencyLimit is how long totals may take to appear.
const latencyLimit = 30 * time.Second

// uploads knows which uploads wait for their total.
type uploads struct {
	mu      sync.Mutex
	cells   map[cell]int         // where totals are to appear, and of how many uploads
	pending map[string]upload    // by id of the submission
	seen    map[string]time.Time // ids found in totals before their receipt was back
	taken   []time.Duration
}

// cell is a total that an upload changes.
type cell struct{ indicator, period string }

// upload is one that has its receipt: where its total is to appear, and when it
// began.
type upload struct {
	cell  cell
	began time.Time
}

// latency uploads submissions at a steady rate while one reader looks at
// totals_latest, each time more of the totals is stored.
func (b *benchmark) latency(ctx context.Context, s *session) error {
	conn, err := s.openClickHouse()
	if err != nil {
		return err
	}
	defer conn.Close()
	first, count := b.submissions(), int(float64(b.config.Rate)*b.config.Duration.Seconds())
	u := &uploads{cells: map[cell]int{}, pending: map[string]upload{}, seen: map[string]time.Time{}}
	group, ctx := errgroup.WithContext(ctx)
	uploaded := make(chan struct{})
	group.Go(func() error {
		defer close(uploaded)
		return b.uploadSteadily(ctx, s, u, first, count)
	})
	group.Go(func() error { return u.look(ctx, conn, s.Log, count, uploaded) })
	if err := group.Wait(); err != nil {
		return err
	}
	slices.Sort(u.taken)
	b.result.P50, b.result.P99 = percentile(u.taken, 0.5), percentile(u.taken, 0.99)
	b.result.Max = milliseconds(u.taken[len(u.taken)-1])
	b.say("latency    p50 %.0f ms, p99 %.0f ms, max %.0f ms at %d submissions/s", b.result.P50, b.result.P99, b.result.Max, b.config.Rate)
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func percentile(sorted []time.Duration, p float64) float64 {
	return milliseconds(sorted[min(int(p*float64(len(sorted))), len(sorted)-1)])
}

// uploadSteadily begins an upload at each beat, whether or not earlier ones are
// through.
func (b *benchmark) uploadSteadily(ctx context.Context, s *session, u *uploads, first, count int) error {
	beat := time.NewTicker(time.Second / time.Duration(b.config.Rate))
	defer beat.Stop()
	group, ctx := errgroup.WithContext(ctx)
	for n := first; n < first+count; n++ {
		select {
		case <-beat.C:
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
			u.wait(id, upload{cell, began})
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

func (u *uploads) wait(id string, one upload) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if at, ok := u.seen[id]; ok {
		u.through(one, at)
		return
	}
	u.pending[id] = one
}

func (u *uploads) through(one upload, at time.Time) {
	u.taken = append(u.taken, at.Sub(one.began))
	if u.cells[one.cell]--; u.cells[one.cell] == 0 {
		delete(u.cells, one.cell)
	}
}

// seenThrough returns how many uploads have their total.
func (u *uploads) seenThrough() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.taken)
}

// found notes the submissions that totals show now.
func (u *uploads) found(ids []string, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, id := range ids {
		if _, ok := u.seen[id]; ok {
			continue
		}
		u.seen[id] = at
		if one, ok := u.pending[id]; ok {
			u.through(one, at)
			delete(u.pending, id)
		}
	}
}

// expected returns the indicators and periods in which totals are to appear.
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

// read returns the submissions that the expected totals show as their parts.
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

// How often the reader asks whether there is anything new to look at.
const lookEvery = 2 * time.Millisecond

// look reads the latest totals until all uploads are among their parts. It reads
// when the sink has acknowledged something since the last time, and only what an
// upload waits for: a reader that never rests would take a processor from what it
// times. What counts is when the answer has come.
func (u *uploads) look(ctx context.Context, conn driver.Conn, log *stream.Log, count int, uploaded <-chan struct{}) error {
	var limit <-chan time.Time
	var looked uint64
	for u.seenThrough() < count {
		position, err := log.Position(ctx, stream.Totals, sink.TotalsConsumer)
		if err != nil {
			return fmt.Errorf("look whether totals were stored: %w", err)
		}
		if position.AckFloor > looked {
			looked = position.AckFloor
			ids, err := u.read(ctx, conn)
			if err != nil {
				return err
			}
			u.found(ids, time.Now())
			continue
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-limit:
			return fmt.Errorf("uploads are not in totals_latest after %s", latencyLimit)
		case <-uploaded:
			uploaded, limit = nil, time.After(latencyLimit)
		case <-time.After(lookEvery):
		}
	}
	return nil
}

// recompute tallies everything anew.
func (b *benchmark) recompute(ctx context.Context, s *session) error {
	if err := s.settled(ctx); err != nil {
		return err
	}
	run, err := client.Recompute(ctx, s.Log, event.Command{})
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
