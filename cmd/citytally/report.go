package main

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
)

func newReport(g *globals) *cobra.Command {
	t := &target{globals: g}
	var period, format, lang string
	cmd := &cobra.Command{
		Use:   "report --period PERIOD",
		Short: "Print the city's totals for a period, with changes on the year before",
		Long: `Print the latest city totals of a period from ClickHouse, by programme, with the
change on the year before, how many of the expected areas have reported, and the
stage. Tables round as the catalogue says; JSON and CSV carry the exact figures.`,
		Example: `  citytally report --period 2021
  citytally report --period 2021 --lang zh --format md > 2021.md`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", format, "table", "json", "csv", "md"); err != nil {
				return err
			}
			lang, err := language(lang)
			if err != nil {
				return err
			}
			if period == "" {
				return usage(errors.New("no period: citytally report --period 2021"))
			}
			p, err := catalogue.ParsePeriod(period)
			if err != nil {
				return usage(err)
			}
			if err := t.resolve(); err != nil {
				return err
			}
			c, err := t.settings.LoadCatalogue()
			if err != nil {
				return usage(err)
			}
			store, err := t.store(cmd.Context(), zerolog.Nop())
			if err != nil {
				return err
			}
			defer store.Close()
			rows, err := store.Report(cmd.Context(), p.String())
			if err != nil {
				return err
			}
			r := &report{Period: p.String(), Totals: rows, catalogue: c, lang: lang}
			return r.write(cmd.OutOrStdout(), format)
		},
	}
	t.dsnFlag(cmd)
	flags := cmd.Flags()
	flags.StringVar(&period, "period", "", "`period` to report: 2021, 2021-S1, 2021-Q3, 2021-06 or 2021-YTD06")
	flags.StringVar(&format, "format", "table", "table, json, csv or md")
	flags.StringVar(&lang, "lang", "", "zh or en; default by the locale")
	return cmd
}

// report is the city's totals of one period. As JSON, figures are exact
// decimals as strings.
type report struct {
	Period string           `json:"period"`
	Totals []sink.ReportRow `json:"totals"`

	catalogue *catalogue.Catalogue
	lang      string
}

func (r *report) write(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(r)
	}
	r.render(w, format)
	return nil
}
