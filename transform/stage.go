package transform

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/tally"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Stage is the stage: the ledger and its workers. Any number of processes
// may run it.
type Stage struct {
	log        *stream.Log
	catalogue  *catalogue.Catalogue
	projection reconcile.Projection
	config     Config
	logger     zerolog.Logger
	now        func() time.Time
	ledger     *ledger.Ledger
	ready      chan struct{}
	metrics    *Metrics
	tracer     *stream.Tracer
}

// New returns the stage. It reads nothing before Run.
func New(log *stream.Log, c *catalogue.Catalogue, projection reconcile.Projection, config Config, logger zerolog.Logger, now func() time.Time, options ...Option) (*Stage, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	t := &Stage{
		log: log, catalogue: c, projection: projection, config: config, logger: logger, now: now,
		ledger: ledger.New(c), ready: make(chan struct{}), metrics: NewMetrics(nil),
	}
	for _, option := range options {
		option(t)
	}
	t.ledger.RegisterMetrics(t.metrics.registerer)
	return t, nil
}

// Ledger returns the stage's ledger, which Run fills.
func (t *Stage) Ledger() *ledger.Ledger { return t.ledger }

// Ready is closed when the ledger has been replayed and the workers begin.
func (t *Stage) Ready() <-chan struct{} { return t.ready }

// Run replays the ledger, then works until ctx ends: it finishes what it began
// and returns nil.
func (t *Stage) Run(ctx context.Context) error {
	// The workers need the ledger to follow while they drain, so it stops last.
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	replayed := make(chan struct{})
	group, working := errgroup.WithContext(ctx)
	followed := make(chan error, 1)
	var follower sync.WaitGroup
	follower.Go(func() {
		followed <- t.ledger.Follow(following, t.log, t.logger, func() { close(replayed) })
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
		return t.runWorkers(working)
	})
	err := group.Wait()
	stop()
	follower.Wait()
	return err
}

func (t *Stage) runWorkers(ctx context.Context) error {
	close(t.ready)
	t.logger.Info().Uint64("accepted", t.ledger.Basis()).Str("catalogue", t.catalogue.Version()).Msg("ledger replayed")
	publisher := tally.NewPublisher(t.log, t.catalogue, t.now, t.metrics.tally)
	checker := reconcile.NewConservationChecker(t.log, t.catalogue, t.projection, t.config.CheckEvery, t.logger, t.now, t.metrics.reconcile)
	validator := judge.NewValidator(t.log, t.ledger, t.catalogue, judge.Config{Batch: t.config.Batch, AckWait: t.config.AckWait},
		t.logger, t.now, t.metrics.judge, t.tracer)
	worker := tally.NewWorker(t.log, t.ledger, publisher, t.config.AckWait, t.logger, t.now, t.metrics.tally, t.tracer)
	recomputer := reconcile.NewRecomputer(t.log, t.ledger, t.catalogue, t.projection, publisher, checker,
		reconcile.Config{AckWait: t.config.AckWait, SettleFor: t.config.SettleFor}, t.logger, t.now, t.metrics.reconcile)
	group, working := errgroup.WithContext(ctx)
	for _, run := range []func(context.Context) error{validator.Run, worker.Run, recomputer.Run, checker.Run} {
		group.Go(func() error { return run(working) })
	}
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		// A stop may come while a worker is still asking for its consumer.
		return nil
	}
	return err
}
