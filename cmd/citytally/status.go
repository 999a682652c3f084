package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newStatus(g *globals) *cobra.Command {
	var a client.Addresses
	var watch, secrets bool
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the pipeline holds and what each stage has yet to do",
		Long: `Show what the streams hold and how far each of their readers has come; which
submissions wait, for which stage, and since when; and whether everything that
was received is accounted for: received = judged + pending, and every accepted
row is in ClickHouse.

With --secrets it prints instead the users of this program's own servers and their
secrets, from the data directory; keep them to yourself.`,
		Example: `  citytally status
  citytally status --watch
  citytally status --format json
  citytally status --secrets`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			if secrets {
				return c.PrintSecrets(cmd.OutOrStdout(), format.value)
			}
			if watch {
				return c.WatchStatus(cmd.Context(), cmd.OutOrStdout(), lang.language(), format.value)
			}
			return c.PrintStatus(cmd.Context(), cmd.OutOrStdout(), lang.language(), format.value)
		},
	}
	natsFlag(cmd, &a)
	dsnFlag(cmd, &a)
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	lang = langFlag(cmd)
	cmd.Flags().BoolVar(&watch, "watch", false, "print again every two seconds until Ctrl-C")
	cmd.Flags().BoolVar(&secrets, "secrets", false, "print the secrets of this program's own servers instead")
	cmd.MarkFlagsMutuallyExclusive("watch", "secrets")
	return cmd
}
