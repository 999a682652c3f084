package present

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/pull"
)

// Source is a source that is fetched, with what is known of it.
type Source struct {
	Name    string      `json:"name"`
	URL     string      `json:"url"`
	Area    string      `json:"area"`
	Dataset string      `json:"dataset,omitempty"`
	Cron    string      `json:"cron"`
	Next    time.Time   `json:"next"`
	Record  pull.Record `json:"record"`
}

// Last returns the last run, nil where there was none.
func (s *Source) Last() *pull.Run {
	if n := len(s.Record.Runs); n > 0 {
		return &s.Record.Runs[n-1]
	}
	return nil
}

// Sources prints the sources, as a table or as JSON.
func (p *Printer) Sources(w io.Writer, sources []Source, format string) error {
	if format == FormatJSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(sources)
	}
	t := NewTable(w, p.words().Status.Sources)
	for i := range sources {
		s := &sources[i]
		row := table.Row{s.Name, p.Area(s.Area), s.URL, s.Cron, s.Next.Format("2006-01-02 15:04"), "", "", ""}
		if last := s.Last(); last != nil {
			row[5], row[6], row[7] = last.Started.In(s.Next.Location()).Format("2006-01-02 15:04"), last.Outcome, told(last)
		}
		t.AppendRow(row)
	}
	t.Render()
	return nil
}

// PullRun prints what a run came to, as text or as JSON.
func PullRun(w io.Writer, run *pull.Run, format string) error {
	if format == FormatJSON {
		return json.NewEncoder(w).Encode(run)
	}
	_, err := fmt.Fprintln(w, strings.TrimSpace(string(run.Outcome)+"  "+told(run)))
	return err
}

// told returns what a run came to in words: its files, or why it failed.
func told(run *pull.Run) string {
	var parts []string
	for i := range run.Files {
		f := &run.Files[i]
		part := f.Name + " " + f.Status + f.Why
		if len(f.Submissions) > 0 {
			part += " " + strings.Join(f.Submissions, " ")
		}
		parts = append(parts, part)
	}
	if run.Why != "" {
		parts = append(parts, run.Why)
	}
	return strings.Join(parts, "; ")
}
