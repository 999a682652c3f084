package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/reconcile"
	"github.com/citytally/citytally/transform/tally"
)

// waiting is a message that a stage has yet to deal with.
type waiting struct {
	// For is what it waits for: validate, tally, or insert.
	For     string `json:"for"`
	Stream  string `json:"stream"`
	Area    string `json:"area"`
	Dataset string `json:"dataset"`
	// Submission is its id; "" where the message holds several or names none.
	Submission string    `json:"submission,omitempty"`
	Sequence   uint64    `json:"sequence"`
	Since      time.Time `json:"since"`
	AgeSeconds float64   `json:"age_seconds"`
}

// How many waiting messages of each stage are named; the others are counted in
// the table of streams.
const namedWaiting = 20

// waitingMessages names what waits for each stage.
func waitingMessages(ctx context.Context, log *stream.Log) ([]waiting, error) {
	var all []waiting
	for _, stage := range []struct{ what, stream, consumer string }{
		{"validate", stream.Submissions, judge.Consumer},
		{"tally", stream.Accepted, tally.Consumer},
		{"insert", stream.Accepted, sink.AcceptedConsumer},
		{"insert", stream.Verdicts, sink.VerdictsConsumer},
	} {
		messages, err := log.WaitingFor(ctx, stage.stream, stage.consumer, namedWaiting)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			all = append(all, waiting{
				For: stage.what, Stream: stage.stream, Area: m.Origin.Area, Dataset: m.Origin.Dataset, Submission: m.Submission,
				Sequence: m.Sequence, Since: m.StoredAt, AgeSeconds: time.Since(m.StoredAt).Round(time.Millisecond).Seconds(),
			})
		}
	}
	return all, nil
}

func (s *status) printStreams(w io.Writer) {
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
}

func (s *status) printWaiting(w io.Writer, now time.Time) {
	if len(s.Waiting) == 0 {
		return
	}
	rows := newTable(w, table.Row{"waits for", "in", "area", "dataset", "submission", "age"})
	for i := range s.Waiting {
		m := &s.Waiting[i]
		rows.AppendRow(table.Row{m.For, m.Stream, m.Area, m.Dataset, m.Submission, now.Sub(m.Since).Round(100 * time.Millisecond)})
	}
	rows.Render()
}

func (s *status) printConservation(w io.Writer) {
	c := s.Conservation
	if c == nil {
		return
	}
	rows := newTable(w, table.Row{"area", "dataset", "received", "judged", "pending", "rows", "accepted", "held", "rejected", "observations"})
	for i := range c.Accounts {
		a := &c.Accounts[i]
		rows.AppendRow(table.Row{a.Area, a.Dataset, a.Received, a.Judged, a.Pending, a.Rows, a.Accepted, a.Held, a.Rejected, a.Observations})
	}
	if len(c.Accounts) > 0 {
		rows.Render()
	}
	if c.Balanced {
		fmt.Fprintln(w, "balanced: yes")
		return
	}
	fmt.Fprintln(w, "balanced: NO; citytally recompute brings back what the log holds")
	for _, i := range c.Imbalances {
		fmt.Fprintf(w, "  %s\n", i)
	}
}

const watchEvery = 2 * time.Second

// watch shows the status anew until ctx ends: on a terminal in place, else one
// after another, as JSON one a line. Conservation costs ClickHouse the more the
// more it holds, and is asked for at most a tenth of the time.
func (t *target) watch(ctx context.Context, log *stream.Log, w io.Writer, format string) error {
	var known *reconcile.Conservation
	var due time.Time
	for {
		var page bytes.Buffer
		began := time.Now()
		if began.After(due) {
			known = nil
		}
		s, err := t.status(ctx, log, known)
		if ctx.Err() != nil {
			return nil
		}
		switch {
		case err != nil:
			fmt.Fprintf(&page, "%s  %v\n", began.Format(time.TimeOnly), err)
		case format == "json":
			if err := json.NewEncoder(&page).Encode(s); err != nil {
				return err
			}
		default:
			if err := s.print(&page, format); err != nil {
				return err
			}
		}
		if s != nil && known == nil {
			known, due = s.Conservation, time.Now().Add(10*time.Since(began))
		}
		if err := redraw(w, page.Bytes(), terminal(w) && format != "json"); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchEvery):
		}
	}
}

// redraw writes a page over the one before, line by line, so that it does not
// flicker; what is not a terminal gets it after the one before.
func redraw(w io.Writer, page []byte, inPlace bool) error {
	if inPlace {
		const home, clearLine, clearRest = "\x1b[H", "\x1b[K", "\x1b[J"
		page = bytes.ReplaceAll(page, []byte("\n"), []byte(clearLine+"\n"))
		page = append(append([]byte(home), page...), clearRest...)
	}
	_, err := w.Write(page)
	return err
}
