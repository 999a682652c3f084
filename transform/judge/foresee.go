package judge

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/transform/ledger"
)

// Foreseen is what would become of submissions.
type Foreseen struct {
	// Verdicts are those that the submissions would get, in the same order. Together they
	// fit into half a message.
	Verdicts []event.Verdict
	// Figures are the best of those that would be accepted, at most one of each area in
	// a cell. One with the status [catalogue.Withdrawn] takes the area's figure away.
	Figures map[ledger.Cell][]ledger.Part
	// Held are the figures that would be held, with those that are held already and would stay
	// so.
	Held map[ledger.Cell][]ledger.HeldPart
}

// Foresee judges messages of SUBMISSIONS that are not in the log, by the same rules and the
// same ledger, and stores nothing. Their sequences have to be above all that the log has.
func (v *Validator) Foresee(ctx context.Context, messages []stream.Delivery) (*Foreseen, error) {
	submissions := make([]received, len(messages))
	for i, m := range messages {
		if submissions[i] = readSubmission(m); submissions[i].stray != nil {
			return nil, submissions[i].stray
		}
	}
	verdicts, _, state, err := v.judgeUnderOne(ctx, submissions)
	if err != nil {
		return nil, err
	}
	for i := range verdicts {
		verdicts[i].Sequence, verdicts[i].Batch = 0, 0
		if _, err := encodeVerdict(&verdicts[i], v.maxBody()/2/len(verdicts)); err != nil {
			return nil, err
		}
	}
	foreseen := &Foreseen{Verdicts: verdicts}
	v.ledger.Read(func(r ledger.Reading) { foreseen.Figures = state.figures(r) })
	foreseen.Held = state.heldBeside(foreseen.Figures)
	return foreseen, nil
}

// heldBeside returns the figures that are held by the ledger and the batch and that are not
// superseded by figures of the batch.
func (b *batchState) heldBeside(figures map[ledger.Cell][]ledger.Part) map[ledger.Cell][]ledger.HeldPart {
	held := b.ledger.HeldParts()
	if held == nil {
		held = map[ledger.Cell][]ledger.HeldPart{}
	}
	for of, holds := range b.held {
		for _, h := range holds {
			if h.Entity != nil {
				continue
			}
			part := h.PartUnder(b.ledger.Catalogue())
			parts := slices.DeleteFunc(held[of.item.Cell], func(p ledger.HeldPart) bool { return p.Area == of.area })
			held[of.item.Cell] = append(parts, part)
			slices.SortFunc(held[of.item.Cell], func(a, b ledger.HeldPart) int { return cmp.Compare(a.Area, b.Area) })
		}
	}
	for cell, parts := range figures {
		for i := range parts {
			held[cell] = slices.DeleteFunc(held[cell], func(p ledger.HeldPart) bool {
				return p.Area == parts[i].Area && parts[i].Rank().Compare(p.Rank()) > 0
			})
		}
	}
	b.ledger.Read(func(r ledger.Reading) { ledger.WithLists(held, b.heldListsBeside(r, figures)) })
	maps.DeleteFunc(held, func(_ ledger.Cell, parts []ledger.HeldPart) bool { return len(parts) == 0 })
	if len(held) == 0 {
		return nil
	}
	return held
}

// heldListsBeside returns the counts that lists would have with the statements that the ledger
// and the batch hold, of all cells where there are any; none where they would not differ.
func (b *batchState) heldListsBeside(r ledger.Reading, figures map[ledger.Cell][]ledger.Part) map[ledger.Cell][]ledger.HeldPart {
	holds := map[ledger.Cell][]*ledger.Hold{}
	for _, cell := range r.CellsOfHeldLists() {
		holds[cell] = r.PendingListed(cell)
	}
	for of, held := range b.held {
		if of.item.Entity == "" {
			continue
		}
		in := slices.DeleteFunc(holds[of.item.Cell], func(h *ledger.Hold) bool { return h.Area == of.area && h.Entity.Code == of.item.Entity })
		holds[of.item.Cell] = append(in, held[len(held)-1])
	}
	lists := make(map[ledger.Cell][]ledger.HeldPart, len(holds))
	for cell, of := range holds {
		var made []ledger.Claim
		for _, h := range of {
			if c, ok := b.candidates[h.Area][cell.Period][cell.Indicator+" "+h.Entity.Code]; ok && c.rank().Compare(h.Rank()) > 0 {
				continue
			}
			a, known := r.Catalogue().Area(h.Area)
			made = append(made, h.Claim(known && a.Additive()))
		}
		inForce := r.AppendParts(nil, cell)
		for _, p := range figures[cell] {
			inForce = append(slices.DeleteFunc(inForce, func(q ledger.Part) bool { return q.Area == p.Area }), p)
		}
		foresee := func(made []ledger.Claim) []ledger.Part {
			return (&batchMoment{batchState: b, reading: r}).ForeseeLists(cell, made)
		}
		lists[cell] = ledger.HeldListParts(foresee, made, inForce, of)
	}
	return lists
}
