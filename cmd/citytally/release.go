package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/transform/answer"
)

func newRelease(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "release",
		Short: "Freeze city totals under a name for publication, and compare them with today",
		Long: `A release is a period's city totals as they are at one moment, kept in the log for
ever under a name. A later revision never alters it, and a name is given once.
"release diff" tells what is different today, and which submissions made it so.`,
		Example: `  citytally release create 2021-bulletin --period 2021 --note "statistical bulletin"
  citytally release list
  citytally release diff 2021-bulletin
  citytally report --release 2021-bulletin --format html > bulletin.html`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReleaseCreate(g), newReleaseList(g), newReleaseShow(g), newReleaseDiff(g))
	return cmd
}

func newReleaseCreate(g *globals) *cobra.Command {
	var a client.Addresses
	var s client.Selection
	var n answer.ReleaseRequest
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "create NAME --period PERIOD",
		Short: "Freeze a period's city totals under a name",
		Long: `Freeze the period's city totals, with the figures that went into each, under a
name of letters, digits, - and _. The same totals once more under the same name
change nothing; other totals are refused.

Totals that their coverage policy withholds, for instance because an area is
missing, and those that follow from years to date that fell below zero, stop the
release, unless --with names them or --force lets all of them out, marked as they
are. So do indicators that nobody has reported anything for, unless --absent names them; the
release says for ever that they were absent.`,
		Example: `  citytally release create 2021-bulletin --period 2021
  citytally release create 2021-flash --period 2021 --as-of 2022-01-20 --note "press conference"`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			n.Name = args[0]
			if err := client.CheckReleaseName(n.Name); err != nil {
				return err
			}
			if err := s.Check("citytally release create " + n.Name + " --period 2021"); err != nil {
				return err
			}
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			created, err := c.CreateRelease(cmd.Context(), s, n, printer)
			if err != nil {
				return err
			}
			printer.PrintUnjudged(cmd.ErrOrStderr(), created.Unjudged)
			printer.PrintReleased(cmd.OutOrStdout(), created.Release, created.Repeated)
			return nil
		},
	}
	natsFlag(cmd, &a)
	periodFlag(cmd, &s)
	asOfFlag(cmd, &s)
	cmd.Flags().StringVar(&n.Note, "note", "", "what the release is for")
	cmd.Flags().StringSliceVar(&n.Absent, "absent", nil, "indicators that the release is known to lack, as rd,gdp")
	cmd.Flags().StringSliceVar(&n.With, "with", nil, "indicators to release though they are not publishable, as rd,gdp")
	cmd.Flags().BoolVar(&n.Force, "force", false, "release all totals that are not publishable too")
	lang = langFlag(cmd)
	return cmd
}

func newReleaseList(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "list", Short: "List the releases", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			releases, err := c.Releases(cmd.Context())
			if err != nil {
				return err
			}
			return printer.Releases(cmd.OutOrStdout(), releases, format.value)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}

func newReleaseShow(g *globals) *cobra.Command {
	r := &reportFlags{globals: g}
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Print a release, as report --release does", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.selection.Release = args[0]
			return r.run(cmd)
		},
	}
	natsFlag(cmd, &r.addresses)
	r.outputFlags(cmd)
	return cmd
}

func newReleaseDiff(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "diff NAME",
		Short: "List the totals that are different today, and which submissions made them so",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, printer, err := g.asking(cmd, a, lang)
			if err != nil {
				return err
			}
			diff, err := c.CompareRelease(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return printer.ReleaseDiff(cmd.OutOrStdout(), diff, format.value)
		},
	}
	natsFlag(cmd, &a)
	format, lang = formatFlag(cmd, present.FormatText, present.FormatJSON), langFlag(cmd)
	return cmd
}
