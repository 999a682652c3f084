package present

import (
	"fmt"
	"io"

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
	if r.Verdict == nil || len(r.Verdict.Findings) == 0 {
		return
	}
	t := NewTable(w, table.Row{words.Row, words.Column, words.Seen, words.Message})
	for i := range r.Verdict.Findings {
		f := &r.Verdict.Findings[i]
		t.AppendRow(table.Row{f.Row, f.Column, text.Snip(f.Seen, seenWidth, "…"), Finding(f, l)})
	}
	t.Render()
}

// Finding returns the message of a finding.
func Finding(f *event.Finding, l Language) string { return l.Choose(f.MessageZH, f.MessageEN) }
