package present

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer/effect"
)

// AppliedCatalogue is what a catalogue does or would do.
type AppliedCatalogue struct {
	*effect.Effect
	// Sequence is the place in ACCEPTED from which it is in force; 0 where it is not.
	Sequence uint64 `json:"sequence,omitempty"`
	// Misfits say why the rules or the calendar in use cannot stand under it; it is not put in
	// force before they are changed.
	Misfits []string `json:"misfits,omitempty"`
	// NothingOwed says that the calendar in use has nothing for it: nobody would owe anything.
	NothingOwed bool `json:"nothing_owed,omitempty"`
}

// maxTotalsListed is how many totals a table lists at most.
const maxTotalsListed = 50

// AppliedCatalogue prints what a catalogue does to totals, as tables or as JSON. The printer
// has the names of that catalogue.
func (p *Printer) AppliedCatalogue(w io.Writer, a *AppliedCatalogue, format string) error {
	if format == FormatJSON {
		return JSON(w, a)
	}
	words := &p.words().Catalogue
	if a.From == a.To {
		fmt.Fprintf(w, words.AlreadyInForce, a.To)
		return nil
	}
	p.differences(w, a.Differences)
	changed, lockedChanged := a.Count(effect.Changed)
	withdrawn, lockedWithdrawn := a.Count(effect.Withdrawn)
	added, lockedAdded := a.Count(effect.New)
	fmt.Fprintf(w, words.TotalsChange, changed, withdrawn, added, lockedChanged+lockedWithdrawn+lockedAdded)
	if len(a.Totals) > 0 {
		t := NewTable(w, words.Totals)
		for _, c := range a.Totals[:min(len(a.Totals), maxTotalsListed)] {
			locked := ""
			if c.Locked {
				locked = words.Locked
			}
			t.AppendRow(table.Row{p.periodName(c.Period), p.Indicator(c.Indicator), words.BecameOf[c.Kind], exactly(c.From), exactly(c.To), locked})
		}
		t.Render()
	}
	if more := len(a.Totals) - maxTotalsListed; more > 0 {
		fmt.Fprintf(w, words.MoreTotals, more)
	}
	p.unconverted(w, a.Unconverted)
	for _, misfit := range a.Misfits {
		fmt.Fprintf(w, words.Misfit, misfit)
	}
	if a.NothingOwed {
		fmt.Fprintln(w, words.NothingOwed)
	}
	switch {
	case a.Sequence != 0:
		fmt.Fprintf(w, words.Applied, a.To, a.Sequence)
	case len(a.Unconverted)+len(a.Misfits) == 0:
		fmt.Fprintf(w, words.DryRun, a.To)
	}
	return nil
}

// DescribeInapplicable says why a catalogue is not put in force: figures do not convert, or the
// rules or the calendar in use do not fit it.
func (p *Printer) DescribeInapplicable(a *AppliedCatalogue) string {
	words := &p.words().Catalogue
	if n := len(a.Unconverted); n > 0 {
		return fmt.Sprintf(words.NotConverting, n, a.To)
	}
	return fmt.Sprintf(words.NotFitting, a.To)
}

func (p *Printer) unconverted(w io.Writer, all []effect.Unconverted) {
	for i := range all[:min(len(all), maxTotalsListed)] {
		u := &all[i]
		fmt.Fprintf(w, p.words().Catalogue.Unconverted, p.Indicator(u.Indicator), p.Area(u.Area), p.periodName(u.Period), u.Value, u.Unit, u.Wanted)
	}
	if more := len(all) - maxTotalsListed; more > 0 {
		fmt.Fprintf(w, p.words().Catalogue.MoreTotals, more)
	}
}

// exactly is a total's figure with its unit; "" where there is none.
func exactly(t *event.Total) string {
	if t == nil || t.Value == "" {
		return ""
	}
	return t.Value + " " + t.Unit
}

// Edition is a catalogue that was in force.
type Edition struct {
	Version string `json:"version"`
	// Sequence is the place in ACCEPTED from which it was in force.
	Sequence uint64       `json:"sequence"`
	Since    time.Time    `json:"since"`
	By       event.Person `json:"by"`
	Reason   string       `json:"reason"`
}

// Editions lists the catalogues that were in force, the oldest first.
func (p *Printer) Editions(w io.Writer, all []Edition, format string) error {
	if format == FormatJSON {
		return JSON(w, all)
	}
	t := NewTable(w, p.words().Catalogue.Editions)
	for i := range all {
		e := &all[i]
		t.AppendRow(table.Row{e.Version, e.Sequence, p.Time(e.Since), cmp.Or(e.By.Name, p.words().Journal.Unknown), e.Reason})
	}
	t.Render()
	return nil
}
