package answer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// ErrReleased is returned by CreateRelease when the name stands for other
// content already.
var ErrReleased = errors.New("the name stands for another release, and a release never changes")

// UnpublishableError is why a release is refused: totals that their coverage policy
// does not let out.
type UnpublishableError struct{ Totals []event.Total }

func (u *UnpublishableError) Error() string {
	ids := make([]string, len(u.Totals))
	for i := range u.Totals {
		ids[i] = u.Totals[i].Indicator
	}
	return fmt.Sprintf("%d totals are not publishable: %s", len(u.Totals), strings.Join(ids, ", "))
}

// ReleaseRequest is what a release is to be made of.
type ReleaseRequest struct {
	Name   string
	Period catalogue.Period
	Note   string
	// Force lets totals out that are not publishable; they stay marked.
	Force bool
}

// CreateRelease freezes the period's totals of the history under a name. The same
// content again is the first release, returned with repeated true; other content
// is ErrReleased. Totals that must not be published make it an Unpublishable.
func CreateRelease(ctx context.Context, log *stream.Log, c *catalogue.Catalogue, h *ledger.History, n ReleaseRequest, now time.Time) (release *event.Release, repeated bool, err error) {
	release = &event.Release{
		Name: n.Name, Period: n.Period.String(), Note: n.Note, CreatedAt: now.UnixMilli(),
		Basis: h.Ledger.Basis(), Catalogue: c.Version(), Totals: tally.OfPeriod(c, h.Ledger, n.Period),
	}
	if !h.Moment.Received.IsZero() {
		release.Received = h.Moment.Received.UnixMilli()
	}
	if len(release.Totals) == 0 {
		return nil, false, fmt.Errorf("nobody has reported anything for %s: there is nothing to release", n.Period)
	}
	if withheld := unpublishable(release.Totals); len(withheld) > 0 && !n.Force {
		return nil, false, &UnpublishableError{Totals: withheld}
	}
	err = log.PublishRelease(ctx, release)
	if !errors.Is(err, stream.ErrConflict) {
		return release, false, err
	}
	earlier, err := log.Release(ctx, n.Name)
	if err != nil {
		return nil, false, err
	}
	if !earlier.SameContent(release) {
		return nil, false, fmt.Errorf("%s: %w; choose another name", n.Name, ErrReleased)
	}
	return earlier, true, nil
}

// unpublishable returns the totals with a figure that must not be published.
func unpublishable(totals []event.Total) []event.Total {
	var of []event.Total
	for i := range totals {
		if !totals[i].Publishable && totals[i].Value != "" {
			of = append(of, totals[i])
		}
	}
	return of
}

// MomentOf returns the moment a release was made from.
func MomentOf(r *event.Release) ledger.Moment {
	return ledger.Moment{Received: r.AsOf(), Basis: r.Basis}
}

// KeepSince keeps the figures that a history did not have.
func KeepSince(h *ledger.History) ledger.Keep {
	return func(s *event.AcceptedSubmission, _ ledger.Cell) bool {
		_, known := h.Ledger.Submission(s.ID)
		return !known
	}
}

// Difference is one total that a release has otherwise than today. Either may be
// nil: the release did not have the total, or today does not.
type Difference struct {
	Indicator string
	Released  *event.Total
	Today     *event.Total
	// Causes are the figures that made the difference, by period, indicator and
	// area. Where there are none, the catalogue changed.
	Causes []Cause
}

// Cause is one area's figure that changed. Before has no Area when there was
// none.
type Cause struct {
	Cell   ledger.Cell
	Before ledger.Part
	After  ledger.Vintage
}

// CompareRelease lists, in the catalogue's order, the totals that the release
// has otherwise than today. The first history is that of the release's moment,
// the second today's, which has kept what KeepSince of the first wants.
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

// inOrder returns the indicators of the totals: the catalogue's in its order,
// then those it no longer has.
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

// causes finds the figures that differ between two histories, under every total
// that they touch.
func causes(c *catalogue.Catalogue, then, today *ledger.History) map[ledger.Cell][]Cause {
	by := map[ledger.Cell][]Cause{}
	for _, cell := range today.Cells() {
		for _, after := range today.Vintages(cell) {
			best, _ := today.Ledger.Part(cell, after.Area)
			before, _ := then.Ledger.Part(cell, after.Area)
			if best.Submission != after.Submission || before.Area == after.Area && before.Figure.SameContent(after.Figure) {
				continue
			}
			for _, total := range tally.Affected(c, []ledger.Cell{cell}) {
				by[total] = append(by[total], Cause{Cell: cell, Before: before, After: after})
			}
		}
	}
	return by
}
