package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/configs"
)

func newConfig(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use: "config", Short: "Check or show the settings", Args: cobra.NoArgs,
		Example: `  citytally config check citytally.yaml
  citytally config show --config citytally.yaml`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		&cobra.Command{
			Use: "check [FILE]", Short: "Report every mistake in the settings at once", Args: cobra.MaximumNArgs(1),
			RunE: func(cmd *cobra.Command, args []string) error {
				path := g.config
				if len(args) > 0 {
					path = args[0]
				}
				if err := configs.Check(path, os.Environ()); err != nil {
					return app.Usage(err)
				}
				fmt.Fprintln(cmd.OutOrStdout(), "settings are good")
				return nil
			},
		},
		&cobra.Command{
			Use: "show", Short: "Print the settings in force, secrets masked", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				s, err := g.settings()
				if err != nil {
					return err
				}
				return configs.Show(s, cmd.OutOrStdout())
			},
		},
	)
	return cmd
}
