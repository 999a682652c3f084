package present

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest"
	"github.com/citytally/citytally/ingest/event"
)

// seenWidth is the width, in columns of a terminal, of what was seen in a file.
const seenWidth = 40

// Receipt prints what became of a submission, with the names of indicators by id.
func Receipt(w io.Writer, r *ingest.Receipt, names map[string]string, l Language) {
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
	if v := r.Verdict; v != nil {
		rows = fmt.Sprintf(words.AcceptedRows, r.Counting(), v.Rows)
	}
	fmt.Fprintf(w, "%s  %s%s%s%s  %s\n", name, words.Statuses[r.Status], l.Words().Comma, rows, repeated, r.ID)
	if r.Place != "" {
		fmt.Fprintf(w, "  "+words.Place+"\n", r.Place)
	}
	if r.Understood != nil {
		fmt.Fprintf(w, "  %s\n", l.Choose(r.Understood.ZH, r.Understood.EN))
		for i := range r.Understood.Notes {
			fmt.Fprintf(w, "  - %s\n", Finding(&r.Understood.Notes[i], l))
		}
	}
	if r.Understood != nil && r.Understood.NotesOmitted > 0 {
		fmt.Fprintf(w, words.Omitted, r.Understood.NotesOmitted)
	}
	if r.Life != nil {
		fmt.Fprintf(w, "  %s\n", lifeInWords(r.Life, words))
	}
	if r.Verdict == nil {
		return
	}
	printEffects(w, r.Verdict, names, l)
	printStanding(w, r, names, l)
	if len(r.Verdict.Findings) > 0 {
		printFindings(w, r.Verdict, l)
	}
}

// printStanding prints what has become of the rows that were held when the submission was judged.
func printStanding(w io.Writer, r *ingest.Receipt, names map[string]string, l Language) {
	words, s := &l.Words().Hold, r.Held
	if s == nil {
		return
	}
	var told []string
	for _, state := range []struct {
		name  string
		count int
	}{{"pending", s.Pending}, {"released", s.Released}, {"refused", s.Refused}, {"superseded", s.Superseded}} {
		if state.count > 0 {
			told = append(told, fmt.Sprintf(l.Words().Receipt.EffectCount, words.States[state.name], state.count))
		}
	}
	fmt.Fprintf(w, "  "+words.ByNow+"\n", strings.Join(told, l.Words().Comma))
	if r.Life == nil || len(r.Life.Holds) == 0 {
		return
	}
	t := NewTable(w, table.Row{words.List[0], words.List[1], l.Words().Receipt.Figure, words.List[5], words.DecidedBy, words.DecidedWhy})
	for i := range r.Life.Holds {
		h := &r.Life.Holds[i]
		by, why := words.Releasers[h.Releaser], ""
		if d := h.Decision; d != nil {
			by, why = d.Person.Name+" "+d.At.Local().Format(time.DateTime), d.Text
		} else if n := len(h.Explanations); n > 0 {
			why = h.Explanations[n-1].Text
		}
		if h.Successor > 0 {
			by = fmt.Sprintf(words.Successor, h.Successor)
		}
		t.AppendRow(table.Row{h.ID, words.States[h.State], cellName(names, h.Indicator, h.Period, l), saidInWords(&h.Said, l), by, why})
	}
	t.Render()
	if n := r.Life.HoldsOmitted; n > 0 {
		fmt.Fprintf(w, l.Words().Receipt.Omitted, n)
	}
}

// lifeInWords says how far a submission has come.
func lifeInWords(life *ingest.Life, words *ReceiptWords) string {
	told := fmt.Sprintf(words.Received, life.ReceivedAt.Local().Format(time.DateTime))
	if life.JudgedAt == nil {
		return told + words.NotJudged
	}
	told += fmt.Sprintf(words.Judged, life.JudgedAt.Local().Format(time.DateTime))
	switch {
	case life.Stage == ingest.LifeJudged:
		return told + words.NotTotalled
	case life.Basis > 0:
		told += fmt.Sprintf(words.Totalled, life.Basis)
	}
	if life.Stage == ingest.LifeStored {
		return told + words.Stored
	}
	return told + words.NotStored
}

// printFindings prints what is wrong with rows, with the cells as spreadsheets name them
// where they are known.
func printFindings(w io.Writer, v *event.Verdict, l Language) {
	words := &l.Words().Receipt
	findings := v.Findings
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
		t.AppendRow(row(f.Row, f.Cell, cmp.Or(words.Columns[f.Column], f.Column), text.Snip(f.Seen, seenWidth, "…"), Finding(f, l)))
	}
	t.Render()
	if n := v.FindingsOmitted; n > 0 {
		fmt.Fprintf(w, words.Omitted, n)
	}
}

// printEffects prints what the rows of a submission did to the figures in force.
func printEffects(w io.Writer, v *event.Verdict, names map[string]string, l Language) {
	words := &l.Words().Receipt
	var told []string
	for _, e := range v.Effects {
		told = append(told, fmt.Sprintf(words.EffectCount, words.Effects[e.Effect], e.Count))
	}
	if v.AssumedStage != "" {
		told = append(told, fmt.Sprintf(words.AssumedStage, l.Words().Stages[v.AssumedStage]))
	}
	if told != nil {
		fmt.Fprintf(w, "  %s\n", strings.Join(told, l.Words().Comma))
	}
	if len(v.Changes) == 0 {
		return
	}
	t := NewTable(w, table.Row{words.Row, words.Effect, words.Figure, words.From, words.To, words.Submission})
	for i := range v.Changes {
		c := &v.Changes[i]
		t.AppendRow(table.Row{c.Row, words.Effects[c.Effect], strings.TrimSpace(cellName(names, c.Indicator, c.Period, l) + " " + c.Entity), saidInWords(c.From, l), saidInWords(c.To, l), c.Submission})
	}
	t.Render()
	if v.ChangesOmitted > 0 {
		fmt.Fprintf(w, "  "+words.OmittedChanges+"\n", v.ChangesOmitted)
	}
}

// cellName names an indicator, by its id where there is no name, and a period.
func cellName(names map[string]string, indicator, code string, l Language) string {
	if period, err := catalogue.ParsePeriod(code); err == nil {
		code = l.Choose(period.Names())
	}
	return cmp.Or(names[indicator], indicator) + " " + code
}

// saidInWords returns what was reported for a cell, with its stage; "" where there is
// nothing.
func saidInWords(s *event.Said, l Language) string {
	if s == nil {
		return ""
	}
	words := l.Words()
	figure := words.Receipt.NoFigure
	switch {
	case s.Status == catalogue.Withdrawn.String():
		return words.Receipt.Effects[event.WithdrewIt]
	case s.Value != "":
		figure = fill(words.Qualifiers, s.Qualifier, s.Value)
	}
	return figure + " " + words.Stages[s.Stage]
}

// Finding returns the message of a finding.
func Finding(f *event.Finding, l Language) string { return l.Choose(f.MessageZH, f.MessageEN) }
