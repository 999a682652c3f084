package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
)

func newCatalogue(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "catalogue", Short: "Check, compare and apply catalogues: who reports what, and when", Args: cobra.NoArgs,
		Long: `A catalogue is a YAML file: the areas of a city with their history, the indicators
and how their city totals come about, and the datasets they are reported in. The
one in use is that in force in the log of the running instance; where nothing runs,
that of the settings (catalogue:), or the built-in one of 淮安.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newCatalogueCheck(g), newCatalogueShow(g), newCatalogueDiff(g), newCatalogueApply(g), newCatalogueHistory(g))
	return cmd
}

// catalogue loads the catalogue at path; "" is the one in use.
func (g *globals) catalogue(ctx context.Context, path string) (*catalogue.Catalogue, error) {
	if path != "" {
		c, err := catalogue.Load(path)
		if err != nil {
			return nil, catalogueMistakes(path, err)
		}
		return c, nil
	}
	c, err := g.client(client.Addresses{})
	if err != nil {
		return nil, err
	}
	return c.Catalogue(ctx)
}

func catalogueMistakes(path string, err error) error {
	if all := strict.Flatten(err); len(all) > 1 {
		return app.Usage(fmt.Errorf("%s: %d mistakes\n%w", path, len(all), err))
	}
	return app.Usage(err)
}

func newCatalogueCheck(g *globals) *cobra.Command {
	return &cobra.Command{
		Use: "check [FILE]", Short: "Report every mistake in a catalogue at once", Args: cobra.MaximumNArgs(1),
		Long: `Read a catalogue and report everything that is wrong in it, each with its line:
unknown keys and references, ids that occur twice, areas whose times overlap or
that have no host, ratios that go round in a circle or whose units do not fit,
indicators that no dataset takes as often as they say. Without FILE it is the
catalogue in use. The exit code is 2 when there are mistakes.`,
		Example: "  citytally catalogue check our-city.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.catalogue(cmd.Context(), argument(args, 0))
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "catalogue is good: %d areas, %d datasets, %d indicators in %d programmes; version %s\n",
				len(c.Areas), len(c.Datasets), len(c.Indicators), len(c.Programmes), c.Version())
			return nil
		},
	}
}

// argument returns the argument with the number, from 0; "" where there is none.
func argument(args []string, number int) string {
	if number < len(args) {
		return args[number]
	}
	return ""
}

func newCatalogueShow(g *globals) *cobra.Command {
	var version string
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "show [FILE]", Short: "Print a catalogue, with what was left out filled in", Args: cobra.MaximumNArgs(1),
		Long: `Print a catalogue with its defaults filled in: as tables, as YAML that is a
catalogue again, or as JSON. Without FILE it is the catalogue in use, or the one of
a version that was in force.`,
		Example: `  citytally catalogue show --lang zh
  citytally catalogue show --format yaml > our-city.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.shownCatalogue(cmd.Context(), argument(args, 0), version)
			if err != nil {
				return err
			}
			printer := &present.Printer{Catalogue: c, Language: lang.language()}
			return printer.WholeCatalogue(cmd.OutOrStdout(), format.value)
		},
	}
	cmd.Flags().StringVar(&version, "version", "", "`version` of a catalogue that was in force")
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON, present.FormatYAML), langFlag(cmd)
	return cmd
}

// shownCatalogue loads the catalogue at path; without a path, that of a version which was in
// force, or the one in use.
func (g *globals) shownCatalogue(ctx context.Context, path, version string) (*catalogue.Catalogue, error) {
	switch {
	case version == "":
		return g.catalogue(ctx, path)
	case path != "":
		return nil, app.Usage(errors.New("--version is of a catalogue that was in force; leave out FILE"))
	}
	c, err := g.client(client.Addresses{})
	if err != nil {
		return nil, err
	}
	return c.CatalogueOf(ctx, version)
}

func newCatalogueDiff(g *globals) *cobra.Command {
	var format *choice
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "diff FROM [TO]", Short: "List what differs between two catalogues, and what it does to totals", Args: cobra.RangeArgs(1, 2),
		Long: `List what was added, removed, changed or moved from one catalogue to another, and
what each difference does: to the totals themselves, to changes on the year
before, to whether totals may be published, to what is accepted, or only to what
is shown. Without TO it is the catalogue in use. What it would do to the totals
there are, "citytally catalogue apply" tells.`,
		Example: "  citytally catalogue diff our-city-2021.yaml our-city-2022.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			for i, path := range args {
				if _, err := os.Stat(path); err != nil {
					return app.Usage(fmt.Errorf("%s: %w", [...]string{"FROM", "TO"}[i], err))
				}
			}
			before, err := g.catalogue(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			after, err := g.catalogue(cmd.Context(), argument(args, 1))
			if err != nil {
				return err
			}
			printer := &present.Printer{Catalogue: after, Language: lang.language()}
			return printer.CatalogueDiff(cmd.OutOrStdout(), before, after, format.value)
		},
	}
	format, lang = formatFlag(cmd, present.FormatTable, present.FormatJSON), langFlag(cmd)
	return cmd
}
