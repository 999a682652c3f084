package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nuid"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/reconcile"
)

// The schedule name of runs that a person asked for.
const manual = "manual"

func newRecompute(g *globals) *cobra.Command {
	t := &target{globals: g}
	var command event.Command
	var wait time.Duration
	cmd := &cobra.Command{
		Use:   "recompute",
		Short: "Compute city totals anew and reconcile ClickHouse with the log",
		Long: `Ask the running pipeline to tally a scope anew from the log under its present
catalogue, to publish every total that ClickHouse shows otherwise, and to bring
back observations that ClickHouse lacks. It waits for the run and prints its
record.`,
		Example: `  citytally recompute
  citytally recompute --period 2021 --indicator rd_intensity`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := t.resolve(); err != nil {
				return err
			}
			if err := t.knows(command.Indicator); err != nil {
				return err
			}
			log, disconnect, err := t.log(zerolog.Nop())
			if err != nil {
				return err
			}
			defer disconnect()
			command.ID, command.Schedule, command.Trigger = manual+"."+nuid.Next(), manual, event.ByManual
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), wait,
				fmt.Errorf("no run after %s; does a transform stage run? See: citytally status", wait))
			defer cancel()
			run, err := recomputeNow(ctx, log, command)
			if err != nil {
				return err
			}
			encoder := json.NewEncoder(cmd.OutOrStdout())
			encoder.SetIndent("", "  ")
			if err := encoder.Encode(run); err != nil {
				return err
			}
			// What was out of balance and has been healed is told, in the record.
			if run.Problem != "" && !run.Healed {
				return &exitError{code: exitFailure, err: errors.New(run.Problem)}
			}
			return nil
		},
	}
	t.natsFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&command.Period, "period", "", "only this `period`: 2021, 2021-Q3, 2021-06 …")
	flags.StringVar(&command.Indicator, "indicator", "", "only this `indicator`")
	flags.DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the run")
	return cmd
}

// knows reports an indicator that the catalogue lacks; "" is every one.
func (t *target) knows(indicator string) error {
	if indicator == "" {
		return nil
	}
	c, err := t.settings.LoadCatalogue()
	if err != nil {
		return usage(err)
	}
	if _, ok := c.Indicator(indicator); ok {
		return nil
	}
	ids := make([]string, len(c.Indicators))
	for i := range c.Indicators {
		ids[i] = c.Indicators[i].ID
	}
	hint := "; see the view indicators"
	if near := strict.Nearest(indicator, ids); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return usage(fmt.Errorf("--indicator: there is no indicator %q%s", indicator, hint))
}

// recomputeNow asks for a recomputation and waits for its record.
func recomputeNow(ctx context.Context, log *stream.Log, command event.Command) (event.Run, error) {
	last, err := log.LastSequence(ctx, stream.Totals)
	if err != nil {
		return event.Run{}, err
	}
	if err := reconcile.RequestRecomputation(ctx, log, command); err != nil {
		return event.Run{}, usage(err)
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
