package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/client"
)

func newTemplate(g *globals) *cobra.Command {
	var a client.Addresses
	var token, area, period, output string
	format := choice{value: "xlsx", words: []string{"xlsx", "csv"}}
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "template DATASET",
		Short: "Write a form to fill in and submit",
		Long: `Write a form for an area and a period of a dataset: an Excel workbook or a CSV
file with a row for each indicator, names in Chinese and English, units, and the
figures of the period before and of the year before beside the cells to fill in.

Fill in the form and send it as it is, with citytally submit, over HTTP or in the
browser. It says by itself whose figures they are, of which dataset and period.`,
		Example: `  citytally template sti-annual --area 320812 --period 2022
  citytally template sti-monthly --area 320812 --period 2022-03 --format csv --output form.csv`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := g.client(a)
			if err != nil {
				return err
			}
			gateway, err := c.Gateway(token, area)
			if err != nil {
				return err
			}
			form, err := client.Template(cmd.Context(), gateway, args[0], area, period, format.value, lang.language())
			if err != nil {
				return err
			}
			if output == "-" {
				_, err := cmd.OutOrStdout().Write(form)
				return err
			}
			if output == "" {
				output = args[0] + "." + format.value
			}
			return os.WriteFile(output, form, 0o644)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&a.Gateway, "url", "", "base `URL` of the gateway, instead of that of the instance on --dir")
	flags.StringVar(&area, "area", "", "`code` of the area, instead of the token's own")
	flags.StringVar(&period, "period", "", "`period` of the form; left out, the newest that has ended and is owed")
	flags.Var(&format, "format", "`format`: "+format.list())
	flags.StringVarP(&output, "output", "o", "", "`file` to write; - is standard output; left out, DATASET.xlsx here")
	flags.StringVar(&token, "token", os.Getenv("CITYTALLY_TOKEN"), "bearer `token` of the area")
	lang = langFlag(cmd)
	return cmd
}
