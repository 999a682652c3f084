package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/schedule"
	"github.com/citytally/citytally/transform/tally"
	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// Recomputer carries out commands: it folds the totals of a scope anew from the ledger,
// under the present catalogue, and makes the projection agree with them and with the
// log.
type Recomputer struct {
	log        *stream.Log
	ledger     *ledger.Ledger
	projection Projection
	publisher  *tally.Publisher
	checker    *ConservationChecker
	config     Config
	logger     zerolog.Logger
	metrics    *Metrics
}

var _ schedule.Job = (*Recomputer)(nil)

// Config is how recomputations work.
type Config struct {
	// SettleFor is how long a recomputation waits for the projection to catch up
	// before it gives up with an error in its run record.
	SettleFor time.Duration
}

// NewRecomputer returns a recomputer that reads figures from the ledger, which the
// caller keeps up to date.
func NewRecomputer(log *stream.Log, l *ledger.Ledger, projection Projection, publisher *tally.Publisher, checker *ConservationChecker, config Config, logger zerolog.Logger, metrics *Metrics) *Recomputer {
	return &Recomputer{
		log: log, ledger: l, projection: projection, publisher: publisher, checker: checker,
		config: config, logger: logger, metrics: metrics,
	}
}

// Do recomputes what the task names, and says in its run what was found.
func (r *Recomputer) Do(ctx context.Context, task *schedule.Task) error {
	run := task.Run
	run.Catalogue = r.ledger.Catalogue().Version()
	run.Dry = task.Command.Dry
	err := r.recompute(ctx, task)
	r.metrics.observe(run)
	return err
}

// recompute makes the projection agree with the log, compares the totals in scope with the
// projection's and publishes those that differ. Both comparisons go on side by side; where the
// projection does not hold what the log says, it is mended first and the totals are compared
// again, so that none is published of what only the projection had lost. An imbalance is the
// run's problem even where it has been healed, so that somebody asks how it came about. A dry
// run changes nothing.
func (r *Recomputer) recompute(ctx context.Context, task *schedule.Task) error {
	run := task.Run
	_, err := r.settleLast(ctx)
	if err != nil {
		return err
	}
	var before *Conservation
	var found *comparison
	group, comparing := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if before, err = r.checker.Check(comparing); err != nil {
			return fmt.Errorf("check conservation: %w", err)
		}
		return nil
	})
	var damage error
	group.Go(func() (err error) {
		if found, err = r.compareTotals(comparing, task); r.projection.IsDamage(err) {
			found, damage, err = nil, err, nil
		}
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	run.Imbalances = before.Imbalances
	if task.Command.Dry && damage != nil {
		return errors.Join(errors.New(describeImbalance(run)), damage)
	}
	if task.Command.Dry {
		if err := found.finish(ctx); err != nil || before.Balanced {
			return err
		}
		return errors.New(describeImbalance(run))
	}
	// What a disk has altered is found once a day, by the schedule's runs.
	aside := 0
	if damage != nil || slices.ContainsFunc(before.Imbalances, func(i event.Imbalance) bool { return i.Unreadable != "" }) {
		// Which side is the richer cannot be asked before.
		if aside, err = r.projection.PutAside(ctx); err != nil {
			return err
		}
	}
	mended, err := r.mend(ctx, run, !before.Balanced || run.Trigger == event.BySchedule)
	if err != nil {
		return err
	}
	balanced := before.Balanced && !mended && aside == 0
	if !balanced {
		if found, err = r.compareTotals(ctx, task); err != nil {
			return err
		}
	}
	if err := found.publish(ctx); err != nil || balanced {
		return err
	}
	if _, err := r.settleLast(ctx); err != nil {
		return err
	}
	after, err := r.checker.Check(ctx)
	if err != nil {
		return fmt.Errorf("check conservation again: %w", err)
	}
	run.Healed = after.Balanced
	return errors.New(describeImbalance(run))
}

// settleLast waits until the ledger and the projection have taken in everything that the log
// holds now, and returns the ledger's basis.
func (r *Recomputer) settleLast(ctx context.Context) (basis uint64, err error) {
	last, err := r.log.LastSequence(ctx, stream.Accepted)
	if err != nil {
		return 0, err
	}
	if err := r.ledger.Wait(ctx, last); err != nil {
		return 0, err
	}
	basis = r.ledger.Basis()
	return basis, r.settle(ctx, basis)
}

// settle waits for the projection as [Settle] does, and for SettleFor at most.
func (r *Recomputer) settle(ctx context.Context, basis uint64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, r.config.SettleFor,
		fmt.Errorf("ClickHouse did not catch up with the log within %s (transform.settle_for)", r.config.SettleFor))
	defer cancel()
	return Settle(ctx, r.log, r.projection, basis)
}

// Settle returns nil once the projection shows every total and observation that
// follows from ACCEPTED up to the basis, or the cause of ctx's end.
func Settle(ctx context.Context, log *stream.Log, projection Projection, basis uint64) error {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for {
		position, err := log.Position(ctx, stream.Accepted, tally.Consumer)
		if err == nil && position.AckFloor >= basis {
			break
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	totals, err := log.LastSequence(ctx, stream.Totals)
	if err != nil {
		return err
	}
	return projection.Settle(ctx, basis, totals)
}

// How often Settle asks how far the tally has come.
const settleEvery = 20 * time.Millisecond
