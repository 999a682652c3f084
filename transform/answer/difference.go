package answer

import (
	"fmt"
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// MomentOf returns the moment a release was made from.
func MomentOf(r *event.Release) ledger.Moment {
	return ledger.Moment{Received: r.AsOf(), Basis: r.Basis}
}

// KeepSince returns what a later history has to keep for [CompareRelease]: the vintages
// of submissions that the history h does not have.
func KeepSince(h *ledger.History) ledger.Keep {
	return func(s *event.AcceptedSubmission, _ ledger.Cell) bool {
		_, known := h.Ledger.Accepted(s.ID, s.Sequence)
		return !known
	}
}

// Difference is a total whose content today is not that of the release. Released is nil
// where the release does not have the total, and Today where nobody has reported
// anything for it any more.
type Difference struct {
	Indicator string
	Released  *event.Total
	Today     *event.Total
	// Causes are the figures that have changed since, by period, indicator and area.
	// Where there are none, the catalogue has changed.
	Causes []Cause
}

// Cause is one area's figure that has changed. Before has no Area where there was no
// figure.
type Cause struct {
	Cell   ledger.Cell
	Before ledger.Part
	After  ledger.Vintage
}

// CompareRelease returns the totals that have changed since the release, in the
// catalogue's order. Then is the history of the release's moment, and today the
// present one, which must have kept what KeepSince(then) asks for.
func CompareRelease(c *catalogue.Catalogue, r *event.Release, then, today *ledger.History) ([]Difference, error) {
	period, err := catalogue.ParsePeriod(r.Period)
	if err != nil {
		return nil, fmt.Errorf("release %s: %w", r.Name, err)
	}
	released, present := byIndicator(r.Totals), byIndicator(tally.OfPeriod(c, today.Ledger, period))
	causes := causes(c, then, today)
	var differences []Difference
	for _, id := range inOrder(c, released, present) {
		d := Difference{Indicator: id, Released: released[id], Today: present[id]}
		if d.Released != nil && d.Today != nil && d.Released.Equal(d.Today) {
			continue
		}
		d.Causes = causes[ledger.Cell{Indicator: id, Period: period}]
		differences = append(differences, d)
	}
	return differences, nil
}

func byIndicator(totals []event.Total) map[string]*event.Total {
	by := map[string]*event.Total{}
	for i := range totals {
		by[totals[i].Indicator] = &totals[i]
	}
	return by
}

// inOrder returns the ids of the totals' indicators: first those of the catalogue, in
// its order, then the others.
func inOrder(c *catalogue.Catalogue, totals ...map[string]*event.Total) []string {
	all := map[string]bool{}
	for _, of := range totals {
		for id := range of {
			all[id] = true
		}
	}
	var ids []string
	for i := range c.Indicators {
		if id := c.Indicators[i].ID; all[id] {
			ids = append(ids, id)
			delete(all, id)
		}
	}
	return append(ids, slices.Sorted(maps.Keys(all))...)
}

// causes returns the figures that differ between two histories, by each total that they
// affect.
func causes(c *catalogue.Catalogue, then, today *ledger.History) map[ledger.Cell][]Cause {
	by := map[ledger.Cell][]Cause{}
	for _, cell := range today.Cells() {
		for _, after := range today.Vintages(cell) {
			best, _ := today.Ledger.Part(cell, after.Area)
			before, _ := then.Ledger.Part(cell, after.Area)
			if after.Listed > 0 {
				after.Figure = best.Figure
			}
			if best.Submission != after.Submission || before.Area == after.Area && before.Figure.SameContent(after.Figure) {
				continue
			}
			for _, total := range tally.Affected(c, today.Ledger, []ledger.Cell{cell}) {
				by[total] = append(by[total], Cause{Cell: cell, Before: before, After: after})
			}
		}
	}
	return by
}
