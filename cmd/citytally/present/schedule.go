package present

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/schedule"
)

// Schedule is how a schedule stands.
type Schedule struct {
	Name string `json:"name"`
	Job  string `json:"job"`
	Cron string `json:"cron"`
	// Next is when it fires next; zero is never.
	Next time.Time `json:"next,omitzero"`
	// Last is its last run, of a slot or asked for by hand; nil is none.
	Last *event.Run `json:"last,omitempty"`
	// Problem is why the record of that run cannot be read.
	Problem string `json:"problem,omitempty"`
	// Paused says who holds it back, and why; nil is nobody.
	Paused *schedule.Pause `json:"paused,omitempty"`
}

// Schedules lists schedules, as a table or as JSON.
func (p *Printer) Schedules(w io.Writer, schedules []Schedule, format string) error {
	if format == FormatJSON {
		return JSON(w, schedules)
	}
	words := &p.words().Schedules
	t := NewTable(w, table.Row{words.Name, words.Job, words.Cron, words.Next, words.Last, words.Result})
	for i := range schedules {
		s := &schedules[i]
		next, last, result := words.Never, words.Never, ""
		if !s.Next.IsZero() {
			next = p.Time(s.Next)
		}
		if s.Paused != nil {
			next = fmt.Sprintf(words.Paused, p.Time(s.Paused.At), s.Paused.Person.Name, s.Paused.Reason)
		}
		if s.Problem != "" {
			last, result = words.Unknown, s.Problem
		}
		if s.Last != nil {
			last, result = p.Time(s.Last.FinishedAt), cmp.Or(s.Last.Problem, words.Well)
		}
		t.AppendRow(table.Row{s.Name, cmp.Or(words.Jobs[s.Job], s.Job), s.Cron, next, last, result})
	}
	t.Render()
	return nil
}
