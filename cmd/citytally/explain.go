package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newExplain(g *globals) *cobra.Command {
	var a client.Addresses
	var s client.Selection
	var area string
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "explain INDICATOR --period PERIOD",
		Short: "Tell what a city total follows from, figure by figure",
		Long: `Print the tree of a city total: the rule, every area's figure with its stage, the
submission that brought it, who sent it when, and its row in the file; the figures
that it took the place of; the figures that were reported and not added, with the
reason; the areas that are missing; and the same for the year before, the base of
the change. Both sums of a ratio are told. Figures are exact, not rounded.

It answers from the log, so also for any time in the past (--as-of).`,
		Example: `  citytally explain rd_intensity --period 2021
  citytally explain gdp --period 2021 --area 320812 --as-of 2022-02-15`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.Check("citytally explain " + args[0] + " --period 2021"); err != nil {
				return err
			}
			c, err := g.client(a)
			if err != nil {
				return err
			}
			explanation, err := c.Explain(cmd.Context(), args[0], s, area)
			if err != nil {
				return err
			}
			printer, err := c.PrinterUnder(cmd.Context(), lang.language(), explanation.Catalogue)
			if err != nil {
				return err
			}
			return printer.Explanation(cmd.OutOrStdout(), explanation, format.value)
		},
	}
	natsFlag(cmd, &a)
	periodFlag(cmd, &s)
	asOfFlag(cmd, &s)
	cmd.Flags().StringVar(&area, "area", "", "tell the figures of this area `code` only")
	format, lang = formatFlag(cmd, present.FormatText, present.FormatJSON), langFlag(cmd)
	return cmd
}
