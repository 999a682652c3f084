package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// Job is work that a schedule or a person asks for.
type Job interface {
	// Do carries a task out and says in its run what it did. An error is the run's problem;
	// the run is over all the same, unless ctx has ended: then the command is carried out
	// again, so everything that Do does may be done twice.
	Do(ctx context.Context, task *Task) error
}

// Task is one command under way.
type Task struct {
	Command event.Command
	// Since is the slot of the schedule's last run that is recorded before this one; zero
	// where there is none. Work that belongs to a time between Since and Until is this
	// task's.
	Since, Until time.Time
	Run          *event.Run
}

// Runner carries out the commands of one job. Of all processes one does at a time, and one
// command at a time.
type Runner struct {
	log     *stream.Log
	job     string
	work    Job
	ackWait time.Duration
	logger  zerolog.Logger
	now     func() time.Time
	metrics *RunMetrics
}

// NewRunner returns a runner of the job with a name of Kinds. AckWait is how long the broker
// waits for a sign of life before it gives a command to another process.
func NewRunner(log *stream.Log, job string, work Job, ackWait time.Duration, logger zerolog.Logger, now func() time.Time, metrics *RunMetrics) *Runner {
	return &Runner{log: log, job: job, work: work, ackWait: ackWait, logger: logger, now: now, metrics: metrics}
}

// Consumer returns the name of a job's durable consumer of COMMANDS.
func Consumer(job string) string { return job }

// Run carries out commands until ctx ends. A command that is broken off begins anew, in
// another process or at the next start.
func (r *Runner) Run(ctx context.Context) error {
	if err := r.log.Retry(ctx, stream.Attempt{What: "read the last runs", Stage: r.job, Stream: stream.Totals, Logger: r.logger}, r.recallRuns); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	return r.log.Work(ctx, stream.WorkConfig{
		Stage: r.job, What: r.job, Batch: 1, Logger: r.logger,
		Consumer: stream.ConsumerConfig{
			Stream: stream.Commands, Name: Consumer(r.job), Subject: commandSubject(r.job), AckWait: r.ackWait, MaxPending: 1,
		},
	}, stream.NewBatchTask(1, func(ctx context.Context, batch []stream.Delivery) error { return r.execute(ctx, &batch[0]) }))
}

// execute carries out a command and records its run.
func (r *Runner) execute(ctx context.Context, d *stream.Delivery) error {
	command, err := readCommand(r.job, d)
	if err != nil {
		return err
	}
	settled, err := r.isSettled(ctx, &command, d.Sequence)
	if err != nil {
		return err
	}
	if settled {
		r.logger.Info().Str("schedule", command.Schedule).Time("slot", command.Slot).Msg("the slot has been carried out, or a later one waits")
		return nil
	}
	task := &Task{Command: command, Until: command.Slot, Run: &event.Run{
		ID: command.ID, Job: r.job, Schedule: command.Schedule, Trigger: command.Trigger, Slot: command.Slot,
		Period: command.Period, Until: command.Until, Indicator: command.Indicator, Area: command.Area, Full: command.Full,
		StartedAt: r.now().UTC(), Person: command.Person,
	}}
	if task.Until.IsZero() {
		task.Until = task.Run.StartedAt
	}
	if task.Since, err = latestRun(ctx, r.log, command.Schedule, r.now()); err != nil && !errors.As(err, new(*UnreadableRunError)) {
		return fmt.Errorf("look for the last run: %w", err)
	}
	problem := r.work.Do(ctx, task)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	run := task.Run
	run.FinishedAt = r.now().UTC()
	line := r.logger.Info()
	if problem != nil {
		run.Problem = problem.Error()
		line = r.logger.Error().Err(problem)
	}
	if err := r.record(ctx, run); err != nil {
		return err
	}
	r.metrics.observe(run)
	line.Str("schedule", run.Schedule).Str("run", run.ID).Int("cells", run.Cells).Int("changed", run.Changed).
		Int("observations_missing", run.ObservationsMissing).Dur("took", run.FinishedAt.Sub(run.StartedAt)).Msg(r.job + " is done")
	return nil
}

func (r *Runner) record(ctx context.Context, run *event.Run) error {
	body, err := json.Marshal(run)
	if err != nil {
		return fmt.Errorf("encode run: %w", err)
	}
	name := run.Schedule
	if run.Slot.IsZero() {
		name = Manual // so that the last run of a schedule is that of its last slot
	}
	_, err = r.log.Publish(ctx, stream.Message{Subject: RunSubject(name), ID: "run." + run.ID, Body: body})
	return err
}
