package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nats-io/nuid"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// manualSchedule is the schedule name of runs that a person asked for.
const manualSchedule = "manual"

// Recompute asks the running pipeline to compute the totals of a period and an
// indicator anew, and waits for the run's record. "" is every period or indicator.
func (c *Client) Recompute(ctx context.Context, period, indicator string) (event.Run, error) {
	if err := c.checkIndicator(ctx, indicator); err != nil {
		return event.Run{}, err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return event.Run{}, err
	}
	defer disconnect()
	return Recompute(ctx, log, event.Command{Period: period, Indicator: indicator, Person: app.CurrentPerson()})
}

// Recompute publishes the command of a recomputation and waits for the run's record.
// It sets the command's id, schedule and trigger.
func Recompute(ctx context.Context, log *stream.Log, command event.Command) (event.Run, error) {
	command.ID, command.Schedule, command.Trigger = manualSchedule+"."+nuid.Next(), manualSchedule, event.ByManual
	last, err := log.LastSequence(ctx, stream.Totals)
	if err != nil {
		return event.Run{}, err
	}
	if err := reconcile.RequestRecomputation(ctx, log, command); err != nil {
		return event.Run{}, app.Usage(err)
	}
	var run event.Run
	errFound := errors.New("found")
	from := stream.FollowConfig{Stream: stream.Totals, Subjects: []string{reconcile.RunSubject(command.Schedule)}, From: last + 1}
	err = log.Follow(ctx, from, func(d stream.Delivery) error {
		if err := json.Unmarshal(d.Body, &run); err != nil {
			return fmt.Errorf("read run: %w", err)
		}
		if run.ID == command.ID {
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
