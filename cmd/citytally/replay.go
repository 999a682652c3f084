package main

import (
	"errors"
	"fmt"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

func newReplay(g *globals) *cobra.Command {
	t := &target{globals: g}
	var into, format string
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
				return usage(errors.New("want --into clickhouse, to say what is dropped and filled again"))
			}
			if err := oneOf("format", format, "table", "json"); err != nil {
				return err
			}
			if err := t.resolve(); err != nil {
				return err
			}
			c, err := t.settings.LoadCatalogue()
			if err != nil {
				return usage(err)
			}
			logger, err := newLogger(cmd.ErrOrStderr(), t.settings.Log)
			if err != nil {
				return usage(err)
			}
			log, disconnect, err := t.log(logger)
			if err != nil {
				return err
			}
			defer disconnect()
			store, err := t.store(cmd.Context(), logger)
			if err != nil {
				return err
			}
			defer store.Close()
			rebuilt, err := store.Rebuild(cmd.Context(), log, c, t.settings.Sink, logger)
			if err != nil {
				return fmt.Errorf("%w; call it again to go on", err)
			}
			if format == "json" {
				return printJSON(cmd.OutOrStdout(), rebuilt)
			}
			rows := newTable(cmd.OutOrStdout(), table.Row{"stream", "from", "to", "messages", "rows", "unreadable"})
			for _, r := range rebuilt {
				rows.AppendRow(table.Row{r.Stream, r.From, r.To, r.Messages, r.Rows, r.Unreadable})
			}
			rows.Render()
			return nil
		},
	}
	t.natsFlag(cmd)
	t.dsnFlag(cmd)
	cmd.Flags().StringVar(&into, "into", "", "what to fill again: clickhouse")
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	return cmd
}
