package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nuid"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/schedule"
)

// Recompute asks the running pipeline to compute totals anew, within the command's bounds,
// and waits for the run's record.
//
// Tell, where it is not nil, is called with how far the run has come. When ctx is cancelled the
// run is asked to stop, and its record says how far it came.
func (c *Client) Recompute(ctx context.Context, command event.Command, tell func(reconcile.Progress)) (event.Run, error) {
	if err := c.checkBounds(ctx, &command); err != nil {
		return event.Run{}, err
	}
	location, err := c.settings.Location()
	if err != nil {
		return event.Run{}, app.Usage(err)
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return event.Run{}, err
	}
	defer disconnect()
	now := (&schedule.Schedule{Period: command.Period, Until: command.Until}).Command(time.Now().In(location))
	command.Period, command.Until = now.Period, now.Until
	command.Person, command.Schedule = app.CurrentPerson(), schedule.Manual
	return ask(ctx, log, schedule.Recompute, command, tell)
}

// Recompute publishes the command of a recomputation and waits for the run's record.
// It sets the command's id, schedule and trigger.
func Recompute(ctx context.Context, log *stream.Log, command event.Command) (event.Run, error) {
	command.Schedule = schedule.Manual
	return ask(ctx, log, schedule.Recompute, command, nil)
}

const (
	// progressInterval is how often a run is asked how far it has come.
	progressInterval = 200 * time.Millisecond
	// stopWithin is how long the record of a run is waited for that was asked to stop.
	stopWithin = 20 * time.Second
)

// ask publishes the command of a job that a person asks for, and waits for the run's record.
// It sets the command's id and trigger.
func ask(ctx context.Context, log *stream.Log, job string, command event.Command, tell func(reconcile.Progress)) (event.Run, error) {
	command.ID, command.Trigger = schedule.Manual+"."+nuid.Next(), event.ByManual
	last, err := log.LastSequence(ctx, stream.Totals)
	if err != nil {
		return event.Run{}, err
	}
	if err := schedule.Request(ctx, log, job, command); err != nil {
		return event.Run{}, app.Usage(err)
	}
	waiting, end := context.WithCancelCause(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	defer background.Wait()
	defer end(nil)
	background.Go(func() { endWith(ctx, waiting, end, log, command.ID) })
	if tell != nil {
		background.Go(func() { tellProgress(waiting, log, command.ID, tell) })
	}
	return awaitRun(waiting, log, last, command.ID)
}

// endWith ends the wait for a run's record with ctx; where somebody cancelled that, the run is
// asked to stop, and waited for a while longer.
func endWith(ctx, waiting context.Context, end context.CancelCauseFunc, log *stream.Log, id string) {
	select {
	case <-waiting.Done():
		return
	case <-ctx.Done():
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || reconcile.Stop(waiting, log, id) != nil {
		end(context.Cause(ctx))
		return
	}
	select {
	case <-waiting.Done():
	case <-time.After(stopWithin):
		end(fmt.Errorf("the run was asked to stop, and has not yet after %s", stopWithin))
	}
}

func tellProgress(ctx context.Context, log *stream.Log, id string, tell func(reconcile.Progress)) {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if p, ok, err := reconcile.ProgressOf(ctx, log, id); err == nil && ok {
				tell(p)
			}
		}
	}
}

// awaitRun returns the record, behind a sequence of TOTALS, of the run that a person asked for
// with a command of the id.
func awaitRun(ctx context.Context, log *stream.Log, last uint64, id string) (run event.Run, err error) {
	errFound := errors.New("found")
	from := stream.FollowConfig{Stream: stream.Totals, Subjects: []string{schedule.RunSubject(schedule.Manual)}, From: last + 1}
	err = log.Follow(ctx, from, func(d stream.Delivery) error {
		run = event.Run{}
		if err := json.Unmarshal(d.Body, &run); err != nil {
			return fmt.Errorf("read run: %w", err)
		}
		if run.ID == id {
			return errFound
		}
		return nil
	}, func() {})
	if errors.Is(err, errFound) {
		return run, nil
	}
	if err == nil {
		err = context.Cause(ctx)
	}
	return event.Run{}, err
}

// checkBounds returns a UsageError for bounds that the catalogue does not have.
func (c *Client) checkBounds(ctx context.Context, command *event.Command) error {
	if err := schedule.CheckBounds(command.Period, command.Until); err != nil {
		return app.Usage(fmt.Errorf("--period: %w", err))
	}
	if err := c.checkIndicator(ctx, command.Indicator); err != nil || command.Area == "" {
		return err
	}
	inForce, err := c.Catalogue(ctx)
	if err != nil {
		return err
	}
	if _, ok := inForce.Area(command.Area); !ok {
		return app.Usage(fmt.Errorf("--area: want an area of the catalogue, got %q", command.Area))
	}
	return nil
}

// checkIndicator returns a UsageError for an indicator that the catalogue does not
// have; "" is every indicator.
func (c *Client) checkIndicator(ctx context.Context, indicator string) error {
	if indicator == "" {
		return nil
	}
	inForce, err := c.Catalogue(ctx)
	if err != nil {
		return err
	}
	if _, ok := inForce.Indicator(indicator); ok {
		return nil
	}
	ids := make([]string, len(inForce.Indicators))
	for i := range inForce.Indicators {
		ids[i] = inForce.Indicators[i].ID
	}
	hint := "; see the view indicators"
	if near := strict.Nearest(indicator, ids); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return app.Usage(fmt.Errorf("--indicator: there is no indicator %q%s", indicator, hint))
}
