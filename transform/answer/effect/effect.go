package effect

import (
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/catalogue/diff"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// Effect is what a change of catalogue does.
type Effect struct {
	// From and To are the versions, and Differences what differs between them.
	From        string            `json:"from"`
	To          string            `json:"to"`
	Differences []diff.Difference `json:"differences"`
	// Totals are those that do not stay as they are, by period and indicator.
	Totals []Change `json:"totals"`
	// Unconverted are the figures that would take part in no total, for their unit.
	Unconverted []Unconverted `json:"unconverted"`
}

// Kind is what becomes of a total.
type Kind string

// The kinds of change: a total becomes another one, no longer follows, or comes anew.
const (
	Changed   Kind = "changed"
	Withdrawn Kind = "withdrawn"
	New       Kind = "new"
)

// Change is a total that does not stay as it is.
type Change struct {
	Kind      Kind   `json:"kind"`
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	// Locked is true where the period is locked.
	Locked bool `json:"locked,omitempty"`
	// From and To are the totals; nil where there is none.
	From *event.Total `json:"from,omitempty"`
	To   *event.Total `json:"to,omitempty"`
}

// Unconverted is an area's figure in a unit that does not convert into the indicator's.
type Unconverted struct {
	Indicator string `json:"indicator"`
	Period    string `json:"period"`
	Area      string `json:"area"`
	Value     string `json:"value"`
	Unit      string `json:"unit"`
	Wanted    string `json:"wanted"`
}

// Of puts a catalogue in force in the ledger, which nobody else may use, and returns what that
// does.
func Of(l *ledger.Ledger, to *catalogue.Catalogue) (*Effect, error) {
	from := l.Catalogue()
	e := &Effect{From: from.Version(), To: to.Version(), Differences: append([]diff.Difference{}, diff.Between(from, to)...)}
	before := totals(l)
	adopted := &event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Adopt, Catalogue: to.Text()}}}
	if err := l.Apply(l.Basis()+1, edition.Subject, adopted); event.IsNewerLayout(err) {
		return nil, err
	}
	e.Totals = changes(before, totals(l), l.Locked)
	e.Unconverted = []Unconverted{}
	for _, u := range l.Unconverted() {
		indicator, _ := to.Indicator(u.Cell.Indicator)
		e.Unconverted = append(e.Unconverted, Unconverted{
			Indicator: u.Cell.Indicator, Period: u.Cell.Period.String(), Area: u.Area,
			Value: u.Value.String(), Unit: u.Unit, Wanted: indicator.UnitName,
		})
	}
	return e, nil
}

// totals returns the totals that follow under the ledger's catalogue.
func totals(l *ledger.Ledger) map[ledger.Cell]*event.Total {
	c := l.Catalogue()
	all := tally.All(c, l, tally.Affected(c, l, l.Cells()))
	by := make(map[ledger.Cell]*event.Total, len(all))
	for i := range all {
		by[ledger.Cell{Indicator: all[i].Indicator, Period: all[i].Period}] = &all[i].Total
	}
	return by
}

func changes(before, after map[ledger.Cell]*event.Total, locked func(catalogue.Period) bool) []Change {
	all := []Change{}
	cells := maps.Clone(before)
	maps.Copy(cells, after)
	for _, cell := range slices.SortedFunc(maps.Keys(cells), ledger.Cell.Compare) {
		from, to := before[cell], after[cell]
		change := Change{Kind: Changed, Indicator: cell.Indicator, Period: cell.Period.String(), Locked: locked(cell.Period), From: from, To: to}
		switch {
		case from == nil:
			change.Kind = New
		case to == nil:
			change.Kind = Withdrawn
		case from.Equal(to):
			continue
		}
		all = append(all, change)
	}
	return all
}

// Count returns how many totals change in a way, and how many of them in locked periods.
func (e *Effect) Count(kind Kind) (n, locked int) {
	for i := range e.Totals {
		if e.Totals[i].Kind == kind {
			n++
			if e.Totals[i].Locked {
				locked++
			}
		}
	}
	return n, locked
}
