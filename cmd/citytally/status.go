package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/reconcile"
)

// status is what citytally status tells.
type status struct {
	Instance *instance       `json:"instance,omitempty"`
	Streams  []stream.Status `json:"streams"`
	// Tables are the rows of each ClickHouse view; nil with a Problem when it
	// cannot be asked.
	Tables  map[string]uint64 `json:"tables,omitempty"`
	Problem string            `json:"problem,omitempty"`
	// Conservation says whether everything received is accounted for; nil with a
	// Problem.
	Conservation *reconcile.Conservation `json:"conservation,omitempty"`
	// NotReady are the parts of the instance that cannot work now, and why.
	NotReady []partHealth `json:"not_ready,omitempty"`
	// Waiting are the messages that a stage has yet to deal with, the oldest
	// first, not more than a few for each stage.
	Waiting []waiting `json:"waiting,omitempty"`
}

func newStatus(g *globals) *cobra.Command {
	t := &target{globals: g}
	var format string
	var watch bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the pipeline holds and what each stage has yet to do",
		Long: `Show what the streams hold and how far each of their readers has come; which
submissions wait, for which stage, and since when; and whether everything that
was received is accounted for: received = judged + pending, and every accepted
row is in ClickHouse.`,
		Example: `  citytally status
  citytally status --watch
  citytally status --format json`,
		Args: cobra.NoArgs,
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
			if watch {
				return t.watch(cmd.Context(), log, cmd.OutOrStdout(), format)
			}
			s, err := t.status(cmd.Context(), log, nil)
			if err != nil {
				return err
			}
			return s.print(cmd.OutOrStdout(), format)
		},
	}
	t.natsFlag(cmd)
	t.dsnFlag(cmd)
	cmd.Flags().StringVar(&format, "format", "table", "table or json")
	cmd.Flags().BoolVar(&watch, "watch", false, "print again every two seconds until Ctrl-C")
	return cmd
}

// status asks the broker and ClickHouse. A conservation that was found a moment
// ago need not be found again.
func (t *target) status(ctx context.Context, log *stream.Log, known *reconcile.Conservation) (*status, error) {
	s := &status{}
	if t.searched == nil {
		s.Instance = &instance{PID: t.found.PID, StartedAt: t.found.StartedAt, Version: t.found.Version, HTTP: t.found.HTTP, NATS: configs.Mask(t.found.NATS),
			ClickHouseHTTP: t.found.ClickHouseHTTP, ClickHouseNative: t.found.ClickHouseNative, Operations: t.found.Operations}
	}
	var err error
	if s.Streams, err = log.Statuses(ctx); err != nil {
		return nil, err
	}
	if s.Waiting, err = waitingMessages(ctx, log); err != nil {
		return nil, err
	}
	s.NotReady = notReady(ctx, t.found.Operations)
	s.Conservation = known
	if err := t.shown(ctx, log, s); err != nil {
		s.Problem = clickhouseProblem(err)
	}
	return s, nil
}

// notReady asks the instance which of its parts cannot work now. Where it cannot
// be asked, the other answers have to do.
func notReady(ctx context.Context, operations string) []partHealth {
	if operations == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 2*askTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, operations+"/readyz", nil)
	if err != nil {
		return nil
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil
	}
	defer response.Body.Close()
	var told struct{ Parts []partHealth }
	if err := json.NewDecoder(response.Body).Decode(&told); err != nil {
		return nil
	}
	return slices.DeleteFunc(told.Parts, func(a partHealth) bool { return a.Ready })
}

// clickhouseProblem is an error of ClickHouse without the query it is about, and
// what to do.
func clickhouseProblem(err error) string {
	text, _, _ := strings.Cut(err.Error(), " in scope SELECT")
	return text + "; " + sink.Advice(err)
}

// How long ClickHouse may take to count.
const countTimeout = 30 * time.Second

// shown adds what ClickHouse shows.
func (t *target) shown(ctx context.Context, log *stream.Log, s *status) error {
	ctx, cancel := context.WithTimeoutCause(ctx, countTimeout, fmt.Errorf("ClickHouse did not answer within %s", countTimeout))
	defer cancel()
	opening, opened := context.WithTimeoutCause(ctx, 5*time.Second, errors.New("ClickHouse did not answer within 5s"))
	defer opened()
	store, err := t.store(opening, zerolog.Nop())
	if err != nil {
		return err
	}
	defer store.Close()
	if s.Tables, err = store.Counts(ctx); err != nil || s.Conservation != nil {
		return err
	}
	s.Conservation, err = reconcile.CheckConservation(ctx, log, &sink.Projection{Store: store, Log: log}, time.Now())
	return err
}

func (s *status) print(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(s)
	}
	if i := s.Instance; i != nil {
		fmt.Fprintf(w, "process %d since %s\n", i.PID, i.StartedAt.Local().Format(time.DateTime))
		for _, at := range []struct{ what, address string }{
			{"gateway", i.HTTP}, {"NATS", i.NATS}, {"ClickHouse", i.ClickHouseHTTP}, {"native protocol", i.ClickHouseNative}, {"operations", i.Operations},
		} {
			if at.address != "" {
				fmt.Fprintf(w, "  %-15s  %s\n", at.what, at.address)
			}
		}
	}
	for _, a := range s.NotReady {
		for why := range strings.Lines(a.Why) {
			fmt.Fprintf(w, "NOT READY: %s: %s\n", a.Part, strings.TrimSpace(why))
		}
	}
	s.printStreams(w)
	s.printWaiting(w, time.Now())
	if s.Problem != "" {
		fmt.Fprintf(w, "ClickHouse: %s\n", s.Problem)
		return nil
	}
	tables := newTable(w, table.Row{"view", "rows"})
	for _, name := range slices.Sorted(maps.Keys(s.Tables)) {
		tables.AppendRow(table.Row{name, s.Tables[name]})
	}
	tables.Render()
	s.printConservation(w)
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
