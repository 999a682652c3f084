package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/event"
)

func newReceipt(g *globals) *cobra.Command {
	var a client.Addresses
	var token, area, place string
	var wait time.Duration
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "receipt ID",
		Short: "Print what became of a submission",
		Long: `Print the receipt of a submission by its id, and its verdict once there is one:
how far it has come (judged, in the totals, in ClickHouse), how many rows were
accepted, what they changed, and what is wrong with the others. With the place that
an earlier receipt has, a log that was replaced or went back to an older state since
is told.`,
		Example: `  citytally receipt 5f0c8d3b7a914e62a1d09c34be57f680 --area 320812
  citytally receipt 5f0c8d3b7a914e62a1d09c34be57f680 --area 320812 --place k3w8q1zb6m2ha.1.42`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			gateway, err := c.Gateway(token, area)
			if err != nil {
				return err
			}
			receipt, err := client.Receipt(cmd.Context(), gateway, args[0], place, wait, lang.language())
			if err != nil {
				return err
			}
			present.Receipt(cmd.OutOrStdout(), receipt, client.IndicatorNames(cmd.Context(), gateway, lang.language()), lang.language())
			if receipt.Verdict != nil && receipt.Status != string(event.AllAccepted) {
				return silentError(exitRefused)
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&a.Gateway, "url", "", "base `URL` of the gateway, instead of that of the instance on --dir")
	flags.StringVar(&area, "area", "", "`code` of the area whose token of the instance's tokens file is taken")
	flags.StringVar(&token, "token", os.Getenv("CITYTALLY_TOKEN"), "bearer `token` of the area")
	flags.StringVar(&place, "place", "", "`place` in the log that an earlier receipt has: the submission has to be there")
	flags.DurationVar(&wait, "wait", 10*time.Second, "how long to try a gateway that does not answer")
	lang = langFlag(cmd)
	return cmd
}
