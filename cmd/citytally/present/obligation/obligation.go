package obligation

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/cmd/citytally/present"
	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// FormatICal is the format of an iCalendar feed.
const FormatICal = "ical"

// Printer prints obligations with the words and names of a printer. Times are in the city's
// time zone, in which deadlines are set.
type Printer struct {
	*present.Printer
	// Locks are the decisions by which periods are locked, as far as they are known.
	Locks map[catalogue.Period]*event.Decision
}

// lockedObligation is an obligation with the lock of its period.
type lockedObligation struct {
	calendar.Obligation
	// Locked is the decision by which the period is locked; nil is none that is known.
	Locked *event.Decision `json:"locked,omitempty"`
}

func (p *Printer) words() *present.CalendarWords { return &p.Language.Words().Calendar }

// Obligations prints what is owed as a table, CSV, JSON or iCalendar. An area that is asked
// for is named in the title of the feed; at is the time of the feed.
func (p *Printer) Obligations(w io.Writer, owed []calendar.Obligation, area, format string, at time.Time) error {
	switch format {
	case present.FormatJSON:
		all := make([]lockedObligation, len(owed))
		for i := range owed {
			all[i] = lockedObligation{owed[i], p.Locks[owed[i].Period]}
		}
		return present.JSON(w, all)
	case present.FormatCSV:
		return p.obligationsCSV(w, owed)
	case FormatICal:
		return p.Feed(w, owed, area, at)
	}
	if len(owed) == 0 {
		_, err := fmt.Fprintln(w, p.words().Nothing)
		return err
	}
	all, words := p.Language.Words(), p.words()
	t := present.NewTable(w, table.Row{words.Deadline, words.Dataset, all.Period, all.Area, words.Grace, words.Lock, words.Final})
	for _, o := range owed {
		mark := ""
		if len(o.HolidaysMissing) > 0 {
			mark = "*"
		}
		t.AppendRow(table.Row{p.clock(o.Deadline) + mark, p.Dataset(o.Dataset), p.Period(o.Period), p.Area(o.Area), p.clock(o.Grace), p.lock(&o), p.clock(o.Final)})
	}
	t.Render()
	return p.provisional(w, owed)
}

// lock says when a period is to be locked, and by whom it was.
func (p *Printer) lock(o *calendar.Obligation) string {
	d := p.Locks[o.Period]
	if d == nil {
		return p.clock(o.Lock)
	}
	return strings.TrimSpace(p.clock(o.Lock) + " " + fmt.Sprintf(p.words().LockedBy, p.clock(d.Decided()), cmp.Or(d.Person.Name, d.By)))
}

// provisional names the years whose holidays are not known, if there are any.
func (p *Printer) provisional(w io.Writer, owed []calendar.Obligation) error {
	var years []string
	for _, o := range owed {
		for _, year := range o.HolidaysMissing {
			if text := strconv.Itoa(year); !slices.Contains(years, text) {
				years = append(years, text)
			}
		}
	}
	if len(years) == 0 {
		return nil
	}
	slices.Sort(years)
	_, err := fmt.Fprintf(w, "\n* "+p.words().Provisional+"\n", strings.Join(years, p.Language.Words().List))
	return err
}

func (p *Printer) obligationsCSV(w io.Writer, owed []calendar.Obligation) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"deadline", "dataset", "period", "area", "grace", "lock", "final", "provisional"}}
	for _, o := range owed {
		rows = append(rows, []string{rfc3339(o.Deadline), o.Dataset, o.Period.String(), o.Area, rfc3339(o.Grace), rfc3339(o.Lock), rfc3339(o.Final), strconv.FormatBool(len(o.HolidaysMissing) > 0)})
	}
	return out.WriteAll(rows)
}

// clock prints an instant to the minute in the city's time zone, and midnight as the end of the
// day before; "" is no instant.
func (p *Printer) clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(p.Catalogue.Zone())
	if t.Hour() == 0 && t.Minute() == 0 {
		return t.AddDate(0, 0, -1).Format(time.DateOnly) + " 24:00"
	}
	return t.Format("2006-01-02 15:04")
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
