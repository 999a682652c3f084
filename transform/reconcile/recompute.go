package reconcile

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
	"github.com/rs/zerolog"
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
	now        func() time.Time
	metrics    *Metrics
}

// Config is how recomputations work.
type Config struct {
	// AckWait is how long the broker waits for a sign of life before it gives a
	// command to somebody else.
	AckWait time.Duration
	// SettleFor is how long a recomputation waits for the projection to catch up
	// before it gives up with an error in its run record.
	SettleFor time.Duration
}

// NewRecomputer returns a recomputer that reads figures from the ledger, which the
// caller keeps up to date.
func NewRecomputer(log *stream.Log, l *ledger.Ledger, projection Projection, publisher *tally.Publisher, checker *ConservationChecker, config Config, logger zerolog.Logger, now func() time.Time, metrics *Metrics) *Recomputer {
	return &Recomputer{
		log: log, ledger: l, projection: projection, publisher: publisher, checker: checker,
		config: config, logger: logger, now: now, metrics: metrics,
	}
}

// Consumer is the name of the durable consumer of COMMANDS.
const Consumer = "recompute"

// The subject of COMMANDS on which recomputations are requested.
const recomputeSubject = "commands.recompute"

// RequestRecomputation publishes a command. Its run is recorded under the command's ID;
// a command with the ID of an earlier one is that command, and not carried out twice.
func RequestRecomputation(ctx context.Context, log *stream.Log, command event.Command) error {
	if err := checkPeriod(command.Period); err != nil {
		return err
	}
	body, err := json.Marshal(command)
	if err != nil {
		return fmt.Errorf("encode command: %w", err)
	}
	_, err = log.Publish(ctx, stream.Message{Subject: recomputeSubject, ID: command.ID, Body: body})
	return err
}

// Run carries out commands, one at a time, until ctx ends. Call it once the ledger has
// caught up with the log. A command that is broken off begins anew, in another process
// or at the next start.
func (r *Recomputer) Run(ctx context.Context) error {
	if err := r.log.Retry(ctx, stream.Attempt{What: "read the last runs", Stage: "recompute", Stream: stream.Totals, Logger: r.logger}, r.recallRuns); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	return r.log.Work(ctx, stream.WorkConfig{
		Stage: "recompute", What: "recompute", Batch: 1, Logger: r.logger,
		Consumer: stream.ConsumerConfig{Stream: stream.Commands, Name: Consumer, AckWait: r.config.AckWait, MaxPending: 1},
	}, stream.NewBatchTask(1, func(ctx context.Context, batch []stream.Delivery) error { return r.execute(ctx, &batch[0]) }))
}

// maxName is how many bytes the id and the schedule of a command may have.
const maxName = 255

// readCommand reads a command that can be carried out; any other is a permanent error.
func readCommand(d *stream.Delivery) (command event.Command, err error) {
	if d.Subject != recomputeSubject {
		return command, event.Permanentf("subject %q: want %s", event.Excerpt(d.Subject, maxName), recomputeSubject)
	}
	if err := json.Unmarshal(d.Body, &command); err != nil {
		return command, event.Permanentf("read command: %w", err)
	}
	if !event.IsToken(command.Schedule) || len(command.Schedule) > maxName {
		return command, event.Permanentf("read command: schedule: want one token of 1 to %d bytes, got %q", maxName, event.Excerpt(command.Schedule, maxName))
	}
	if !event.IsToken(strings.ReplaceAll(command.ID, ".", "-")) || len(command.ID) > maxName {
		return command, event.Permanentf("read command: id: want 1 to %d bytes without spaces and wildcards, got %q", maxName, event.Excerpt(command.ID, maxName))
	}
	if command.Period != "" {
		if _, err := catalogue.ParsePeriod(command.Period); err != nil {
			return command, event.Permanentf("read command: period: %w", err)
		}
	}
	return command, nil
}

// execute carries out a command and records its run.
func (r *Recomputer) execute(ctx context.Context, d *stream.Delivery) error {
	command, err := readCommand(d)
	if err != nil {
		return err
	}
	run := event.Run{
		ID: command.ID, Schedule: command.Schedule, Trigger: command.Trigger, Slot: command.Slot,
		Period: command.Period, Indicator: command.Indicator, StartedAt: r.now().UTC(), Catalogue: r.ledger.Catalogue().Version(),
		Person: command.Person,
	}
	settled, err := r.isSettled(ctx, &command, d.Sequence)
	if err != nil {
		return err
	}
	if settled {
		r.logger.Info().Str("schedule", command.Schedule).Time("slot", command.Slot).Msg("the slot has been recomputed, or a later one waits")
		return nil
	}
	problem := r.recompute(ctx, &run)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	run.FinishedAt = r.now().UTC()
	line := r.logger.Info()
	if problem != nil {
		run.Problem = problem.Error()
		line = r.logger.Error().Err(problem)
	}
	if err := r.record(ctx, &run); err != nil {
		return err
	}
	r.metrics.observe(&run)
	line.Str("schedule", run.Schedule).Str("run", run.ID).Int("cells", run.Cells).Int("changed", run.Changed).
		Int("observations_missing", run.ObservationsMissing).Dur("took", run.FinishedAt.Sub(run.StartedAt)).Msg("recomputed")
	return nil
}

func (r *Recomputer) record(ctx context.Context, run *event.Run) error {
	body, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("encode run: %w", err)
	}
	_, err = r.log.Publish(ctx, stream.Message{Subject: RunSubject(run.Schedule), ID: "run." + run.ID, Body: body})
	return err
}

// RunSubject returns the subject of TOTALS on which a schedule's runs are recorded.
func RunSubject(schedule string) string { return "runs." + schedule }

// How often a recomputation compares at most, while observations keep arriving.
const maxAttempts = 5

// recompute makes the projection agree with the log, compares every total in scope with the
// projection's and publishes those that differ. An imbalance is the run's problem even where
// it has been healed, so that somebody asks how it came about.
func (r *Recomputer) recompute(ctx context.Context, run *event.Run) error {
	if _, err := r.settleLast(ctx); err != nil {
		return err
	}
	before, err := r.checker.Check(ctx)
	if err != nil {
		return fmt.Errorf("check conservation: %w", err)
	}
	run.Imbalances = before.Imbalances
	mended, err := r.mend(ctx, run)
	if err != nil {
		return err
	}
	if err := r.recomputeTotals(ctx, run); err != nil {
		return err
	}
	if before.Balanced && !mended {
		return nil
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

// recomputeTotals compares the totals in scope and publishes those that differ.
// Observations that arrive meanwhile change totals that the projection does not show yet;
// then it compares again, and after the last attempt publishes what differed, which may be
// more than has to be.
func (r *Recomputer) recomputeTotals(ctx context.Context, run *event.Run) error {
	scope := Scope{Period: run.Period, Indicator: run.Indicator}
	var differing []tally.PeriodTotal
	var inForce *catalogue.Catalogue
	for range maxAttempts {
		var err error
		if run.Basis, err = r.settleLast(ctx); err != nil {
			return err
		}
		shown, err := r.projection.LatestTotals(ctx, scope)
		if err != nil {
			return err
		}
		view := r.ledger.View()
		inForce = view.Catalogue()
		computed := tally.All(inForce, view, r.inScope(inForce, scope))
		view.Close()
		run.Catalogue = inForce.Version()
		differing = append(differences(computed, shown), withdrawn(inForce, computed, shown)...)
		run.Cells, run.Changed = len(computed), len(differing)
		if r.ledger.Basis() == run.Basis {
			break
		}
	}
	return r.publisher.Publish(ctx, inForce, run.Basis, differing, run.Trigger)
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
