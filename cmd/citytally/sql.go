package main

import (
	"errors"
	"io"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

func newSQL(g *globals) *cobra.Command {
	t := &target{globals: g}
	var format string
	cmd := &cobra.Command{
		Use:   `sql "QUERY"`,
		Short: "Ask ClickHouse, as an analyst would",
		Long: `Run one query in ClickHouse and print its rows. Without an argument the query is
read from standard input.

Views to ask: totals_latest, totals (every version), observations_latest,
observations (every vintage), submissions, findings, runs, releases, areas,
indicators, datasets.`,
		Example: `  citytally sql "SELECT indicator, value, change FROM totals_latest WHERE period = '2021'"
  citytally sql "SHOW TABLES" --format csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("format", format, "table", "csv", "json"); err != nil {
				return err
			}
			query := strings.Join(args, "")
			if query == "" {
				text, err := io.ReadAll(cmd.InOrStdin())
				if err != nil {
					return err
				}
				query = string(text)
			}
			if strings.TrimSpace(query) == "" {
				return usage(errors.New(`no query: citytally sql "SELECT …"`))
			}
			if err := t.resolve(); err != nil {
				return err
			}
			store, err := t.store(cmd.Context(), zerolog.Nop())
			if err != nil {
				return err
			}
			defer store.Close()
			return store.Query(cmd.Context(), query, cmd.OutOrStdout(), format)
		},
	}
	t.dsnFlag(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table, csv or json")
	return cmd
}
