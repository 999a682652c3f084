package respond

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/judge"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

const (
	// maxMessages is how many submissions one upload may consist of.
	maxMessages = 10_000
	// maxTries is how often a dry run begins anew because the area's figures have changed
	// meanwhile.
	maxTries = 20
)

// errMoving says that no place of the log could be held.
var errMoving = errors.New("the area's figures keep changing at present; try again later")

// dryRun says what would become of an upload.
func (r *Responder) dryRun(ctx context.Context, upload inquiry.Upload) (inquiry.Foreseen, error) {
	if n := len(upload.Messages); n == 0 || n > maxMessages {
		return inquiry.Foreseen{}, event.Permanentf("want 1 to %d submissions, got %d", maxMessages, n)
	}
	if err := r.catchUp(ctx); err != nil {
		return inquiry.Foreseen{}, err
	}
	for range maxTries {
		if ctx.Err() != nil {
			return inquiry.Foreseen{}, context.Cause(ctx)
		}
		if foreseen, ok, err := r.foresee(ctx, &upload); ok || err != nil {
			return foreseen, err
		}
	}
	return inquiry.Foreseen{}, errMoving
}

// foresee judges the upload and computes the totals that follow, at one place of the log.
// It reports false where a verdict may have been given at a later one.
func (r *Responder) foresee(ctx context.Context, upload *inquiry.Upload) (inquiry.Foreseen, bool, error) {
	before := r.places(upload)
	view := r.ledger.View()
	defer view.Close()
	now, first := r.now(), uint64(math.MaxInt64-maxMessages)
	deliveries := make([]stream.Delivery, len(upload.Messages))
	for i, m := range upload.Messages {
		deliveries[i] = stream.Undelivered(stream.Message{Subject: m.Subject, ID: m.ID, Header: m.Header, Body: m.Body}, first+uint64(i), now)
	}
	judged, err := r.validator.Foresee(ctx, deliveries)
	if err != nil {
		return inquiry.Foreseen{}, false, err
	}
	if !maps.Equal(before, r.places(upload)) {
		return inquiry.Foreseen{}, false, nil
	}
	hideForeseenIDs(judged.Held, first)
	foreseen := inquiry.Foreseen{Basis: view.Basis(), Verdicts: judged.Verdicts, Totals: r.totals(view, judged)}
	if n := len(foreseen.Totals); n > inquiry.MaxTotals {
		foreseen.Totals, foreseen.TotalsOmitted = foreseen.Totals[:inquiry.MaxTotals], n-inquiry.MaxTotals
	}
	return foreseen, true, nil
}

// hideForeseenIDs takes the ids from figures that would be held: they have none yet.
func hideForeseenIDs(held map[ledger.Cell][]ledger.HeldPart, first uint64) {
	for _, parts := range held {
		for i := range parts {
			parts[i].IDs = slices.DeleteFunc(slices.Clone(parts[i].IDs), func(id event.HoldID) bool { return id.Sequence >= first })
		}
	}
}

// places returns the place in ACCEPTED of the newest message on every subject that the
// verdicts on an upload depend on.
func (r *Responder) places(upload *inquiry.Upload) map[string]uint64 {
	places := map[string]uint64{judge.DecisionSubject: r.ledger.LastOnSubject(judge.DecisionSubject)}
	datasets := r.ledger.Catalogue().Datasets
	for _, m := range upload.Messages {
		area := event.OriginOf(m.Subject).Area
		for i := range datasets {
			subject := "accepted." + area + "." + datasets[i].ID
			places[subject] = r.ledger.LastOnSubject(subject)
		}
	}
	return places
}

// totals returns the totals that differ once the figures are accepted, those of the cells that
// the upload reports first.
func (r *Responder) totals(view *ledger.View, judged *judge.Foreseen) []inquiry.TotalChange {
	cells := maps.Clone(judged.Held)
	if cells == nil {
		cells = map[ledger.Cell][]ledger.HeldPart{}
	}
	for cell := range judged.Figures {
		cells[cell] = nil
	}
	changed := slices.SortedFunc(maps.Keys(cells), ledger.Cell.Compare)
	if len(changed) == 0 {
		return []inquiry.TotalChange{}
	}
	after := tally.NewOverlay(view).WithHeld(judged.Held)
	for _, cell := range changed {
		for _, figure := range judged.Figures[cell] {
			after.Add(cell, figure)
		}
	}
	affected := tally.Affected(view.Catalogue(), after, changed)
	from, to := tally.ByCell(view.Catalogue(), view, affected), tally.ByCell(view.Catalogue(), after, affected)
	changes := []inquiry.TotalChange{}
	slices.SortStableFunc(affected, func(a, b ledger.Cell) int { return rank(judged, a) - rank(judged, b) })
	for _, cell := range affected {
		a, b := from[cell], to[cell]
		if a == nil && b == nil || a != nil && b != nil && a.Equal(b) {
			continue
		}
		change := inquiry.TotalChange{Indicator: cell.Indicator, Period: cell.Period.String()}
		if a != nil {
			change.Unit, change.From = a.Unit, inquiry.TotalOf(a)
		}
		if b != nil {
			change.Unit, change.To = b.Unit, inquiry.TotalOf(b)
		}
		changes = append(changes, change)
	}
	return changes
}

// rank is 0 for a cell that the upload reports.
func rank(judged *judge.Foreseen, cell ledger.Cell) int {
	_, reported := judged.Figures[cell]
	if _, held := judged.Held[cell]; reported || held {
		return 0
	}
	return 1
}
