package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newSQL(g *globals) *cobra.Command {
	var a client.Addresses
	var format *choice
	var write bool
	cmd := &cobra.Command{
		Use:   `sql "QUERY"`,
		Short: "Ask ClickHouse, as an analyst would",
		Long: `Run one query in ClickHouse and print its rows. Without an argument the query is
read from standard input.

Views to ask: figures (with names, of the city and every area), total_parts,
release_changes, progress, totals_latest, totals (every version), observations_latest,
observations (every vintage), entities, submissions, findings, runs, releases, areas,
indicators, datasets; citytally docs querying has them all, with worked questions.

A statement that would change something is refused unless --write says that it may.

默认只读；确需修改数据时加 --write。`,
		Example: `  citytally sql "SELECT indicator, value, change FROM totals_latest WHERE period = '2021'"
  citytally sql "SHOW TABLES" --format csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := argument(args, 0)
			if query == "" {
				text, err := io.ReadAll(cmd.InOrStdin())
				if err != nil {
					return err
				}
				query = string(text)
			}
			if strings.TrimSpace(query) == "" {
				return app.Usage(errors.New(`no query: citytally sql "SELECT …"`))
			}
			c, err := g.client(a)
			if err != nil {
				return err
			}
			return c.Query(cmd.Context(), query, write, cmd.OutOrStdout(), format.value)
		},
	}
	dsnFlag(cmd, &a)
	cmd.Flags().BoolVar(&write, "write", false, "let the statement change data, tables or views")
	format = formatFlag(cmd, present.FormatTable, present.FormatCSV, present.FormatJSON)
	return cmd
}
