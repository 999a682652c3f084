package reconcile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
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
	err := r.recompute(ctx, run)
	r.metrics.observe(run)
	return err
}

// How often a recomputation compares at most, while observations keep arriving.
const maxAttempts = 5

// recompute makes the projection agree with the log, compares every total in scope with the
// projection's and publishes those that differ. Both comparisons go on side by side; where the
// projection does not hold what the log says, it is mended first and the totals are compared
// again, so that none is published of what only the projection had lost. An imbalance is the
// run's problem even where it has been healed, so that somebody asks how it came about.
func (r *Recomputer) recompute(ctx context.Context, run *event.Run) error {
	if _, err := r.settleLast(ctx); err != nil {
		return err
	}
	var before *Conservation
	var found difference
	group, comparing := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if before, err = r.checker.Check(comparing); err != nil {
			return fmt.Errorf("check conservation: %w", err)
		}
		return nil
	})
	group.Go(func() (err error) {
		found, err = r.compareTotals(comparing, run)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	run.Imbalances = before.Imbalances
	// What a disk has altered is found once a day, by the schedule's runs.
	mended, err := r.mend(ctx, run, !before.Balanced || run.Trigger == event.BySchedule)
	if err != nil {
		return err
	}
	balanced := before.Balanced && !mended
	if moved := r.ledger.Basis() != run.Basis; !balanced || moved && len(found.totals) > 0 {
		if found, err = r.compareTotals(ctx, run); err != nil {
			return err
		}
	}
	if err := r.publisher.Publish(ctx, found.inForce, run.Basis, found.totals, run.Trigger); err != nil || balanced {
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

// difference is the totals that the projection does not show as they follow under the
// catalogue in force.
type difference struct {
	inForce *catalogue.Catalogue
	totals  []tally.PeriodTotal
}

// compareTotals compares the totals in scope, and notes the counts in the run.
// Observations that arrive meanwhile change totals that the projection does not show yet;
// then it compares again, and after the last attempt returns what differed, which may be
// more than has to be published.
func (r *Recomputer) compareTotals(ctx context.Context, run *event.Run) (found difference, err error) {
	scope := Scope{Period: run.Period, Indicator: run.Indicator}
	for range maxAttempts {
		if run.Basis, err = r.settleLast(ctx); err != nil {
			return found, err
		}
		shown, err := r.projection.LatestTotals(ctx, scope)
		if err != nil {
			return found, err
		}
		view := r.ledger.View()
		found.inForce = view.Catalogue()
		computed := tally.All(found.inForce, view, r.inScope(found.inForce, scope))
		view.Close()
		run.Catalogue = found.inForce.Version()
		found.totals = append(differences(computed, shown), withdrawn(found.inForce, computed, shown)...)
		run.Cells, run.Changed = len(computed), len(found.totals)
		if r.ledger.Basis() == run.Basis {
			break
		}
	}
	return found, nil
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

// inScope returns the cells in scope that have a total: those that were reported, and
// those that follow from them.
func (r *Recomputer) inScope(c *catalogue.Catalogue, scope Scope) []ledger.Cell {
	cells := tally.Affected(c, r.ledger, r.ledger.Cells())
	return slices.DeleteFunc(cells, func(c ledger.Cell) bool {
		return scope.Period != "" && scope.Period != c.Period.String() || scope.Indicator != "" && scope.Indicator != c.Indicator
	})
}

// differences returns the computed totals that the projection does not show, or shows
// with other content. Inputs are not compared: reading them back would be costly.
func differences(computed []tally.PeriodTotal, shown map[TotalKey]event.Total) []tally.PeriodTotal {
	var differing []tally.PeriodTotal
	for i := range computed {
		t := &computed[i]
		had, ok := shown[TotalKey{Indicator: t.Indicator, Period: t.Period.String()}]
		if !ok || !had.Equal(&t.Total) {
			differing = append(differing, *t)
		}
	}
	return differing
}

// withdrawn returns what is to be published of the totals that the projection shows, and that
// do not follow from what was reported under the catalogue.
func withdrawn(c *catalogue.Catalogue, computed []tally.PeriodTotal, shown map[TotalKey]event.Total) []tally.PeriodTotal {
	follows := make(map[TotalKey]bool, len(computed))
	for i := range computed {
		follows[TotalKey{Indicator: computed[i].Indicator, Period: computed[i].Period.String()}] = true
	}
	var gone []tally.PeriodTotal
	for key := range shown {
		if period, err := catalogue.ParsePeriod(key.Period); err == nil && !follows[key] {
			gone = append(gone, tally.Withdrawal(c, ledger.Cell{Indicator: key.Indicator, Period: period}))
		}
	}
	slices.SortFunc(gone, func(a, b tally.PeriodTotal) int {
		return cmp.Or(a.Period.Compare(b.Period), cmp.Compare(a.Indicator, b.Indicator))
	})
	return gone
}
