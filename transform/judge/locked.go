package judge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// guardLockedTotals writes a finding into each good row that would alter a total of a locked
// period, or its change: without a reason it is refused, and with one held until the bureau
// releases it. The bureau's own row needs a reason alone. Rows are tried one after another, each with those before it that
// alter none: so the last of three months that make up a locked quarter is the one at fault,
// and all rows without a finding together leave every locked total as it is.
func (r *checks) guardLockedTotals(m moment, s *received, read []event.AcceptedObservation, rows []rowState, states []ledger.CellState) {
	reasoned := strings.TrimSpace(s.submission.Reason) != ""
	if reasoned && s.byBureau {
		return
	}
	var guard *lockGuard
	for i := range read {
		if rows[i].silent || !rows[i].mayCount() || rows[i].isStillHeld() || rows[i].isLockedRevision() || states[i].LockedBy == (catalogue.Period{}) {
			continue
		}
		if guard == nil {
			inForce := m.Figures()
			guard = &lockGuard{
				catalogue: r.catalogue, locked: m.Locked, inForce: inForce, trial: tally.NewOverlay(inForce),
				before: map[ledger.Cell]*event.Total{},
			}
		}
		switch moved := guard.try(ledger.CellOf(&read[i]), partOf(s, &read[i])); {
		case moved != nil && reasoned:
			rows[i].find(r.heldByLock(&read[i], moved.cell.Period))
		case moved != nil:
			rows[i].find(r.totalLocked(&read[i], moved))
		case rows[i].finding != nil: // it is held, and counts for nothing yet
			guard.trial.Drop(ledger.CellOf(&read[i]), s.area)
		}
	}
}

// partOf returns the figure that a row of a submission reports.
func partOf(s *received, o *event.AcceptedObservation) ledger.Part {
	id, _ := event.ParseSubmissionID(s.id) // it was computed when the submission was read
	return ledger.Part{Area: s.area, Figure: ledger.FigureOf(o), Submission: id, Sequence: s.delivery.Sequence}
}

// lockGuard tells which figures alter totals of locked periods.
type lockGuard struct {
	catalogue *catalogue.Catalogue
	locked    func(catalogue.Period) bool
	inForce   tally.Source
	trial     *tally.Overlay // over what is in force, the figures tried that alter no locked total
	before    map[ledger.Cell]*event.Total
}

// movedTotal is a locked total that a figure would alter; nil is none.
type movedTotal struct {
	cell          ledger.Cell
	before, after *event.Total
}

// try adds figures of a cell to those tried. Where they would alter a locked total they are
// left out, and the first such total returned.
func (g *lockGuard) try(cell ledger.Cell, figures ...ledger.Part) *movedTotal {
	for _, figure := range figures {
		g.trial.Add(cell, figure)
	}
	affected := tally.Affected(g.catalogue, g.trial, []ledger.Cell{cell})
	affected = slices.DeleteFunc(affected, func(c ledger.Cell) bool { return !g.locked(c.Period) })
	after := tally.ByCell(g.catalogue, g.trial, affected)
	var unknown []ledger.Cell
	for _, c := range affected {
		if _, known := g.before[c]; !known {
			unknown, g.before[c] = append(unknown, c), nil
		}
	}
	for c, total := range tally.ByCell(g.catalogue, g.inForce, unknown) {
		g.before[c] = total
	}
	for _, c := range affected {
		if !sameFigures(g.before[c], after[c]) {
			for _, figure := range figures {
				g.trial.Drop(cell, figure.Area)
			}
			return &movedTotal{c, g.before[c], after[c]}
		}
	}
	return nil
}

// sameFigures reports whether two totals, nil where there is none, have the same value, the
// same change and the same areas missing. Where the figures come from and how final they are
// may differ.
func sameFigures(a, b *event.Total) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Value == b.Value && a.Qualifier == b.Qualifier && slices.Equal(a.Missing, b.Missing) &&
		a.Change == b.Change && a.ChangeAbsolute == b.ChangeAbsolute && whyNoChange(a) == whyNoChange(b) && a.ChangeQualifier == b.ChangeQualifier
}

// whyNoChange returns the reason of a total without change. That areas' figures are held moves no total more than that
// they have not reported.
func whyNoChange(t *event.Total) string {
	if t.ChangeReason == tally.HeldMember {
		return tally.MissingMember
	}
	return t.ChangeReason
}

// told returns the figure that is altered: the total's value or, where that stays, its
// change, or why it has none.
func (m *movedTotal) told(total *event.Total, none, change string) string {
	value := func(t *event.Total) string {
		if t == nil || t.Value == "" {
			return none
		}
		return t.Value
	}
	if value(m.before) != value(m.after) || m.before == nil || m.after == nil {
		return value(total)
	}
	return value(total) + " (" + change + " " + cmp.Or(total.Change, total.ChangeAbsolute, none) + ")"
}
