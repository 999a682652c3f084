package reconcile

import (
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/catalogue/diff"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// scope is which totals a recomputation is about.
type scope struct {
	period      catalogue.Period // alone, where until is zero
	until       catalogue.Period // the last of a span
	indicator   string
	cells       map[ledger.Cell]bool // what follows from an area's figures; nil is all
	indicators  map[string]bool      // what a change of catalogue touches; nil is all
	isUnbounded bool
}

// newScope reads the bounds of a command. The error says what they name that there is not.
func newScope(l *ledger.Ledger, view *ledger.View, command *event.Command) (*scope, error) {
	s := &scope{indicator: command.Indicator}
	s.isUnbounded = command.Period == "" && command.Indicator == "" && command.Area == "" && command.Catalogue == ""
	var err error
	for _, bound := range []struct {
		text string
		into *catalogue.Period
	}{{command.Period, &s.period}, {command.Until, &s.until}} {
		if bound.text == "" {
			continue
		}
		if *bound.into, err = catalogue.ParsePeriod(bound.text); err != nil {
			return nil, err
		}
	}
	if command.Area != "" {
		var reported []ledger.Cell
		var parts []ledger.Part
		for _, cell := range l.Cells() {
			parts = view.AppendParts(parts[:0], cell)
			if slices.ContainsFunc(parts, func(p ledger.Part) bool { return p.Area == command.Area }) {
				reported = append(reported, cell)
			}
		}
		s.cells = map[ledger.Cell]bool{}
		for _, cell := range tally.Affected(view.Catalogue(), view, reported) {
			s.cells[cell] = true
		}
	}
	if command.Catalogue != "" {
		earlier := slices.IndexFunc(l.CataloguesSince(0), func(c *catalogue.Catalogue) bool { return c.Version() == command.Catalogue })
		if earlier < 0 {
			return nil, fmt.Errorf("no earlier catalogue had the version %s; citytally catalogue history lists those that were in force", command.Catalogue)
		}
		s.indicators = touchedByCatalogue(l.CataloguesSince(0)[earlier], view.Catalogue())
	}
	return s, nil
}

// touchedByCatalogue returns the indicators whose totals differ under two catalogues.
func touchedByCatalogue(from, to *catalogue.Catalogue) map[string]bool {
	touched := map[string]bool{}
	for _, d := range diff.Between(from, to) {
		if d.Effect == diff.ShownOnly || d.Effect == diff.AcceptedOnly {
			continue
		}
		ids := d.Totals
		if len(ids) == 0 { // every sum of areas
			for i := range to.Indicators {
				ids = append(ids, to.Indicators[i].ID)
			}
		}
		for _, id := range ids {
			touched[id] = true
			for _, ratio := range to.Dependents(id) {
				touched[ratio.ID] = true
			}
		}
	}
	return touched
}

func (s *scope) covers(cell ledger.Cell) bool {
	switch {
	case s.indicator != "" && cell.Indicator != s.indicator, s.indicators != nil && !s.indicators[cell.Indicator], s.cells != nil && !s.cells[cell]:
		return false
	case s.period == catalogue.Period{}:
		return true
	case s.until == catalogue.Period{}:
		return cell.Period == s.period
	}
	return !cell.Period.Start().Before(s.period.Start()) && !cell.Period.LastDay().After(s.until.LastDay())
}

// coversYear reports whether cells of a year can be in scope.
func (s *scope) coversYear(year int) bool {
	switch {
	case s.period == catalogue.Period{}:
		return true
	case s.until == catalogue.Period{}:
		return year == int(s.period.Year)
	}
	return year >= int(s.period.Year) && year <= int(s.until.Year)
}
