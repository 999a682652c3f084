package main

import (
	"errors"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/cmd/citytally/app"
	"github.com/citytally/citytally/cmd/citytally/client"
	"github.com/citytally/citytally/cmd/citytally/present"
)

func newReplay(g *globals) *cobra.Command {
	var a client.Addresses
	var into string
	var format *choice
	cmd := &cobra.Command{
		Use:   "replay --into clickhouse",
		Short: "Drop what ClickHouse holds and fill it from the log again",
		Long: `Drop the tables and views of this program in ClickHouse, create them anew and
fill them from the log: after tables were damaged or lost, or for an empty server.

The pipeline may go on meanwhile; what arrives is stored as ever. Until the
command is done, answers from ClickHouse are incomplete. Killed, it goes on where
it had come to when it is called again. Verdicts and totals come back as far as
the log keeps them (streams.verdicts_for, streams.totals_for); for totals older
than that, run citytally recompute afterwards.

清空 ClickHouse 中本程序的表和视图，并从日志重建；期间可继续报送，中断后再次运行即从断点继续。`,
		Example: "  citytally replay --into clickhouse",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if into != "clickhouse" {
				return app.Usage(errors.New("want --into clickhouse, to say what is dropped and filled again"))
			}
			s, logger, err := g.logger(cmd)
			if err != nil {
				return err
			}
			c, err := client.New(s, a)
			if err != nil {
				return err
			}
			rebuilt, err := c.Rebuild(cmd.Context(), logger)
			if err != nil {
				return err
			}
			if format.value == present.FormatJSON {
				return present.JSON(cmd.OutOrStdout(), rebuilt)
			}
			rows := present.NewTable(cmd.OutOrStdout(), table.Row{"stream", "from", "to", "messages", "rows", "unreadable"})
			for _, r := range rebuilt {
				rows.AppendRow(table.Row{r.Stream, r.From, r.To, r.Messages, r.Rows, r.Unreadable})
			}
			rows.Render()
			return nil
		},
	}
	natsFlag(cmd, &a)
	dsnFlag(cmd, &a)
	cmd.Flags().StringVar(&into, "into", "", "what to fill again: clickhouse")
	format = formatFlag(cmd, present.FormatTable, present.FormatJSON)
	return cmd
}
