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
	"github.com/citytally/citytally/transform/schedule"
)

// Recompute asks the running pipeline to compute totals anew, within the command's bounds,
// and waits for the run's record.
func (c *Client) Recompute(ctx context.Context, command event.Command) (event.Run, error) {
	if err := c.checkBounds(ctx, &command); err != nil {
		return event.Run{}, err
	}
	log, disconnect, err := c.openLog(zerolog.Nop())
	if err != nil {
		return event.Run{}, err
	}
	defer disconnect()
	command.Person = app.CurrentPerson()
	return Recompute(ctx, log, command)
}

// Recompute publishes the command of a recomputation and waits for the run's record.
// It sets the command's id, schedule and trigger.
func Recompute(ctx context.Context, log *stream.Log, command event.Command) (event.Run, error) {
	command.Schedule = schedule.Manual
	return ask(ctx, log, schedule.Recompute, command)
}

// ask publishes the command of a job that a person asks for, and waits for the run's record.
// It sets the command's id and trigger.
func ask(ctx context.Context, log *stream.Log, job string, command event.Command) (event.Run, error) {
	command.ID, command.Trigger = schedule.Manual+"."+nuid.Next(), event.ByManual
	last, err := log.LastSequence(ctx, stream.Totals)
	if err != nil {
		return event.Run{}, err
	}
	if err := schedule.Request(ctx, log, job, command); err != nil {
		return event.Run{}, app.Usage(err)
	}
	var run event.Run
	errFound := errors.New("found")
	from := stream.FollowConfig{Stream: stream.Totals, Subjects: []string{schedule.RunSubject(schedule.Manual)}, From: last + 1}
	err = log.Follow(ctx, from, func(d stream.Delivery) error {
		run = event.Run{}
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
