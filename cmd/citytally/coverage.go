package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/cmd/citytally/present/obligation"
	"github.com/citytally/citytally/sink/coverage"
)

func newCoverage(g *globals) *cobra.Command {
	var a client.Addresses
	var selection client.Selection
	var filter coverage.Filter
	var scores bool
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "coverage --period PERIOD", Short: "Show who has reported what is owed, how late and how well",
		Long: `Show what has become of everything that is owed for a period: how many of the
indicators owed are there, which are missing, what was refused or is held, and how
late it is. --scores shows for the period's year how much of what was due was
complete in time, how many rows were refused and how often figures were revised, by
area. Analysts find the same in the views coverage and coverage_scores.`,
		Example: `  citytally coverage --period 2021
  citytally coverage --period 2026-YTD09 --area 320812 --format json
  citytally coverage --period 2026 --scores`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := selection.Check("citytally coverage --period 2021"); err != nil {
				return err
			}
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			out := &obligation.Printer{Printer: printer}
			if scores {
				rows, err := c.Scores(cmd.Context(), &selection, filter.Area)
				if err != nil {
					return err
				}
				return out.Scores(cmd.OutOrStdout(), rows, format.value)
			}
			rows, err := c.Coverage(cmd.Context(), &selection, filter)
			if err != nil {
				return err
			}
			return out.Coverage(cmd.OutOrStdout(), rows, format.value)
		},
	}
	dsnFlag(cmd, &a)
	periodFlag(cmd, &selection)
	flags := cmd.Flags()
	flags.StringVar(&filter.Area, "area", "", "only the area with this `code`")
	flags.StringVar(&filter.Dataset, "dataset", "", "only this `dataset`")
	flags.BoolVar(&scores, "scores", false, "show timeliness and quality by area, for the period's year")
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON, present.FormatCSV)
	lang = langFlag(cmd)
	return cmd
}
