package ledger

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
)

// placedCatalogue is a catalogue in force from a sequence of ACCEPTED on.
type placedCatalogue struct {
	sequence uint64
	*catalogue.Catalogue
}

// readAdopted returns the catalogues that a message at a sequence of ACCEPTED puts in force.
func (l *Ledger) readAdopted(sequence uint64, batch *event.AcceptedBatch) (adopted []*catalogue.Catalogue, err error) {
	for i := range batch.Decisions {
		if d := &batch.Decisions[i]; d.Kind == event.Adopt {
			c, err := edition.Read(sequence, d, l.catalogue)
			if err != nil {
				return nil, err
			}
			adopted = append(adopted, c)
		}
	}
	return adopted, nil
}

// adopt puts a catalogue in force. The error names a figure that does not convert into its
// units.
func (l *Ledger) adopt(sequence uint64, c *catalogue.Catalogue) error {
	if c.Version() == l.catalogue.Version() {
		return nil
	}
	l.catalogue, l.editions = c, append(l.editions, placedCatalogue{sequence, c})
	for id, indicator := range l.indicators {
		indicator.conversion = l.conversionUnder(c, id)
	}
	l.recountLists()
	if unconverted := l.unconverted(); len(unconverted) > 0 {
		return fmt.Errorf("catalogue %s: %d figures take part in no total, the first: %w", c.Version(), len(unconverted), &unconverted[0])
	}
	return nil
}

// Catalogue returns the catalogue in force at the ledger's basis.
func (l *Ledger) Catalogue() *catalogue.Catalogue {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.catalogue
}

// Rules returns the text of the rules in force at the ledger's basis; "" where the log has put
// none in force, so that those of the settings are.
func (l *Ledger) Rules() string {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.rules
}

// FirstCatalogue returns the catalogue with which the ledger began.
func (l *Ledger) FirstCatalogue() *catalogue.Catalogue {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.editions[0].Catalogue
}

// CataloguesSince returns the catalogues that were in force at a sequence of ACCEPTED or after
// it and no longer are, the oldest first.
func (l *Ledger) CataloguesSince(sequence uint64) []*catalogue.Catalogue {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var since []*catalogue.Catalogue
	for i, e := range l.editions[:len(l.editions)-1] {
		if l.editions[i+1].sequence > sequence {
			since = append(since, e.Catalogue)
		}
	}
	return since
}

// Unconverted is an area's best figure of a cell, in a unit that does not convert into that
// of the catalogue in force.
type Unconverted struct {
	Cell Cell
	Area string
	Figure
	wanted string
}

func (u *Unconverted) Error() string {
	return fmt.Sprintf("%s of %s in %s is in %s, which does not convert into %s: say in the catalogue how it does (converts)",
		u.Cell.Indicator, u.Area, u.Cell.Period, u.Unit, u.wanted)
}

func notConverted(indicator *catalogue.Indicator, f *Figure) error {
	return fmt.Errorf("its unit %s does not convert into %s, so that it takes part in no total: say in the catalogue how it does (converts)", f.Unit, indicator.UnitName)
}

// Unconverted returns the best figures that do not convert into the units of the catalogue in
// force, by cell and area. They take part in no total.
func (l *Ledger) Unconverted() []Unconverted {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.unconverted()
}

func (l *Ledger) unconverted() (all []Unconverted) {
	for period, of := range l.periods {
		for id, indicator := range l.indicators {
			c := of.cell(indicator.number)
			if c == nil {
				continue
			}
			for area := range c.figures {
				f := &c.figures[area]
				if !f.counts() {
					continue
				}
				if figure, ok := l.figure(f, indicator.conversion); !ok {
					all = append(all, Unconverted{Cell{id, period}, l.areas[area], figure, indicator.definition.UnitName})
				}
			}
		}
	}
	slices.SortFunc(all, func(a, b Unconverted) int {
		return cmp.Or(a.Cell.Compare(b.Cell), cmp.Compare(a.Area, b.Area))
	})
	return all
}
