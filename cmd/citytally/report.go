package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newReport(g *globals) *cobra.Command {
	r := &reportFlags{globals: g}
	cmd := &cobra.Command{
		Use:   "report --period PERIOD",
		Short: "Print the city's totals for a period, with changes on the year before",
		Long: `Print the latest city totals of a period, by programme, with the change on the
year before, how many of the expected areas have reported, and the stage. Tables
round as the catalogue says; JSON and CSV carry the exact figures. Markdown and
HTML tell each total in a sentence too; the HTML page has charts and is one file
that loads nothing from elsewhere.

The latest totals come from ClickHouse. What was known at a time in the past
(--as-of), a release (--release) and the HTML page, with its past years and
areas, come from the log.`,
		Example: `  citytally report --period 2021
  citytally report --period 2021 --lang zh --format md > 2021.md
  citytally report --period 2021 --lang zh --format html > 2021.html
  citytally report --period 2021 --as-of 2022-02-15
  citytally report --release 2021-bulletin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.run(cmd) },
	}
	dsnFlag(cmd, &r.addresses)
	natsFlag(cmd, &r.addresses)
	periodFlag(cmd, &r.selection)
	asOfFlag(cmd, &r.selection)
	cmd.Flags().StringVar(&r.selection.Release, "release", "", "print this `release` instead of the latest totals")
	r.outputFlags(cmd)
	return cmd
}

// reportFlags are those of report and of release show.
type reportFlags struct {
	globals   *globals
	addresses client.Addresses
	selection client.Selection
	format    *choice
	lang      *languageFlag
}

func (r *reportFlags) outputFlags(cmd *cobra.Command) {
	r.format = formatFlag(cmd, present.FormatTable, present.FormatJSON, present.FormatCSV, present.FormatMarkdown, present.FormatHTML)
	r.lang = langFlag(cmd)
}

func (r *reportFlags) run(cmd *cobra.Command) error {
	if err := r.selection.Check("citytally report --period 2021"); err != nil {
		return err
	}
	c, err := r.globals.client(r.addresses)
	if err != nil {
		return err
	}
	report, err := c.Report(cmd.Context(), r.selection, r.format.value == present.FormatHTML)
	if err != nil {
		return err
	}
	printer, err := c.PrinterUnder(cmd.Context(), r.lang.language(), report.Catalogue())
	if err != nil {
		return err
	}
	return printer.Report(cmd.OutOrStdout(), report, r.format.value)
}
