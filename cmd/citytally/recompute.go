package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/reconcile"
)

func newRecompute(g *globals) *cobra.Command {
	var a client.Addresses
	var command event.Command
	wait := time.Hour
	var printer runPrinter
	cmd := &cobra.Command{
		Use:   "recompute",
		Short: "Compute city totals anew and reconcile ClickHouse with the log",
		Long: `Ask the running pipeline to make ClickHouse hold what the log says, to tally anew under
the present catalogue, and to publish every total that ClickHouse shows otherwise.
It waits for the run and prints its record.

Without bounds it computes the years in which figures, or what ClickHouse shows, have
changed since everything was recomputed last; --full computes all. Within bounds it
computes everything. Readers see all totals of a run at once or none.

Ctrl-C asks the run to stop: nothing is published then, and one with the same bounds
goes on where it was. --dry-run lists what would change, and why, and changes nothing.`,
		Example: `  citytally recompute
  citytally recompute --dry-run --full
  citytally recompute --period 2021 --indicator rd_intensity
  citytally recompute --period 2019 --until 2021-06 --area 320812`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			ctx, cancel := waitForRun(cmd.Context(), wait)
			defer cancel()
			run, err := c.Recompute(ctx, command, showYears(cmd.ErrOrStderr(), printer.lang.language().Words().Run.Year))
			if err != nil {
				return err
			}
			return printer.run(cmd, c, &run)
		},
	}
	natsFlag(cmd, &a)
	flags := cmd.Flags()
	flags.StringVar(&command.Period, "period", "", "only this `period`: 2021, 2021-Q3, 2021-06 …, last_year, last_quarter, last_month")
	flags.StringVar(&command.Until, "until", "", "everything from the first day of --period to the last day of this `period`")
	flags.StringVar(&command.Indicator, "indicator", "", "only this `indicator`")
	flags.StringVar(&command.Area, "area", "", "only what follows from figures of the area with this `code`")
	flags.StringVar(&command.Catalogue, "since-catalogue", "", "only what differs between the catalogue of this `version` and the one in force")
	flags.BoolVar(&command.Full, "full", false, "compute also what has not changed")
	flags.BoolVar(&command.Dry, "dry-run", false, "list what would change, and change nothing")
	flags.DurationVar(&wait, "wait", wait, "how long to wait for the run")
	printer.addFlags(cmd)
	return cmd
}

// showYears returns a function that shows how many years have been compared: a bar on a
// terminal, else a line every few seconds. Year is a format of both numbers.
func showYears(w io.Writer, year string) func(reconcile.Progress) {
	const width = 30
	terminal, last := present.IsTerminal(w), time.Now()
	return func(p reconcile.Progress) {
		switch {
		case p.Years == 0:
		case terminal:
			filled := p.Compared * width / p.Years
			fmt.Fprintf(w, "\rrecompute [%s%s] "+year, strings.Repeat("#", filled), strings.Repeat(" ", width-filled), p.Compared, p.Years)
			if p.Compared == p.Years {
				fmt.Fprintln(w)
			}
		case time.Since(last) >= progressInterval:
			fmt.Fprintf(w, "recompute: "+year+"\n", p.Compared, p.Years)
			last = time.Now()
		}
	}
}
