package reconcile

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// ConservationChecker checks conservation at intervals, keeps the result in the metrics,
// and logs it where it has changed.
type ConservationChecker struct {
	log        *stream.Log
	projection Projection
	catalogue  *catalogue.Catalogue
	every      time.Duration
	logger     zerolog.Logger
	now        func() time.Time
	metrics    *Metrics

	mu           sync.Mutex
	lastReported string // imbalances that were logged last; "" where all balanced
}

// NewConservationChecker returns a checker. Every is the time between two checks; with 0
// it checks only when asked to.
func NewConservationChecker(log *stream.Log, c *catalogue.Catalogue, projection Projection, every time.Duration, logger zerolog.Logger, now func() time.Time, metrics *Metrics) *ConservationChecker {
	return &ConservationChecker{log: log, projection: projection, catalogue: c, every: every, logger: logger, now: now, metrics: metrics}
}

// How long one check may take.
const checkTimeout = time.Minute

// Run checks until ctx ends.
func (c *ConservationChecker) Run(ctx context.Context) error {
	if c.every <= 0 || c.projection == nil {
		<-ctx.Done()
		return nil
	}
	tick := time.NewTicker(c.every)
	defer tick.Stop()
	for {
		if _, err := c.Check(ctx); err != nil && ctx.Err() == nil {
			c.logger.Debug().Err(err).Msg("conservation not checked")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// report writes a result into the metrics, and logs it where it differs from the last
// one.
func (c *ConservationChecker) report(found *Conservation) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.metrics.conservation.observe(c.catalogue, found)
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
			Str("what_to_do", "run citytally recompute; it brings back what the log holds").Msg("conservation is violated")
	}
	c.lastReported = text
}

func stringers(all []event.Imbalance) []fmt.Stringer {
	texts := make([]fmt.Stringer, len(all))
	for i := range all {
		texts[i] = all[i]
	}
	return texts
}

// Check checks conservation once, and reports the result.
func (c *ConservationChecker) Check(ctx context.Context) (*Conservation, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	found, err := CheckConservation(ctx, c.log, c.projection, c.now())
	if err == nil {
		c.report(found)
	}
	return found, err
}
