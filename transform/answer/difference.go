package answer

import (
	"fmt"
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// MomentOf returns the moment a release was made from.
func MomentOf(r *event.Release) ledger.Moment {
	return ledger.Moment{Received: r.AsOf(), Basis: r.Basis}
}

// KeepSince returns what a later history has to keep for [CompareRelease]: the vintages
// of submissions that the history h does not have, and figures that were held and released.
func KeepSince(h *ledger.History) ledger.Keep {
	return func(s *event.AcceptedSubmission, _ ledger.Cell) bool {
		_, known := h.Ledger.Accepted(s.ID, s.Sequence)
		return !known || s.Released
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
	Causes []Cause
	// Holds are the figures that are held since and were not, or were held and are no more,
	// by id, and would change the total.
	Holds []inquiry.Hold
	// ByCatalogue is true where the figures of the release's moment have another total under
	// the catalogue of today.
	ByCatalogue bool
}

// Cause is one area's figure that has changed. Before has no Area where there was no
// figure.
type Cause struct {
	Cell   ledger.Cell
	Before ledger.Part
	After  ledger.Vintage
}

// CompareRelease returns the totals that have changed since the release, in the
// catalogue's order. Then is the history of the release's moment, which is put under the
// catalogue of today, and today the present one, which must have kept what KeepSince(then)
// asks for.
func CompareRelease(c *catalogue.Catalogue, r *event.Release, then, today *ledger.History) ([]Difference, error) {
	period, err := catalogue.ParsePeriod(r.Period)
	if err != nil {
		return nil, fmt.Errorf("release %s: %w", r.Name, err)
	}
	released, present := byIndicator(r.Totals), byIndicator(tally.OfPeriod(c, today.Ledger, period))
	recast := released
	if r.Catalogue != c.Version() {
		adopted := &event.AcceptedBatch{Decisions: []event.Decision{{Kind: event.Adopt, Catalogue: c.Text()}}}
		if err := then.Ledger.Apply(then.Ledger.Basis()+1, edition.Subject, adopted); event.IsNewerLayout(err) {
			return nil, err
		}
		recast = byIndicator(tally.OfPeriod(c, then.Ledger, period))
	}
	causes := causes(c, then, today)
	var differences []Difference
	for _, id := range inOrder(c, released, present) {
		d := Difference{Indicator: id, Released: released[id], Today: present[id]}
		if sameTotal(d.Released, d.Today) {
			continue
		}
		if !sameButHeld(d.Released, d.Today) {
			d.Causes = causes[ledger.Cell{Indicator: id, Period: period}]
		}
		d.Holds = holdsBetween(today.Ledger, d.Released, d.Today)
		d.ByCatalogue = !sameTotal(d.Released, recast[id])
		differences = append(differences, d)
	}
	return differences, nil
}

// sameTotal reports whether two totals are the same, or there is neither.
func sameTotal(a, b *event.Total) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(b)
}

// sameButHeld reports whether two totals are the same but for what is held: figures that have come
// since are no cause of that.
func sameButHeld(a, b *event.Total) bool {
	return a != nil && b != nil && slices.Equal(a.Differing(b), []string{"held"})
}

// holdsBetween returns the held figures that one of two totals tells of and the other does not.
func holdsBetween(l *ledger.Ledger, a, b *event.Total) []inquiry.Hold {
	times := map[string]int{}
	for _, t := range [...]*event.Total{a, b} {
		if t != nil && t.Held != nil {
			for _, id := range t.Held.Holds {
				times[id]++
			}
		}
	}
	return l.ToldHolds(l.HoldsTogether(func(h *ledger.Hold) bool { return times[h.ID.String()] == 1 }))
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
		told := "" // the area whose figure was compared last
		for _, after := range today.Vintages(cell) {
			if after.Area == told {
				continue
			}
			now, counts := today.Ledger.Part(cell, after.Area)
			before, counted := then.Ledger.Part(cell, after.Area)
			switch {
			case counts && (now.Submission != after.Submission || now.Sequence != after.Sequence), !counts && after.Status != catalogue.Withdrawn && after.Listed == 0:
				continue // another vintage is the one in force
			case counts == counted && (!counts || before.Figure.SameContent(now.Figure)):
				told = after.Area
				continue
			}
			if told = after.Area; after.Listed > 0 {
				after.Figure = now.Figure
			}
			for _, total := range tally.Affected(c, today.Ledger, []ledger.Cell{cell}) {
				by[total] = append(by[total], Cause{Cell: cell, Before: before, After: after})
			}
		}
	}
	return by
}
