package reconcile

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
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

// Recomputer carries out recompute commands: it tallies a scope anew from the
// ledger under the present catalogue and reconciles the projection with it.
type Recomputer struct {
	log        *stream.Log
	ledger     *ledger.Ledger
	catalogue  *catalogue.Catalogue
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

// NewRecomputer returns a recomputer that reads figures from the ledger, which
// somebody else fills.
func NewRecomputer(log *stream.Log, l *ledger.Ledger, c *catalogue.Catalogue, projection Projection, publisher *tally.Publisher, checker *ConservationChecker, config Config, logger zerolog.Logger, now func() time.Time, metrics *Metrics) *Recomputer {
	return &Recomputer{
		log: log, ledger: l, catalogue: c, projection: projection, publisher: publisher, checker: checker,
		config: config, logger: logger, now: now, metrics: metrics,
	}
}

// The subject on which recomputation is asked for.
const recomputeSubject = "commands.recompute"

// RequestRecomputation asks for a recomputation and returns the command's id, by which its
// run can be told. A command with the ID of an earlier one is the same command.
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

// Run carries commands out, one at a time, until ctx ends. Call it once the ledger has
// caught up with the log. A command that is broken off is begun again from the start
// by another process, or at the next start.
func (r *Recomputer) Run(ctx context.Context) error {
	return r.log.Work(ctx, stream.WorkConfig{
		Stage: "recompute", What: "recompute", Batch: 1, Logger: r.logger,
		Consumer: stream.ConsumerConfig{Stream: stream.Commands, Name: "recompute", AckWait: r.config.AckWait, MaxPending: 1},
	}, stream.Batches(1, func(ctx context.Context, batch []stream.Delivery) error { return r.execute(ctx, &batch[0]) }))
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

func (r *Recomputer) execute(ctx context.Context, d *stream.Delivery) error {
	command, err := readCommand(d)
	if err != nil {
		return err
	}
	run := event.Run{
		ID: command.ID, Schedule: command.Schedule, Trigger: command.Trigger, Slot: command.Slot,
		Period: command.Period, Indicator: command.Indicator, StartedAt: r.now().UTC(), Catalogue: r.catalogue.Version(),
	}
	problem := r.recompute(ctx, &run)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	run.FinishedAt = r.now().UTC()
	event := r.logger.Info()
	if problem != nil {
		run.Problem = problem.Error()
		event = r.logger.Error().Err(problem)
	}
	if err := r.record(ctx, &run); err != nil {
		return err
	}
	r.metrics.observe(&run)
	event.Str("schedule", run.Schedule).Str("run", run.ID).Int("cells", run.Cells).Int("changed", run.Changed).
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

// RunSubject is where the runs of a schedule are recorded.
func RunSubject(schedule string) string { return "runs." + schedule }

// How often a recomputation starts over because observations arrived while it
// was comparing.
const maxAttempts = 5

// recompute compares every total in scope with the projection's and publishes
// those that differ. While observations arrive, totals on their way would look
// like differences; it then starts over, and in the end publishes rather too
// much than too little.
func (r *Recomputer) recompute(ctx context.Context, run *event.Run) error {
	scope := Scope{Period: run.Period, Indicator: run.Indicator}
	var differing []tally.PeriodTotal
	for range maxAttempts {
		last, err := r.log.LastSequence(ctx, stream.Accepted)
		if err != nil {
			return err
		}
		if err := r.ledger.Wait(ctx, last); err != nil {
			return err
		}
		run.Basis = r.ledger.Basis()
		settling, cancel := context.WithTimeoutCause(ctx, r.config.SettleFor,
			fmt.Errorf("ClickHouse did not catch up with the log within %s (transform.settle_for)", r.config.SettleFor))
		err = Settle(settling, r.log, r.projection, run.Basis)
		cancel()
		if err != nil {
			return err
		}
		shown, err := r.projection.LatestTotals(ctx, scope)
		if err != nil {
			return err
		}
		view := r.ledger.View()
		computed := tally.All(r.catalogue, view, r.inScope(scope))
		view.Close()
		differing = differences(computed, shown)
		run.Cells, run.Changed = len(computed), len(differing)
		if r.ledger.Basis() == run.Basis {
			break
		}
	}
	if err := r.publisher.Publish(ctx, run.Basis, differing, run.Trigger); err != nil {
		return err
	}
	return r.restoreBalance(ctx, run)
}

// Settle returns when the projection shows every total and observation that
// follows from ACCEPTED up to the basis, or with the cause of ctx's end.
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

// How often Settle looks again.
const settleEvery = 20 * time.Millisecond

// inScope returns the cells to tally: those reported and those that follow from
// them.
func (r *Recomputer) inScope(scope Scope) []ledger.Cell {
	cells := tally.Affected(r.catalogue, r.ledger.Cells())
	return slices.DeleteFunc(cells, func(c ledger.Cell) bool {
		return scope.Period != "" && scope.Period != c.Period.String() || scope.Indicator != "" && scope.Indicator != c.Indicator
	})
}

// differences returns the computed totals that the projection lacks or shows
// otherwise. Inputs are left out: they would be costly to read back.
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

// restoreObservations publishes accepted messages again of which the projection
// lacks rows. The ledger knows them; only the projection takes them up.
func (r *Recomputer) restoreObservations(ctx context.Context, run *event.Run) error {
	counts, err := r.projection.ObservationCounts(ctx, Scope{})
	if err != nil {
		return err
	}
	lacking := map[uint64]bool{}
	for _, s := range r.ledger.Submissions(run.Basis) {
		if missing := s.Rows - counts[s.Sequence]; missing > 0 {
			run.ObservationsMissing += missing
			lacking[s.AcceptedSequence] = true
		}
	}
	for _, stored := range slices.Sorted(maps.Keys(lacking)) {
		m, err := ledger.ReadAccepted(ctx, r.log, stored)
		if err != nil {
			return err
		}
		if _, err := r.log.Publish(ctx, stream.Message{Subject: m.Subject, Body: m.Data}); err != nil {
			return err
		}
	}
	return nil
}
