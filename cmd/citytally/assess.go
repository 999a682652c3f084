package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newAssess(g *globals) *cobra.Command {
	var a client.Addresses
	var s client.Selection
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "assess CARD --period PERIOD",
		Short: "Score and rank the areas by a scorecard",
		Long: `Score the areas for a period by a scorecard: a YAML file of indicators with their
weights, targets, directions and caps; configs/sample/card.yaml explains every key.

At the target an indicator gives its weight, pro rata below, and a bonus above up
to the cap. Ratios are of the area's own figures. Areas whose sums read the same
share a rank; an area of which a figure is missing is listed with what is missing,
and has no rank.

The figures are the best there are in the log now, at --as-of, or when --release
was made, which then names the period; the result says which.`,
		Example: `  citytally assess configs/sample/card.yaml --period 2021
  citytally assess card.yaml --period 2021 --as-of 2022-02-15 --lang zh
  citytally assess card.yaml --release 2021-bulletin --format csv > scores.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.Check("citytally assess " + args[0] + " --period 2021"); err != nil {
				return err
			}
			c, err := g.client(a)
			if err != nil {
				return err
			}
			assessment, err := c.Assess(cmd.Context(), args[0], s)
			if err != nil {
				return err
			}
			printer, err := c.PrinterUnder(cmd.Context(), lang.language(), assessment.Catalogue)
			if err != nil {
				return err
			}
			return printer.Assessment(cmd.OutOrStdout(), assessment, format.value)
		},
	}
	natsFlag(cmd, &a)
	periodFlag(cmd, &s)
	asOfFlag(cmd, &s)
	cmd.Flags().StringVar(&s.Release, "release", "", "assess by what this `release` was made of")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON, present.FormatCSV), langFlag(cmd)
	return cmd
}
