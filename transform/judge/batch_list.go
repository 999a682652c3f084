package judge

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// candidateKey returns the key of what a row reports among the candidates of its area and
// period. No indicator's id has a space.
func candidateKey(o *event.AcceptedObservation) string {
	if o.Entity == nil {
		return o.Indicator
	}
	return o.Indicator + " " + o.Entity.Code
}

// claim returns a candidate that lists an entity as a claim of an area.
func (c candidate) claim(area string, under *catalogue.Catalogue) ledger.Claim {
	e := *c.observation.Entity
	if e.Since == 0 {
		e.Since = c.sequence
	}
	a, known := under.Area(area)
	claim := ledger.Claim{Area: area, Figure: ledger.FigureOf(c.observation), Submission: c.submission, Sequence: c.sequence, Additive: known && a.Additive()}
	claim.Entity = &e
	return claim
}

// Claims returns the ledger's claims with those of the batch that are better.
func (b *batchMoment) Claims(item ledger.Item) []ledger.Claim {
	claims := b.reading.Claims(item)
	key := item.Indicator + " " + item.Entity
	for area, periods := range b.batchState.candidates {
		c, ok := periods[item.Period][key]
		if !ok {
			continue
		}
		b.shared = b.shared || area != b.area
		n := slices.IndexFunc(claims, func(claim ledger.Claim) bool { return claim.Area == area })
		if n < 0 {
			claims = append(claims, c.claim(area, b.reading.Catalogue()))
		} else if c.rank().Compare(claims[n].Rank()) > 0 {
			claims[n] = c.claim(area, b.reading.Catalogue())
		}
	}
	return claims
}

// ListCount returns the ledger's count of an area's list with what the batch adds.
func (b *batchMoment) ListCount(area string, cell ledger.Cell) ledger.ListCount {
	of, day := b.reading.ListCount(area, cell), catalogue.DayOf(cell.Period.LastDay())
	for key, c := range b.batchState.candidates[area][cell.Period] {
		if c.observation.Entity == nil || !strings.HasPrefix(key, cell.Indicator+" ") {
			continue
		}
		var before ledger.Claim
		for _, claim := range b.reading.Claims(ledger.ItemOf(c.observation)) {
			if claim.Area == area {
				before = claim
			}
		}
		if before.Area != "" && c.rank().Compare(before.Rank()) <= 0 {
			continue
		}
		after := ledger.FigureOf(c.observation)
		of.InForce += one(after.Counts()) - one(before.Counts())
		of.Valid += one(validClaim(&after, day)) - one(validClaim(&before.Figure, day))
	}
	return of
}

// ListedBesides returns the ledger's entities with those of the batch, where those are better.
func (b *batchMoment) ListedBesides(area string, cell ledger.Cell, stated map[string]bool, most int) []ledger.Claim {
	apart, listed := maps.Clone(stated), []ledger.Claim(nil)
	for key, c := range b.batchState.candidates[area][cell.Period] {
		e := c.observation.Entity
		if e == nil || stated[e.Code] || !strings.HasPrefix(key, cell.Indicator+" ") {
			continue
		}
		claims := b.reading.Claims(ledger.ItemOf(c.observation))
		if n := slices.IndexFunc(claims, func(claim ledger.Claim) bool { return claim.Area == area }); n >= 0 && c.rank().Compare(claims[n].Rank()) <= 0 {
			continue
		}
		apart[e.Code] = true
		if claim := c.claim(area, b.reading.Catalogue()); claim.Counts() {
			listed = append(listed, claim)
		}
	}
	listed = append(listed, b.reading.ListedBesides(area, cell, apart, most)...)
	slices.SortFunc(listed, func(a, b ledger.Claim) int { return strings.Compare(a.Entity.Code, b.Entity.Code) })
	return listed[:min(len(listed), most)]
}

// PendingOfList returns how many rows of an area's list are held of those that are wanted, beyond what the batch has
// superseded.
func (b *batchMoment) PendingOfList(area string, cell ledger.Cell, wanted func(*ledger.Hold) bool) (n int) {
	of := map[string]*ledger.Hold{}
	for _, h := range b.reading.PendingListed(cell) {
		if h.Area == area {
			of[h.Entity.Code] = h
		}
	}
	for item, held := range b.held {
		if item.area == area && item.item.Cell == cell && item.item.Entity != "" {
			of[item.item.Entity] = held[len(held)-1]
		}
	}
	for code, h := range of {
		c, ok := b.batchState.candidates[area][cell.Period][cell.Indicator+" "+code]
		n += one(wanted(h) && !(ok && c.rank().Compare(h.Rank()) > 0))
	}
	return n
}

// RegisteredIn returns the ledger's statements with those of the batch, where those are better.
func (b *batchMoment) RegisteredIn(area string, cell ledger.Cell) []ledger.Claim {
	claims := b.reading.RegisteredIn(area, cell)
	for other, periods := range b.batchState.candidates {
		for key, c := range periods[cell.Period] {
			e := c.observation.Entity
			if other == area || e == nil || !strings.HasPrefix(key, cell.Indicator+" ") {
				continue
			}
			b.shared = true
			same := func(claim ledger.Claim) bool { return claim.Area == other && claim.Entity.Code == e.Code }
			before := slices.IndexFunc(b.reading.Claims(ledger.ItemOf(c.observation)), func(claim ledger.Claim) bool {
				return claim.Area == other && c.rank().Compare(claim.Rank()) <= 0
			})
			if before >= 0 {
				continue
			}
			claims = slices.DeleteFunc(claims, same)
			if claim := c.claim(other, b.reading.Catalogue()); claim.Counts() && e.Registered == area {
				claims = append(claims, claim)
			}
		}
	}
	slices.SortFunc(claims, func(a, b ledger.Claim) int {
		return cmp.Or(strings.Compare(a.Entity.Code, b.Entity.Code), strings.Compare(a.Area, b.Area))
	})
	return claims
}

// ForeseeLists returns what would follow in a cell from the ledger, the batch and statements.
func (b *batchMoment) ForeseeLists(cell ledger.Cell, made []ledger.Claim) []ledger.Part {
	for area, periods := range b.batchState.candidates {
		for _, c := range periods[cell.Period] {
			if c.observation.Entity != nil && c.observation.Indicator == cell.Indicator {
				b.shared = b.shared || area != b.area
				made = append(made, c.claim(area, b.reading.Catalogue()))
			}
		}
	}
	return b.reading.ForeseeLists(cell, made)
}

// figures returns the best figures that the batch has accepted, and those that follow from
// the lists that it changes. A figure of an area that has a list is among them, and does not
// count.
func (b *batchState) figures(r ledger.Reading) map[ledger.Cell][]ledger.Part {
	figures, lists := map[ledger.Cell][]ledger.Part{}, map[ledger.Cell]bool{}
	for area, periods := range b.candidates {
		for _, of := range periods {
			for _, c := range of {
				cell := ledger.CellOf(c.observation)
				if c.observation.Entity != nil {
					lists[cell] = true
					continue
				}
				figures[cell] = append(figures[cell], ledger.Part{
					Area: area, Figure: ledger.FigureOf(c.observation), Submission: c.submission, Sequence: c.sequence,
				})
			}
		}
	}
	for cell := range lists {
		for _, part := range (&batchMoment{batchState: b, reading: r}).ForeseeLists(cell, nil) {
			n := slices.IndexFunc(figures[cell], func(other ledger.Part) bool { return other.Area == part.Area })
			switch {
			case n < 0:
				figures[cell] = append(figures[cell], part)
			case r.ListCount(part.Area, cell).InForce > 0 || part.Status != catalogue.Withdrawn:
				figures[cell][n] = part
			}
		}
	}
	return figures
}
