package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
)

// ConservationChecker checks conservation at intervals, by counts and by content, keeps the
// result in the metrics, and logs it where it has changed.
type ConservationChecker struct {
	log        *stream.Log
	projection Projection
	ledger     *ledger.Ledger
	every      time.Duration
	logger     zerolog.Logger
	now        func() time.Time
	metrics    *Metrics

	mu           sync.Mutex
	lastReported string // imbalances that were logged last; "" where all balanced
	content      error  // what rows of the projection differ from the log; nil where none does
}

// NewConservationChecker returns a checker, which counts by the catalogue in force in the
// ledger. Every is the time between two checks; with 0
// it checks only when asked to.
func NewConservationChecker(log *stream.Log, l *ledger.Ledger, projection Projection, every time.Duration, logger zerolog.Logger, now func() time.Time, metrics *Metrics) *ConservationChecker {
	return &ConservationChecker{log: log, projection: projection, ledger: l, every: every, logger: logger, now: now, metrics: metrics}
}

const (
	// checkTimeout is how long one check may take. The first one reads all of the log and all
	// of ClickHouse; one that is cut off goes on where it had come to.
	checkTimeout = 10 * time.Minute
	// firstCheck is how long after the start the first check is made, which nobody waits for: what
	// was received meanwhile goes first.
	firstCheck = 30 * time.Second
	// retryCheck is how soon a check is tried again that could not be made.
	retryCheck = 10 * time.Second
	// silentFailures is how many checks that could not be made in a row nobody is told of: soon
	// after the start the projection may not be ready.
	silentFailures = 2
)

// Run checks until ctx ends.
func (c *ConservationChecker) Run(ctx context.Context) error {
	if c.every <= 0 || c.projection == nil {
		<-ctx.Done()
		return nil
	}
	failures, wait := 0, min(c.every, firstCheck)
	for {
		next := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			next.Stop()
			return nil
		case <-next.C:
		}
		wait = c.every
		found, err := c.Check(ctx)
		switch {
		case err == nil:
			failures = 0
			if !found.Balanced {
				wait = min(wait, retryCheck) // so that what has been mended is not told for long
			}
		case ctx.Err() == nil:
			if failures++; failures == silentFailures+1 {
				c.logger.Warn().Err(err).Msg("conservation cannot be checked; it is tried again")
			}
			wait = min(wait, retryCheck)
		}
	}
}

// Content returns what the last check found to differ between the rows of the projection and
// the log, or nil.
func (c *ConservationChecker) Content(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.content
}

// report writes a result into the metrics, and logs it where it differs from the last
// one.
func (c *ConservationChecker) report(found *Conservation, cure bilingual.Text) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics.conservation.observe(c.ledger.Catalogue(), found)
	text := ""
	if !found.Balanced {
		text = fmt.Sprint(found.Imbalances)
	}
	switch {
	case text == c.lastReported:
	case found.Balanced:
		c.logger.Info().Msg("conservation holds again")
	default:
		c.logger.Error().Stringers("imbalances", stringers(found.Imbalances)).
			Str("what_to_do", cure.EN).Msg("conservation is violated")
	}
	c.lastReported = text
	c.content = nil
	for n, i := range slices.DeleteFunc(slices.Clone(found.Imbalances), func(i event.Imbalance) bool { return !i.IsContent() }) {
		if n == describedImbalances {
			break
		}
		c.content = errors.Join(c.content, bilingual.New(i.Chinese()+"；"+cure.ZH, i.String()+"; "+cure.EN))
	}
}

func stringers(all []event.Imbalance) []fmt.Stringer {
	texts := make([]fmt.Stringer, len(all))
	for i := range all {
		texts[i] = all[i]
	}
	return texts
}

var _ schedule.Job = (*ConservationChecker)(nil)

// Do checks conservation for a run of the job check. What does not balance is the run's
// problem.
func (c *ConservationChecker) Do(ctx context.Context, task *schedule.Task) error {
	found, err := c.Check(ctx)
	if err != nil {
		return fmt.Errorf("check conservation: %w", err)
	}
	task.Run.Catalogue, task.Run.Basis, task.Run.Imbalances = c.ledger.Catalogue().Version(), c.ledger.Basis(), found.Imbalances
	if !found.Balanced {
		return errors.New(describeImbalance(task.Run))
	}
	return nil
}

// Check checks conservation once, and reports the result.
func (c *ConservationChecker) Check(ctx context.Context) (*Conservation, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found, damage := CheckConservation(ctx, c.log, c.projection, c.now())
	if damage == nil {
		damage = comparable(ctx, c.log, c.projection)
	}
	if damage != nil && !c.projection.IsDamage(damage) {
		return nil, damage
	}
	content, err := c.projection.Compare(ctx)
	if err != nil {
		return nil, err
	}
	if damage != nil {
		// What cannot be read cannot be counted. It is among what was compared.
		if !slices.ContainsFunc(content, func(i event.Imbalance) bool { return i.Unreadable != "" }) {
			return nil, damage
		}
		found = &Conservation{CheckedAt: c.now().UTC().Truncate(time.Millisecond), Accounts: []Account{}}
	}
	if len(content) > 0 {
		// What was read of the log for this may have shown that it has lost what ClickHouse has.
		if err := comparable(ctx, c.log, c.projection); err != nil && !c.projection.IsDamage(err) {
			c.mu.Lock()
			c.content = nil
			c.mu.Unlock()
			return nil, err
		}
	}
	found.Imbalances = append(found.Imbalances, content...)
	found.Balanced = len(found.Imbalances) == 0
	cure := bilingual.Text{ZH: "citytally recompute 会按日志修正 ClickHouse", EN: "citytally recompute mends ClickHouse from the log"}
	if !found.Balanced && isBehind(ctx, c.log, c.projection) {
		cure = bilingual.Text{
			ZH: "ClickHouse 的数据已丢失或较旧，由日志重新写入：citytally replay --into clickhouse",
			EN: "ClickHouse's data was lost or is older, and is filled from the log: citytally replay --into clickhouse",
		}
	}
	c.report(found, cure)
	return found, nil
}

// isBehind reports whether the projection is known to lack what it had confirmed, for which there is
// another cure than a recomputation.
func isBehind(ctx context.Context, log *stream.Log, projection Projection) bool {
	shown, err := CheckProjection(ctx, log, projection)
	return err == nil && slices.ContainsFunc(shown, func(d Divergence) bool { return d.Kind == Behind })
}
