package present

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
)

// Act is something that a person did, as it is on record.
type Act struct {
	At time.Time `json:"at"`
	// Kind is lock, unlock, reopen, adopt, explain_held, release_held, refuse_held, release, recompute, run, pause, resume, skip,
	// token (issued), key (made) or revoke.
	Kind string       `json:"act"`
	Of   string       `json:"of"`
	By   event.Person `json:"by"`
	// Reason is why, in the person's own words.
	Reason string `json:"reason,omitempty"`
}

// Decided says that a decision is on record, and whose it is.
func (p *Printer) Decided(w io.Writer, d *event.Decision, by event.Person) error {
	words := &p.words().Journal
	person := fmt.Sprintf(words.Person, by.Name, cmp.Or(words.Roles[by.Role], by.Role), cmp.Or(words.Ways[by.Way], by.Way))
	_, err := fmt.Fprintf(w, words.Decided+"\n", words.Acts[string(d.Kind)], p.periodName(d.Period), person, d.Reason)
	return err
}

// Journal lists acts, as a table or as JSON.
func (p *Printer) Journal(w io.Writer, acts []Act, format string) error {
	if format == FormatJSON {
		return JSON(w, acts)
	}
	words := &p.words().Journal
	t := NewTable(w, table.Row{words.At, words.Act, words.Of, words.By, words.Role, words.Way, words.Reason})
	for i := range acts {
		a := &acts[i]
		t.AppendRow(table.Row{p.Time(a.At), words.Acts[a.Kind], a.Of, cmp.Or(a.By.Name, words.Unknown), cmp.Or(words.Roles[a.By.Role], a.By.Role), cmp.Or(words.Ways[a.By.Way], a.By.Way), cmp.Or(words.Reasons[a.Reason], a.Reason)})
	}
	t.Render()
	return nil
}
