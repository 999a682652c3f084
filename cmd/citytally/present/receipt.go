package present

import (
	"fmt"
	"io"
	"slices"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
)

// seenWidth is the width, in columns of a terminal, of what was seen in a file.
const seenWidth = 40

// Receipt prints what became of a submission.
func Receipt(w io.Writer, r *ingest.Receipt, l Language) {
	words := &l.Words().Receipt
	name := r.Area + " " + r.Dataset
	if r.File != "" {
		name = r.File + " → " + name
	}
	repeated := ""
	if r.Repeated || r.Verdict != nil && r.Verdict.Repeated {
		repeated = words.Repeated
	}
	rows := fmt.Sprintf(words.Rows, r.Rows)
	if r.Verdict != nil {
		rows = fmt.Sprintf(words.AcceptedRows, r.Verdict.Accepted, r.Rows)
	}
	fmt.Fprintf(w, "%s  %s%s%s%s  %s\n", name, words.Statuses[r.Status], l.Words().Comma, rows, repeated, r.ID)
	if r.Understood != nil {
		fmt.Fprintf(w, "  %s\n", l.Choose(r.Understood.ZH, r.Understood.EN))
		for i := range r.Understood.Notes {
			fmt.Fprintf(w, "  - %s\n", Finding(&r.Understood.Notes[i], l))
		}
	}
	if r.Understood != nil && r.Understood.NotesOmitted > 0 {
		fmt.Fprintf(w, words.Omitted, r.Understood.NotesOmitted)
	}
	if r.Verdict == nil || len(r.Verdict.Findings) == 0 {
		return
	}
	findings := r.Verdict.Findings
	placed := slices.ContainsFunc(findings, func(f event.Finding) bool { return f.Cell != "" })
	row := func(number, cell, column, seen, message any) table.Row {
		if !placed {
			return table.Row{number, column, seen, message}
		}
		return table.Row{number, cell, column, seen, message}
	}
	t := NewTable(w, row(words.Row, words.Cell, words.Column, words.Seen, words.Message))
	for i := range findings {
		f := &findings[i]
		t.AppendRow(row(f.Row, f.Cell, f.Column, text.Snip(f.Seen, seenWidth, "…"), Finding(f, l)))
	}
	t.Render()
	if n := r.Verdict.FindingsOmitted; n > 0 {
		fmt.Fprintf(w, words.Omitted, n)
	}
}

// Finding returns the message of a finding.
func Finding(f *event.Finding, l Language) string { return l.Choose(f.MessageZH, f.MessageEN) }
