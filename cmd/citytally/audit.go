package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newAudit(g *globals) *cobra.Command {
	var a client.Addresses
	var s client.Selection
	var control string
	var all bool
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "audit --period PERIOD",
		Short: "Hold the city's totals against the figures that were published",
		Long: `Compare the latest city totals of a period, those of --as-of or of a --release,
with published figures, and the published figures with one another.

A published number is rounded: 4.6 stands for 4.55 up to 4.65, 近200 for what
comes near 200 from below. A total agrees when it lies where the published figure
stands. Then every ratio, every change on the year before, whole numbers of
enterprises and what the catalogue calls at_most are used to find published
figures that cannot be had from the others, and where figures have to lie that
were not published.

The control file is CSV with the columns id and value, and where there are any
qualifier, stage, change, change_kind and unit; other columns are passed over.
Without --control it is what was published of 淮安 for 2021.

The exit code is 4 when a total differs and nothing in the published figures tells
why. Published figures that contradict each other are listed, and do not fail.`,
		Example: `  citytally audit --period 2021
  citytally audit --period 2021 --all --lang zh
  citytally audit --period 2022 --control published-2022.csv --format json
  citytally audit --release 2021-bulletin`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.Check("citytally audit --period 2021"); err != nil {
				return err
			}
			c, err := g.client(a)
			if err != nil {
				return err
			}
			compared, err := c.ComparePublished(cmd.Context(), s, control)
			if err != nil {
				return err
			}
			printer, err := c.PrinterUnder(cmd.Context(), lang.language(), compared.Catalogue)
			if err != nil {
				return err
			}
			if err := printer.Published(cmd.OutOrStdout(), compared, format.value, all); err != nil {
				return err
			}
			if compared.Unexplained > 0 {
				return silentError(exitDiffers)
			}
			return nil
		},
	}
	dsnFlag(cmd, &a)
	natsFlag(cmd, &a)
	periodFlag(cmd, &s)
	asOfFlag(cmd, &s)
	flags := cmd.Flags()
	flags.StringVar(&s.Release, "release", "", "audit this `release` instead of the latest totals")
	flags.StringVar(&control, "control", "", "CSV `file` of published figures")
	flags.BoolVar(&all, "all", false, "list the figures that agree too")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
