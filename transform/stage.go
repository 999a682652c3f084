package transform

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/closing"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/ledger/snapshot"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/remind"
	"github.com/citytally/citytally/transform/respond"
	"github.com/citytally/citytally/transform/rules"
	"github.com/citytally/citytally/transform/schedule"
	"github.com/citytally/citytally/transform/tally"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Stage is the transform stage of one process: a ledger and the workers that read
// it. Any number of processes may run it at the same time.
type Stage struct {
	log        *stream.Log
	rules      *rules.Set
	projection reconcile.Projection
	config     Config
	logger     zerolog.Logger
	now        func() time.Time
	ledger     *ledger.Ledger
	snapshots  *snapshot.Store
	keeper     *snapshot.Keeper // nil where no snapshots are kept
	checker    *reconcile.ConservationChecker
	ready      chan struct{}
	metrics    *Metrics
	tracer     *stream.Tracer
	calendar   *remind.Source // nil does nothing by it
	reminders  remind.Config
	jobs       map[string]schedule.Job
	scorer     respond.Scorer
}

// New returns the stage. The catalogue is in force from the log's beginning on, until the log
// puts another one in force. Nothing is read or written before Run.
func New(log *stream.Log, c *catalogue.Catalogue, projection reconcile.Projection, config Config, logger zerolog.Logger, now func() time.Time, options ...Option) (*Stage, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	s := &Stage{
		log: log, projection: projection, config: config, logger: logger, now: now,
		ledger: ledger.New(c), ready: make(chan struct{}), metrics: NewMetrics(nil), jobs: map[string]schedule.Job{},
	}
	for _, option := range options {
		option(s)
	}
	s.ledger.RegisterMetrics(s.metrics.registerer)
	if s.snapshots != nil {
		s.keeper = snapshot.NewKeeper(s.snapshots, log, s.ledger, logger, s.metrics.registerer)
	}
	s.checker = reconcile.NewConservationChecker(log, s.ledger, projection, config.CheckEvery, logger, now, s.metrics.reconcile)
	return s, nil
}

// Ledger returns the stage's ledger, which Run fills.
func (s *Stage) Ledger() *ledger.Ledger { return s.ledger }

// Ready returns a channel that is closed when the ledger has been replayed, the workers have
// begun, and questions are answered.
func (s *Stage) Ready() <-chan struct{} { return s.ready }

// Content returns what the last check found to differ between the rows of the projection and
// the log, or nil.
func (s *Stage) Content(ctx context.Context) error { return s.checker.Content(ctx) }

// Run fills the ledger, from its newest snapshot and the log behind that, and then runs the workers until ctx ends. The workers
// finish the batches they have begun, and Run returns nil.
func (s *Stage) Run(ctx context.Context) error {
	// Workers that finish a batch wait for the ledger to follow, so it stops last.
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	replayed := make(chan struct{})
	group, working := errgroup.WithContext(ctx)
	followed := make(chan error, 1)
	var follower sync.WaitGroup
	follower.Go(func() {
		followed <- s.follow(following, func() { close(replayed) })
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
		if !s.awaitWhole(working) {
			return nil
		}
		return s.runWorkers(working)
	})
	err := group.Wait()
	stop()
	follower.Wait()
	if s.keeper != nil {
		s.keeper.Stop(ctx)
	}
	return err
}

// follow has the ledger follow the log, from its newest snapshot on where there is one.
func (s *Stage) follow(ctx context.Context, caughtUp func()) error {
	if s.keeper != nil {
		if err := s.keeper.Load(ctx); err != nil {
			return err
		}
	}
	return s.ledger.Follow(ctx, s.log, s.logger, caughtUp)
}

// wholeCheck is how often a stage whose ledger lacks messages looks whether somebody has decided.
const wholeCheck = time.Second

// awaitWhole waits while ACCEPTED has messages that could not be read into the ledger: nothing is
// judged and totalled without them, until they were brought back or somebody has accepted the loss.
// It reports false when ctx ends.
func (s *Stage) awaitWhole(ctx context.Context) bool {
	tick := time.NewTicker(wholeCheck)
	defer tick.Stop()
	for {
		if holes, err := s.log.Holes(ctx, stream.Accepted); err == nil && len(holes.Unreadable) == 0 {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
}

func (s *Stage) runWorkers(ctx context.Context) error {
	s.logger.Info().Uint64("accepted", s.ledger.Basis()).Str("catalogue", s.ledger.Catalogue().Version()).Msg("ledger replayed")
	publisher := tally.NewPublisher(s.log, s.now, s.metrics.tally)
	validator := judge.NewValidator(s.log, s.ledger, s.rules, judge.Config{Batch: s.config.Batch, AckWait: s.config.AckWait},
		s.logger, s.now, s.metrics.judge, s.tracer)
	worker := tally.NewWorker(s.log, s.ledger, publisher, s.config.AckWait, s.logger, s.now, s.metrics.tally, s.tracer)
	recomputer := reconcile.NewRecomputer(s.log, s.ledger, s.projection, publisher, s.checker,
		reconcile.Config{SettleFor: s.config.SettleFor}, s.logger, s.metrics.reconcile)
	responder := respond.New(s.log, s.ledger, validator, s.scorer, s.now)
	group, working := errgroup.WithContext(ctx)
	answer := func(ctx context.Context) error { return responder.Run(ctx, func() { close(s.ready) }) }
	runs := []func(context.Context) error{validator.Run, worker.Run, s.checker.Run, answer}
	if s.keeper != nil {
		runs = append(runs, s.keeper.Run)
	}
	jobs := maps.Clone(s.jobs)
	jobs[schedule.Recompute], jobs[schedule.Check] = recomputer, s.checker
	if s.calendar != nil {
		reminders, err := remind.New(s.log, s.ledger, *s.calendar, s.reminders, s.logger, s.now, s.metrics.remind)
		if err != nil {
			return err
		}
		jobs[schedule.Remind] = reminders
		jobs[schedule.Close] = closing.New(s.log, s.ledger, s.calendar.Calendar, s.logger, s.now)
	}
	for name, job := range jobs {
		runs = append(runs, schedule.NewRunner(s.log, name, job, s.config.AckWait, s.logger, s.now, s.metrics.runs).Run)
	}
	for _, run := range runs {
		group.Go(func() error { return run(working) })
	}
	err := group.Wait()
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		// A stop may come while a worker is still asking for its consumer.
		return nil
	}
	return err
}
