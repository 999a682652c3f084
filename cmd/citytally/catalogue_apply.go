package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newCatalogueApply(g *globals) *cobra.Command {
	var a client.Addresses
	var reason string
	var dryRun bool
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "apply FILE", Short: "Tell what a catalogue does to the totals, and put it in force", Args: cobra.ExactArgs(1),
		Long: `Tell what a catalogue would do to the totals that there are: which become other
ones, which are withdrawn, which come anew, and which figures do not convert into
its units; and whether the rules and the calendar in use fit it. Nothing is changed without
a reason, nor with --dry-run.

With --reason the catalogue is put in force at one place of the log. Every stage
changes over there, without a restart: what was judged before keeps its verdict,
figures keep the unit that they were reported in and are converted when they are
read, and all totals are computed anew or withdrawn. A report as of a time before
answers under the catalogue of that time. While figures do not convert, the
catalogue is refused: it says how they do, with converts at the indicator. What would be
refused is refused without a reason, too.`,
		Example: `  citytally catalogue apply our-city-2022.yaml
  citytally catalogue apply our-city-2022.yaml --reason "2022年报表制度"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			to, err := g.catalogue(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if dryRun {
				reason = ""
			}
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			applied, err := c.ApplyCatalogue(cmd.Context(), to, reason, printer)
			if applied == nil {
				return err
			}
			printer.Catalogue = to
			if failed := printer.AppliedCatalogue(cmd.OutOrStdout(), applied, format.value); failed != nil {
				return failed
			}
			return err
		},
	}
	natsFlag(cmd, &a)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who ask later; puts the catalogue in force")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "tell what it would do, and change nothing, whatever --reason says")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newCatalogueHistory(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "history", Short: "List the catalogues that have been in force", Args: cobra.NoArgs,
		Long: `List the catalogues that have been in force, the oldest first: from which message of
ACCEPTED on, since when, by whom, and why. "citytally catalogue show --version"
prints one of them.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			editions, err := c.CatalogueHistory(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Editions(cmd.OutOrStdout(), editions, format.value)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
