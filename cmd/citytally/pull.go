package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/pull"
)

func newPull(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pull",
		Short: "Look at the sources that files are fetched from, and fetch one now",
		Long: `Files are fetched from the sources in the settings (pull.sources), each on its
schedule, by the stage collect of a running process. What is as it was the last
time is not sent again.`,
	}
	cmd.AddCommand(newPullList(g), newPullRun(g))
	return cmd
}

func newPullList(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the sources, when each is fetched, and what became of the last run",
		Example: `  citytally pull list`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			sources, err := c.Sources(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Sources(cmd.OutOrStdout(), sources, format.value)
		},
	}
	natsFlag(cmd, &a)
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	lang = langFlag(cmd)
	return cmd
}

func newPullRun(g *globals) *cobra.Command {
	var a client.Addresses
	var wait time.Duration
	var format *choice
	cmd := &cobra.Command{
		Use:   "run NAME",
		Short: "Have a source fetched now, and print what became of it",
		Long: `Have a source of the settings fetched now by a running process, and print what
the run came to: unchanged, sent, refused, or failed and why. The exit code is 4
where something of it was not accepted, and 1 where it failed.`,
		Example: `  citytally pull run huaiyin`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			run, err := c.Pull(cmd.Context(), args[0], wait)
			if err != nil {
				return err
			}
			if err := present.PullRun(cmd.OutOrStdout(), run, format.value); err != nil {
				return err
			}
			switch run.Outcome {
			case pull.Refused:
				return silentError(exitRefused)
			case pull.Failed:
				return silentError(exitFailure)
			}
			return nil
		},
	}
	natsFlag(cmd, &a)
	cmd.Flags().DurationVar(&wait, "wait", 2*time.Minute, "how long to wait for the run to end")
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	return cmd
}
