package obligation

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/sink/coverage"
)

// Coverage prints what has become of obligations as a table, CSV or JSON.
func (p *Printer) Coverage(w io.Writer, rows []coverage.Row, format string) error {
	switch format {
	case present.FormatJSON:
		return present.JSON(w, rows)
	case present.FormatCSV:
		return coverageCSV(w, rows)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, p.words().Nothing)
		return err
	}
	all, words := p.Language.Words(), p.words()
	t := present.NewTable(w, table.Row{words.Dataset, all.Area, words.Deadline, words.State, words.Received, words.Held, words.Refused, words.Late, words.Lacks}, 5, 6, 7, 8)
	for i := range rows {
		r := &rows[i]
		t.AppendRow(table.Row{p.Dataset(r.Dataset), p.Area(r.Area), p.clock(r.Deadline), words.States[r.State], fmt.Sprintf("%d/%d", r.Received, r.Owed),
			r.Held, r.Refused, p.delay(r.LateBy()), p.missing(r.Missing)})
	}
	t.Render()
	return nil
}

// The most missing indicators that a table names.
const namedMissing = 3

// missing names the first indicators that are missing, and counts the others.
func (p *Printer) missing(ids []string) string {
	var names []string
	for _, id := range ids[:min(len(ids), namedMissing)] {
		names = append(names, p.Indicator(id))
	}
	text := strings.Join(names, p.Language.Words().List)
	if more := len(ids) - namedMissing; more > 0 {
		text += fmt.Sprintf(" +%d", more)
	}
	return text
}

// delay prints how late something is, in whole days from two days on; "" is in time.
func (p *Printer) delay(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d <= 0:
		return ""
	case d >= 2*day:
		return fmt.Sprintf(p.words().Days, d/day)
	}
	return fmt.Sprintf(p.words().Hours, (d+time.Hour-1)/time.Hour)
}

func coverageCSV(w io.Writer, rows []coverage.Row) error {
	lines := [][]string{{"dataset", "area", "period", "deadline", "state", "owed", "received", "held", "refused", "complete_at", "late_seconds", "rows_accepted", "rows_refused", "revisions", "missing"}}
	for i := range rows {
		r := &rows[i]
		complete := ""
		if r.CompleteAt != nil {
			complete = rfc3339(*r.CompleteAt)
		}
		lines = append(lines, []string{r.Dataset, r.Area, r.Period, rfc3339(r.Deadline), r.State, fmt.Sprint(r.Owed), fmt.Sprint(r.Received), fmt.Sprint(r.Held), fmt.Sprint(r.Refused),
			complete, strconv.FormatInt(r.LateSeconds, 10), fmt.Sprint(r.RowsAccepted), fmt.Sprint(r.RowsRefused), fmt.Sprint(r.Revisions), strings.Join(r.Missing, " ")})
	}
	return csv.NewWriter(w).WriteAll(lines)
}

// Scores prints how timely and how good the reports of areas were, as a table, CSV or JSON.
func (p *Printer) Scores(w io.Writer, scores []inquiry.Score, format string) error {
	if format == present.FormatJSON {
		return present.JSON(w, scores)
	}
	share := func(d *decimal.Decimal) string {
		if d == nil {
			return ""
		}
		return d.String()
	}
	if format == present.FormatCSV {
		lines := [][]string{{"area", "year", "due", "in_time", "late", "incomplete", "timeliness", "completeness", "rows_accepted", "rows_refused", "refused_share", "revisions", "revision_share"}}
		for _, s := range scores {
			lines = append(lines, []string{s.Area, fmt.Sprint(s.Year), fmt.Sprint(s.Due), fmt.Sprint(s.InTime), fmt.Sprint(s.Late), fmt.Sprint(s.Incomplete), s.Timeliness.String(), s.Completeness.String(),
				fmt.Sprint(s.RowsAccepted), fmt.Sprint(s.RowsRefused), share(s.RefusedShare), fmt.Sprint(s.Revisions), share(s.RevisionShare)})
		}
		return csv.NewWriter(w).WriteAll(lines)
	}
	if len(scores) == 0 {
		_, err := fmt.Fprintln(w, p.words().Nothing)
		return err
	}
	words := p.words()
	t := present.NewTable(w, table.Row{p.Language.Words().Area, words.DueCount, words.InTime, words.LateCount, words.Incomplete, words.Timeliness, words.Completeness, words.RefusedShare, words.Revisions}, 2, 3, 4, 5, 6, 7, 8, 9)
	for _, s := range scores {
		t.AppendRow(table.Row{p.Area(s.Area), s.Due, s.InTime, s.Late, s.Incomplete, s.Timeliness, s.Completeness, share(s.RefusedShare), s.Revisions})
	}
	t.Render()
	return nil
}
