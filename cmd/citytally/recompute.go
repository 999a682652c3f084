package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/ingest/event"
)

func newRecompute(g *globals) *cobra.Command {
	var a client.Addresses
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
			c, err := g.client(a)
			if err != nil {
				return err
			}
			ctx, cancel := waitForRun(cmd.Context(), wait)
			defer cancel()
			run, err := c.Recompute(ctx, command)
			if err != nil {
				return err
			}
			return printRun(cmd, &run)
		},
	}
	natsFlag(cmd, &a)
	flags := cmd.Flags()
	flags.StringVar(&command.Period, "period", "", "only this `period`: 2021, 2021-Q3, 2021-06 …")
	flags.StringVar(&command.Indicator, "indicator", "", "only this `indicator`")
	flags.DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the run")
	return cmd
}
