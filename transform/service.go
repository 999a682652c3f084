package transform

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Transform is the stage: the ledger and its workers. Any number of processes
// may run it.
type Transform struct {
	log        *stream.Log
	catalogue  *catalogue.Catalogue
	projection Projection
	config     Config
	logger     zerolog.Logger
	now        func() time.Time
	ledger     *Ledger
	ready      chan struct{}
	metrics    *Metrics
	tracer     *stream.Tracer
}

// New returns the stage. It reads nothing before Run.
func New(log *stream.Log, c *catalogue.Catalogue, projection Projection, config Config, logger zerolog.Logger, now func() time.Time, options ...Option) (*Transform, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	t := &Transform{
		log: log, catalogue: c, projection: projection, config: config, logger: logger, now: now,
		ledger: NewLedger(c), ready: make(chan struct{}), metrics: NewMetrics(nil),
	}
	for _, option := range options {
		option(t)
	}
	t.metrics.watch(t.ledger)
	return t, nil
}

// Ledger returns the stage's ledger, which Run fills.
func (t *Transform) Ledger() *Ledger { return t.ledger }

// Ready is closed when the ledger has been replayed and the workers begin.
func (t *Transform) Ready() <-chan struct{} { return t.ready }

// Run replays the ledger, then works until ctx ends: it finishes what it began
// and returns nil.
func (t *Transform) Run(ctx context.Context) error {
	// The workers need the ledger to follow while they drain, so it stops last.
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	replayed := make(chan struct{})
	group, working := errgroup.WithContext(ctx)
	followed := make(chan error, 1)
	var follower sync.WaitGroup
	follower.Go(func() {
		followed <- t.log.Follow(following, stream.FollowConfig{Stream: stream.Accepted}, t.apply, func() { close(replayed) })
	})
	group.Go(func() error {
		select {
		case err := <-followed:
			return fmt.Errorf("follow the log: %w", err)
		case <-working.Done():
			return nil
		}
	})
	group.Go(func() error {
		select {
		case <-working.Done():
			return nil
		case <-replayed:
		}
		return t.work(working)
	})
	err := group.Wait()
	stop()
	follower.Wait()
	return err
}

// apply folds a message of ACCEPTED into the ledger. One that cannot be read is
// passed over here; the tally puts it aside in DEAD.
func (t *Transform) apply(d stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil && !event.IsPermanent(err) {
		return fmt.Errorf("read message %d of ACCEPTED: %w", d.Sequence, err)
	}
	if err != nil {
		t.ledger.Skip(d.Sequence, d.Subject, err)
		t.logger.Error().Err(err).Uint64("sequence", d.Sequence).Msg("unreadable message in ACCEPTED")
		return nil
	}
	if err := t.ledger.Apply(d.Sequence, d.Subject, batch); err != nil {
		t.logger.Error().Err(err).Uint64("sequence", d.Sequence).Msg("row left out of the ledger")
	}
	return nil
}

func (t *Transform) work(ctx context.Context) error {
	close(t.ready)
	t.logger.Info().Uint64("accepted", t.ledger.Applied()).Str("catalogue", t.catalogue.Version()).Msg("ledger replayed")
	press := newPress(t.log, t.catalogue, t.now, t.metrics)
	validator := &validator{
		log: t.log, ledger: t.ledger, judge: judge{t.catalogue}, config: t.config, logger: t.logger, now: t.now,
		version: t.catalogue.Version(), metrics: t.metrics, tracer: t.tracer,
	}
	tallier := &tallier{log: t.log, ledger: t.ledger, config: t.config, logger: t.logger, press: press, now: t.now, metrics: t.metrics, tracer: t.tracer}
	recomputer := &recomputer{
		log: t.log, ledger: t.ledger, projection: t.projection, press: press, config: t.config, logger: t.logger, now: t.now, metrics: t.metrics,
	}
	auditor := &auditor{
		log: t.log, projection: t.projection, catalogue: t.catalogue, every: t.config.CheckEvery, logger: t.logger, now: t.now, metrics: t.metrics,
	}
	recomputer.auditor = auditor
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return validator.run(working) })
	group.Go(func() error { return tallier.run(working) })
	group.Go(func() error { return recomputer.run(working) })
	group.Go(func() error { return auditor.run(working) })
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		// A stop may come while a worker is still asking for its consumer.
		return nil
	}
	return err
}
