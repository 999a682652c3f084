package obligation

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/remind"
)

// maxNamed is how many reports the sentence of a digest names.
const maxNamed = 5

// Reminder puts a digest into a sentence, and into a letter that names every indicator that is
// missing.
func (p *Printer) Reminder(d *remind.Digest) (sentence, letter string) {
	words := p.words()
	var text strings.Builder
	fmt.Fprintf(&text, words.LetterTo, p.Area(d.Area))
	var names []string
	for i := range d.Reminders {
		r := &d.Reminders[i]
		told := []any{p.Area(r.Area), p.Dataset(r.Dataset), p.periodNamed(r.Period), len(r.Missing), r.Owed, p.clock(r.Deadline)}
		sentence = fmt.Sprintf(words.Remind, told...)
		if r.Overdue {
			sentence = fmt.Sprintf(words.RemindLate, told...)
		}
		names = append(names, fmt.Sprintf(words.Report, told[1], told[2]))
		fmt.Fprintf(&text, words.Letter, append(told, p.Catalogue.Zone().String())...)
		for _, id := range r.Missing {
			fmt.Fprintf(&text, "  - %s (%s)\n", p.Indicator(id), id)
		}
		text.WriteString("\n")
	}
	text.WriteString(words.LetterEnd + "\n")
	if n := len(names); n > 1 {
		more := ""
		if n > maxNamed {
			names, more = names[:maxNamed], p.Language.Words().Hold.AndOthers
		}
		format := words.RemindAll
		if d.Overdue > 0 {
			format = words.RemindAllLate
		}
		sentence = fmt.Sprintf(format, p.Area(d.Area), n, d.Overdue, strings.Join(names, p.Language.Words().List)+more)
	}
	return sentence, text.String()
}

// periodNamed returns a period in words.
func (p *Printer) periodNamed(code string) string {
	period, err := catalogue.ParsePeriod(code)
	if err != nil {
		return code
	}
	return p.Period(period)
}

// Reminders lists reminders and what became of them, a row for each receiver, as a table or as
// JSON.
func (p *Printer) Reminders(w io.Writer, records []remind.Record, format string) error {
	if format == present.FormatJSON {
		return present.JSON(w, records)
	}
	all := p.Language.Words()
	words := &all.Schedules
	if len(records) == 0 {
		_, err := fmt.Fprintln(w, words.NoReminders)
		return err
	}
	t := present.NewTable(w, table.Row{words.Step, all.Area, p.words().Dataset, all.Period, p.words().Deadline, words.Way, words.To, words.Outcome})
	for i := range records {
		r := &records[i]
		for _, d := range r.Deliveries {
			outcome := cmp.Or(words.Outcomes[string(d.Outcome)], string(d.Outcome))
			if !d.At.IsZero() {
				outcome += " " + p.Time(d.At)
			}
			if d.Problem != "" {
				outcome += ": " + d.Problem
			}
			t.AppendRow(table.Row{r.Step, p.Area(r.Area), p.Dataset(r.Dataset), p.periodNamed(r.Period), p.clock(r.Deadline), cmp.Or(words.Ways[d.Way], d.Way), d.To, outcome})
		}
	}
	t.Render()
	return nil
}
