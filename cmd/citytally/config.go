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
		newConfigCheck(g),
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

func newConfigCheck(g *globals) *cobra.Command {
	var lang *languageFlag
	cmd := &cobra.Command{
		Use: "check [FILE]", Short: "Report every mistake in the settings at once", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path := g.config
			if len(args) > 0 {
				path = args[0]
			}
			if err := configs.Check(path, os.Environ()); err != nil {
				return app.Usage(err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), lang.language().Words().Setup.GoodSettings)
			return nil
		},
	}
	lang = langFlag(cmd)
	return cmd
}
