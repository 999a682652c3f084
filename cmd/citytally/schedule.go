package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
)

const scheduleLong = `Schedules are settings (transform.schedules): what is done when, in the settings' time
zone. Each time of one, a slot, is carried out once for ever, however many schedulers
run and however often they start; of slots that were missed the latest is made up for.

定时任务由设置项 transform.schedules 指定：list 列出，next 显示今后的时点，run 立即执行，
pause 暂停，resume 恢复，reminders 列出已发出的催报提醒。`

func newSchedule(g *globals) *cobra.Command {
	a := &client.Addresses{}
	cmd := &cobra.Command{
		Use: "schedule", Short: "See what is done when; run, pause and resume it", Long: scheduleLong,
		Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringVar(&a.NATS, "nats", "", "broker `URL`, instead of that of the instance on --dir")
	connect := func() (*client.Client, error) { return g.client(*a) }
	cmd.AddCommand(newScheduleList(connect), newScheduleNext(connect), newScheduleRun(connect), newSchedulePause(connect), newScheduleResume(connect), newScheduleReminders(connect))
	return cmd
}

func newScheduleList(connect connector) *cobra.Command {
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "list", Short: "List the schedules: when each fires next, its last run, and whether it is paused", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			printer, err := c.Printer(cmd.Context(), lang.language())
			if err != nil {
				return err
			}
			schedules, err := c.Schedules(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Schedules(cmd.OutOrStdout(), schedules, format.value)
		},
	}
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newScheduleNext(connect connector) *cobra.Command {
	n := 5
	cmd := &cobra.Command{
		Use: "next NAME", Short: "Print the next slots of a schedule", Args: cobra.ExactArgs(1),
		Example: `  citytally schedule next nightly -n 10`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			slots, err := c.NextSlots(args[0], time.Now(), n)
			for _, slot := range slots {
				fmt.Fprintln(cmd.OutOrStdout(), slot.Format(time.RFC3339))
			}
			return err
		},
	}
	cmd.Flags().IntVarP(&n, "number", "n", n, "how many")
	return cmd
}

func newScheduleRun(connect connector) *cobra.Command {
	wait := time.Hour
	var printer runPrinter
	cmd := &cobra.Command{
		Use: "run NAME", Short: "Do now what a schedule does, and print the record of the run",
		Long: `Ask for the job of a schedule within its bounds, wait for it, and print the record of
its run, which names you. The schedule's own slots stay as they are. A run that is
under way is waited for: no job runs twice at the same time.`,
		Example: `  citytally schedule run nightly`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			ctx, cancel := waitForRun(cmd.Context(), wait)
			defer cancel()
			run, err := c.RunSchedule(ctx, args[0])
			if err != nil {
				return err
			}
			return printer.run(cmd, c, &run)
		},
	}
	cmd.Flags().DurationVar(&wait, "wait", wait, "how long to wait for the run")
	printer.addFlags(cmd)
	return cmd
}

// waitForRun bounds how long the record of a run is waited for.
func waitForRun(ctx context.Context, wait time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, wait, fmt.Errorf("no run after %s; does a transform stage run? See: citytally status", wait))
}

// runPrinter prints the record of a run as its flags say.
type runPrinter struct {
	format *choice
	lang   *languageFlag
}

func (p *runPrinter) addFlags(cmd *cobra.Command) {
	p.format, p.lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
}

// run prints the record. A problem that the run has healed is printed with it, and is no error.
func (p *runPrinter) run(cmd *cobra.Command, c *client.Client, run *event.Run) error {
	// The record of a run that Ctrl-C has stopped is printed as well.
	printer, err := c.Printer(context.WithoutCancel(cmd.Context()), p.lang.language())
	if err != nil {
		return err
	}
	if err := printer.Run(cmd.OutOrStdout(), run, p.format.value); err != nil {
		return err
	}
	if run.Problem != "" && !run.Healed {
		return errors.New(run.Problem)
	}
	return nil
}

func newSchedulePause(connect connector) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "pause NAME --reason WHY", Short: "Hold a schedule back, at every scheduler and over restarts, until it is resumed",
		Example: `  citytally schedule pause nightly --reason "the disk is being replaced"`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return app.Usage(errors.New("--reason: want why it is paused, for those who ask later"))
			}
			c, err := connect()
			if err != nil {
				return err
			}
			if err := c.PauseSchedule(cmd.Context(), args[0], true, reason); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is paused, by %s: %s\n", args[0], app.CurrentPerson(), reason)
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who ask later")
	return cmd
}

func newScheduleResume(connect connector) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use: "resume NAME", Short: "Have a schedule go on; the latest slot that it missed is made up for within a minute",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := connect()
			if err != nil {
				return err
			}
			if err := c.PauseSchedule(cmd.Context(), args[0], false, reason); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s goes on, by %s\n", args[0], app.CurrentPerson())
			return nil
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who ask later")
	return cmd
}
