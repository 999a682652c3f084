package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/ingest/stream"
)

// status is what citytally status tells.
type status struct {
	Instance *instance       `json:"instance,omitempty"`
	Streams  []stream.Status `json:"streams"`
	// Tables are the rows of each ClickHouse view; nil with a Problem when it
	// cannot be asked.
	Tables  map[string]uint64 `json:"tables,omitempty"`
	Problem string            `json:"problem,omitempty"`
}

func newStatus(g *globals) *cobra.Command {
	t := &target{globals: g}
	var format string
	var watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the pipeline holds and what each stage has yet to do",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := oneOf("format", format, "table", "json"); err != nil {
				return err
			}
			if err := t.resolve(); err != nil {
				return err
			}
			log, disconnect, err := t.log(zerolog.Nop())
			if err != nil {
				return err
			}
			defer disconnect()
			for {
				s, err := t.status(cmd.Context(), log)
				if err != nil {
					return err
				}
				if err := s.print(cmd.OutOrStdout(), format); err != nil || !watch {
					return err
				}
				select {
				case <-cmd.Context().Done():
					return nil
				case <-time.After(2 * time.Second):
				}
			}
		},
	}
	t.natsFlag(cmd)
	t.dsnFlag(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().BoolVar(&watch, "watch", false, "print again every two seconds until Ctrl-C")
	return cmd
}

func (t *target) status(ctx context.Context, log *stream.Log) (*status, error) {
	s := &status{}
	if t.searched == nil {
		s.Instance = &instance{PID: t.found.PID, StartedAt: t.found.StartedAt, Version: t.found.Version, HTTP: t.found.HTTP, NATS: t.found.NATS,
			ClickHouseHTTP: t.found.ClickHouseHTTP, ClickHouseNative: t.found.ClickHouseNative}
	}
	var err error
	if s.Streams, err = log.Statuses(ctx); err != nil {
		return nil, err
	}
	if s.Tables, err = t.tables(ctx); err != nil {
		s.Problem = err.Error()
	}
	return s, nil
}

func (t *target) tables(ctx context.Context) (map[string]uint64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 5*time.Second, fmt.Errorf("ClickHouse did not answer within 5s"))
	defer cancel()
	store, err := t.store(ctx, zerolog.Nop())
	if err != nil {
		return nil, err
	}
	defer store.Close()
	return store.Counts(ctx)
}

func (s *status) print(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(s)
	}
	if s.Instance != nil {
		fmt.Fprintf(w, "process %d since %s\n", s.Instance.PID, s.Instance.StartedAt.Local().Format(time.DateTime))
	}
	streams := newTable(w, table.Row{"stream", "messages", "newest", "reader", "to do", "in hand", "again"})
	for i := range s.Streams {
		st := &s.Streams[i]
		newest := ""
		if st.Messages > 0 {
			newest = st.LastAt.Local().Format(time.DateTime)
		}
		row := table.Row{st.Stream, st.Messages, newest}
		for _, name := range slices.Sorted(maps.Keys(st.Consumers)) {
			c := st.Consumers[name]
			streams.AppendRow(append(row, name, c.Pending, c.Delivered, c.Redelivered))
			row = table.Row{"", "", ""}
		}
		if len(st.Consumers) == 0 {
			streams.AppendRow(row)
		}
	}
	streams.Render()
	if s.Problem != "" {
		fmt.Fprintf(w, "ClickHouse: %s\n", s.Problem)
		return nil
	}
	tables := newTable(w, table.Row{"view", "rows"})
	for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
		tables.AppendRow(table.Row{name, s.Tables[name]})
	}
	tables.Render()
	return nil
}

// newTable returns a plain table in the program's one style.
func newTable(w io.Writer, header table.Row) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Format.Header = 0
	t.AppendHeader(header)
	return t
}
