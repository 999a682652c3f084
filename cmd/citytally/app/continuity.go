package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/singleflight"

	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// continuityInterval is how often the log is compared with itself and with ClickHouse.
const continuityInterval = 10 * time.Second

// firstInterval is how soon a comparison is tried again that has never succeeded.
const firstInterval = 500 * time.Millisecond

// rememberTimeout is how long a stop waits for ClickHouse to remember up to where the streams go.
const rememberTimeout = time.Second

// continuity compares the log with itself and with ClickHouse while the pipeline runs, and
// holds back the stages that would do harm where the two diverge.
type continuity struct {
	log        *stream.Log
	projection reconcile.Projection // nil where this process has no store
	prepared   <-chan struct{}      // closed when the projection can be asked
	logger     zerolog.Logger
	// lostFiles returns the streams of which files were removed; nil where the broker is another process's.
	lostFiles func() ([]string, error)

	mu         sync.Mutex
	streams    comparison    // of the streams with each other
	shown      comparison    // of the log with the projection
	reconnects uint64        // of the broker, before the last comparison
	tried      *uint64       // the same before the streams were last to be compared; nil before the first time
	next       chan struct{} // closed at the next result

	once singleflight.Group // of comparing the streams
}

// comparison is the result of comparing; done says whether there is one.
type comparison struct {
	done  bool
	found []reconcile.Divergence
	// damage is why the last comparison could not be made, where ClickHouse cannot read what it
	// has stored; what failed otherwise tells so itself.
	damage error
}

func newContinuity(log *stream.Log, projection reconcile.Projection, prepared <-chan struct{}, logger zerolog.Logger) *continuity {
	return &continuity{log: log, projection: projection, prepared: prepared, logger: logger, next: make(chan struct{})}
}

// run compares until ctx ends: at once, when ClickHouse is prepared, and at intervals.
// Stages wait for the first results, so what fails before them is tried again soon.
func (c *continuity) run(ctx context.Context) error {
	prepared := c.prepared
	for {
		if c.canAskProjection() {
			prepared = nil // this comparison asks it
		}
		c.compare(ctx)
		interval := continuityInterval
		if !c.isComplete() {
			interval = firstInterval
		}
		next := time.NewTimer(interval)
		select {
		case <-ctx.Done():
			next.Stop()
			ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), rememberTimeout)
			defer cancel()
			c.remember(ending)
			return nil
		case <-prepared:
			prepared = nil
		case <-c.log.Missed():
		case <-next.C:
		}
		next.Stop()
	}
}

// isComplete reports whether everything that can be compared has been once.
func (c *continuity) isComplete() bool {
	canAsk := c.canAskProjection()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams.done && (c.shown.done || !canAsk)
}

// compare compares once and keeps the results. A comparison that fails leaves the last one:
// the parts that do not answer tell so themselves.
func (c *continuity) compare(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, continuityInterval)
	defer cancel()
	reconnects, err := c.compareStreams(ctx)
	if err != nil {
		return
	}
	if c.canAskProjection() {
		shown, err := reconcile.CheckProjection(ctx, c.log, c.projection)
		if err != nil {
			c.logger.Debug().Err(err).Msg("the log was not compared with ClickHouse")
			if c.projection.IsDamage(err) {
				if !c.isComplete() { // the sink waits for this comparison, and a recomputation for the sink
					_, err = c.projection.PutAside(ctx)
				}
				if err == nil {
					return
				}
				c.mu.Lock()
				defer c.mu.Unlock()
				c.shown.damage = &bilingual.Error{Text: bilingual.Text{
					ZH: fmt.Sprintf("ClickHouse 无法读取其存储的内容：%s；citytally recompute 会移开损坏的部分，并由日志补齐", err),
					EN: fmt.Sprintf("ClickHouse cannot read what it has stored: %s; citytally recompute puts the damaged part aside and fills in from the log what it held", err),
				}, Err: err}
			}
			return
		}
		c.keep(&c.shown, shown)
		c.remember(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reconnects = reconnects
}

// remember has ClickHouse remember the log while nothing diverges. What fails is left to the next time.
func (c *continuity) remember(ctx context.Context) {
	if c.count() > 0 || !c.isComplete() || !c.canAskProjection() {
		return
	}
	if err := reconcile.Remember(ctx, c.log, c.projection, time.Now()); err != nil && ctx.Err() == nil {
		c.logger.Debug().Err(err).Msg("ClickHouse does not remember up to where the streams go")
	}
}

// compareStreams compares the streams with each other, keeps the result, and returns how often the broker
// had been away before.
func (c *continuity) compareStreams(ctx context.Context) (reconnects uint64, err error) {
	reconnects = c.log.Reconnects()
	found, err := reconcile.CheckLog(ctx, c.log)
	if err == nil && c.lostFiles != nil {
		var names []string
		names, err = c.lostFiles()
		for _, name := range names {
			found = append(found, reconcile.Divergence{Kind: reconcile.FilesGone, Stream: name})
		}
	}
	if err != nil {
		c.logger.Debug().Err(err).Msg("the streams were not compared")
	} else {
		c.keep(&c.streams, found)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tried = &reconnects
	return reconnects, err
}

// keep keeps the result of one comparison, and logs what is new in it and what is over.
func (c *continuity) keep(kept *comparison, found []reconcile.Divergence) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range found {
		if d := &found[i]; !slices.Contains(kept.found, *d) {
			c.logger.Error().Str("stream", d.Stream).Str("kind", string(d.Kind)).Msg(d.String())
		}
	}
	if len(found) == 0 && len(kept.found) > 0 {
		c.logger.Info().Msg("the log and what was made from it go together again")
	}
	*kept = comparison{done: true, found: found}
	close(c.next)
	c.next = make(chan struct{})
}

func (c *continuity) canAskProjection() bool {
	if c.projection == nil {
		return false
	}
	select {
	case <-c.prepared:
		return true
	default:
		return false
	}
}

// standing returns the error that the divergences which pick selects stand for, or nil.
func (c *continuity) standing(pick func(*reconcile.Divergence) bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, found := range [][]reconcile.Divergence{c.streams.found, c.shown.found} {
		for i := range found {
			// Both comparisons may find the same.
			if reason := found[i].Reason(); pick(&found[i]) && !slices.ContainsFunc(errs, func(err error) bool { return err.Error() == reason.Error() }) {
				errs = append(errs, reason)
			}
		}
	}
	return errors.Join(errs...)
}

// ready is the readiness of the log as a whole.
func (c *continuity) ready(context.Context) error {
	standing := c.standing(func(*reconcile.Divergence) bool { return true })
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(standing, c.shown.damage)
}

// count returns how many divergences stand.
func (c *continuity) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.streams.found) + len(c.shown.found)
}

// storable returns why rows must not be stored now, or nil. After the broker was away the
// log is compared first, for it may have come back as another one.
func (c *continuity) storable(ctx context.Context) error {
	c.mu.Lock()
	stale := c.log.Reconnects() != c.reconnects
	c.mu.Unlock()
	if stale {
		c.compare(ctx)
	}
	return c.standing((*reconcile.Divergence).StopsSink)
}

// errComparing says that the log has not been compared yet since the broker came.
var errComparing = bilingual.New("正在核对日志与由其得出的内容，请稍后重试", "the log is being compared with what was made from it; try again in a second")

// intakePatience is how long what comes in waits for a comparison, which takes milliseconds.
const intakePatience = 3 * time.Second

// intakeHeld returns why nothing may be taken in now, or nil. After the broker was away the streams are
// compared first; where that cannot be done, what was found before counts.
func (c *continuity) intakeHeld(ctx context.Context) *stream.HeldError {
	if c.isStale() && c.log.Connected() {
		// Those who ask meanwhile wait for the same comparison, which goes on when one of them leaves.
		compared := c.once.DoChan("", func() (any, error) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), continuityInterval)
			defer cancel()
			return c.compareStreams(ctx)
		})
		patience := time.NewTimer(intakePatience)
		defer patience.Stop()
		select {
		case <-compared:
		case <-patience.C:
		case <-ctx.Done():
		}
	}
	if c.isStale() {
		return &stream.HeldError{Why: errComparing}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return reconcile.Held(slices.Concat(c.streams.found, c.shown.found))
}

// isStale reports whether the broker is away, or was since the streams were last to be compared.
func (c *continuity) isStale() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tried == nil || !c.log.Connected() || *c.tried != c.log.Reconnects()
}

// beforeTransform returns work that begins once the streams have been compared and nothing
// speaks against judging.
func (c *continuity) beforeTransform(work func(context.Context) error) func(context.Context) error {
	return c.before(work, &c.streams, (*reconcile.Divergence).StopsTransform)
}

// beforeSink returns work that begins once the log has been compared with the projection and
// nothing speaks against storing rows.
func (c *continuity) beforeSink(work func(context.Context) error) func(context.Context) error {
	return c.before(work, &c.shown, (*reconcile.Divergence).StopsSink)
}

func (c *continuity) before(work func(context.Context) error, of *comparison, stops func(*reconcile.Divergence) bool) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			c.mu.Lock()
			next, done := c.next, of.done
			c.mu.Unlock()
			if done && c.standing(stops) == nil {
				return work(ctx)
			}
			select {
			case <-ctx.Done():
				return nil
			case <-next:
			}
		}
	}
}
