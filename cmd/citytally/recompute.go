package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newRecompute(g *globals) *cobra.Command {
	var a client.Addresses
	var period, indicator string
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
			ctx, cancel := context.WithTimeoutCause(cmd.Context(), wait,
				fmt.Errorf("no run after %s; does a transform stage run? See: citytally status", wait))
			defer cancel()
			run, err := c.Recompute(ctx, period, indicator)
			if err != nil {
				return err
			}
			if err := present.JSON(cmd.OutOrStdout(), run); err != nil {
				return err
			}
			// A problem that the run has healed is printed with it, and is no error.
			if run.Problem != "" && !run.Healed {
				return errors.New(run.Problem)
			}
			return nil
		},
	}
	natsFlag(cmd, &a)
	flags := cmd.Flags()
	flags.StringVar(&period, "period", "", "only this `period`: 2021, 2021-Q3, 2021-06 …")
	flags.StringVar(&indicator, "indicator", "", "only this `indicator`")
	flags.DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the run")
	return cmd
}
