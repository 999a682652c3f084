package main

import (
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/demo"
)

func newDemo(g *globals) *cobra.Command {
	var a listenFlags
	var keep bool
	var lang *languageFlag
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See the whole pipeline work, on sample figures of 淮安",
		Long: `Start everything, send the sample submissions of every area of 淮安 for 2020, 2021
and the months of 2021 over HTTP, wait until the city totals are in ClickHouse, and print the
report for 2021 from there. District figures are synthetic; they add up to the
city figures that were published.

The first run fetches the ClickHouse engine (about 178 MB) with npm, once.`,
		Example: `  citytally demo
  citytally demo --keep`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := g.settings()
			if err != nil {
				return err
			}
			if g.config == "" {
				demo.Isolate(s, g.dir != "", g.level.value != "")
			}
			if err := a.apply(cmd, s); err != nil {
				return err
			}
			logger, err := app.NewLogger(cmd.ErrOrStderr(), s.Log)
			if err != nil {
				return err
			}
			return demo.Run(cmd.Context(), s, logger, cmd.OutOrStdout(), lang.language(), keep)
		},
	}
	a.flags(cmd)
	cmd.Flags().BoolVar(&keep, "keep", false, "leave it running until Ctrl-C")
	lang = langFlag(cmd)
	return cmd
}
