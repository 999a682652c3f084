package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/ledger"
)

func newExplain(g *globals) *cobra.Command {
	t := &target{globals: g}
	var period, area, asOf, format, lang string
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
			if err := oneOf("format", format, "text", "json"); err != nil {
				return err
			}
			lang, err := language(lang)
			if err != nil {
				return err
			}
			p, err := parsePeriod(period, "citytally explain "+args[0]+" --period 2021")
			if err != nil {
				return err
			}
			past, err := t.past()
			if err != nil {
				return err
			}
			defer past.disconnect()
			moment := ledger.Moment{}
			if moment.Received, err = parseAsOf(asOf, past.location); err != nil {
				return err
			}
			cell := ledger.Cell{Indicator: args[0], Period: p}
			if err := explainable(past.catalogue, cell, area); err != nil {
				return err
			}
			history, err := past.replay(cmd.Context(), moment, answer.KeepFor(past.catalogue, cell.Indicator))
			if err != nil {
				return err
			}
			e, _ := answer.Explain(past.catalogue, history, cell, area)
			if format == "json" {
				return printJSON(cmd.OutOrStdout(), e)
			}
			x := &explanation{Explanation: e, catalogue: past.catalogue, location: past.location, lang: lang, words: explainLanguages[lang]}
			x.print(cmd.OutOrStdout())
			return nil
		},
	}
	t.natsFlag(cmd)
	periodFlag(cmd, &period)
	asOfFlag(cmd, &asOf)
	flags := cmd.Flags()
	flags.StringVar(&area, "area", "", "tell the figures of this area `code` only")
	flags.StringVar(&format, "format", "text", "text or json")
	flags.StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// explainable checks that the catalogue has what is asked for.
func explainable(c *catalogue.Catalogue, cell ledger.Cell, area string) error {
	if _, ok := c.Indicator(cell.Indicator); !ok {
		return usage(fmt.Errorf("the catalogue has no indicator %q; citytally sql \"SELECT id, name_en FROM indicators\" lists them", cell.Indicator))
	}
	if _, ok := c.Area(area); area != "" && !ok {
		return usage(fmt.Errorf("--area: the catalogue has no area %q; citytally sql \"SELECT code, name_en FROM areas\" lists them", area))
	}
	return nil
}

// printJSON prints a value for programs, readable by people too.
func printJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}
