package ledger

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// claim returns a statement as it is told.
func (l *Ledger) claim(c *claim) Claim {
	s, code := &l.submissions[c.submission], l.entities.codes[c.entity]
	e := &event.ListedEntity{Code: string(code[:]), Name: l.entities.names[c.name], From: c.from, To: c.to, Since: c.since}
	if c.registered > 0 {
		e.Registered = l.areas[c.registered-1]
	}
	f := c.figure()
	a, known := l.catalogue.Area(l.areas[c.area])
	return Claim{
		Area: l.areas[c.area], Submission: s.id, Sequence: s.sequence, Additive: known && a.Additive(),
		Figure: Figure{Value: f.value(), Stage: f.stage(), Status: f.status(), Epoch: f.epoch, Entity: e},
	}
}

// claimOf returns an area's best statement of an entity; nil where it has made none.
func (l *Ledger) claimOf(c *cellFigures, area int, entity string) *claim {
	number, known := l.entities.find(entity)
	if c == nil || c.list == nil || !known {
		return nil
	}
	for at := c.list.first[number]; at != 0; at = c.list.claims[at-1].next {
		if s := &c.list.claims[at-1]; int(s.area) == area {
			return s
		}
	}
	return nil
}

// Claims returns the best statements of all areas of an entity in a cell, withdrawn ones too,
// in no order.
func (r Reading) Claims(item Item) []Claim {
	c, all := r.l.cell(item.Cell), []Claim(nil)
	number, known := r.l.entities.find(item.Entity)
	if c == nil || c.list == nil || !known {
		return nil
	}
	for at := c.list.first[number]; at != 0; at = c.list.claims[at-1].next {
		all = append(all, r.l.claim(&c.list.claims[at-1]))
	}
	return all
}

// ListCount is how many entities an area lists in a cell.
type ListCount struct {
	// InForce are those that it has not withdrawn, Valid those of them that are valid at the
	// period's end, and Counted those of them that count for the area.
	InForce, Valid, Counted int
}

// ListCount returns how many entities an area lists in a cell.
func (r Reading) ListCount(area string, cell Cell) ListCount {
	number, known := r.l.areaNumbers[area]
	if c := r.l.cell(cell); known && c != nil && c.list != nil && number < len(c.list.areas) {
		of := &c.list.areas[number]
		return ListCount{int(of.inForce), int(of.valid), int(of.counted)}
	}
	return ListCount{}
}

// ListedBesides returns up to most of the entities that an area lists in a cell, those stated
// left out, by code.
func (r Reading) ListedBesides(area string, cell Cell, stated map[string]bool, most int) []Claim {
	return r.l.listedBesides(area, cell, most, func(_ *claim, code string) bool { return !stated[code] })
}

// RegisteredIn returns the statements that other areas have in force in a cell of entities which they
// say are registered in an area, in no order.
func (r Reading) RegisteredIn(area string, cell Cell) (all []Claim) {
	number, known := r.l.areaNumbers[area]
	in := r.l.cell(cell)
	if !known || in == nil || in.list == nil {
		return nil
	}
	for i := range in.list.claims {
		c := &in.list.claims[i]
		if f := c.figure(); int(c.registered) == number+1 && int(c.area) != number && f.counts() {
			all = append(all, r.l.claim(c))
		}
	}
	return all
}

// ListedEarlier returns how many of the entities that an area lists in a cell are not in the
// submission of it that came last, and up to most of them, by code.
func (l *Ledger) ListedEarlier(area string, cell Cell, most int) (n int, named []Claim) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	named = l.listedBesides(area, cell, most, func(c *claim, _ string) bool {
		earlier := c.submission != l.cell(cell).list.areas[c.area].latest
		if earlier {
			n++
		}
		return earlier
	})
	return n, named
}

// listedBesides returns those of the entities that an area lists in a cell of which wanted
// says so, up to most of them, by code. Wanted is asked about every one.
func (l *Ledger) listedBesides(area string, cell Cell, most int, wanted func(c *claim, code string) bool) []Claim {
	number, known := l.areaNumbers[area]
	in := l.cell(cell)
	if !known || in == nil || in.list == nil {
		return nil
	}
	var found []*claim
	byCode := func(a, b *claim) int {
		return bytes.Compare(l.entities.codes[a.entity][:], l.entities.codes[b.entity][:])
	}
	for i := range in.list.claims {
		c := &in.list.claims[i]
		if f := c.figure(); int(c.area) != number || !f.counts() || !wanted(c, string(l.entities.codes[c.entity][:])) {
			continue
		}
		if place, _ := slices.BinarySearchFunc(found, c, byCode); place < most {
			found = slices.Insert(found, place, c)
			found = found[:min(len(found), most)]
		}
	}
	claims := make([]Claim, len(found))
	for i, c := range found {
		claims[i] = l.claim(c)
	}
	return claims
}

// Listed is an entity in a cell, with the claims in force.
type Listed struct {
	Code   string
	Claims []Claim // by the place from which on the area has listed it
	// CountsFor is the area for which it counts in the city; "" is none.
	CountsFor string
}

// Lists returns how many entities each area lists in a cell, by the area's code, and those
// entities that several additive areas claim, by code.
func (l *Ledger) Lists(cell Cell) (counts map[string]ListCount, several []Listed) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	c := l.cell(cell)
	if c == nil || c.list == nil {
		return nil, nil
	}
	counts = map[string]ListCount{}
	for area := range c.list.areas {
		if of := &c.list.areas[area]; of.inForce > 0 {
			counts[l.areas[area]] = ListCount{int(of.inForce), int(of.valid), int(of.counted)}
		}
	}
	rule := l.indicators[cell.Indicator].claimRule()
	for _, first := range c.list.first {
		if c.list.claims[first-1].next == 0 {
			continue
		}
		e := Listed{}
		for at := first; at != 0; at = c.list.claims[at-1].next {
			if s := l.claim(&c.list.claims[at-1]); s.Counts() && s.Additive {
				e.Claims = append(e.Claims, s)
			}
		}
		if len(e.Claims) < 2 {
			continue
		}
		slices.SortFunc(e.Claims, func(a, b Claim) int { return cmp.Compare(a.Entity.Since, b.Entity.Since) })
		e.Code = e.Claims[0].Entity.Code
		e.CountsFor, _ = CountsFor(rule, cell.Period, e.Claims)
		several = append(several, e)
	}
	slices.SortFunc(several, func(a, b Listed) int { return cmp.Compare(a.Code, b.Code) })
	return counts, several
}

// ForeseeLists returns the figures of a cell as they would follow if areas made statements of
// entities: those of every area that has listed any. An area whose list would end has what it
// reported beside it or, where that is nothing, a figure with the status withdrawn; both with
// List set, since they go before what the area lists now.
func (r Reading) ForeseeLists(cell Cell, made []Claim) []Part {
	trial := r.l.trialOf(cell)
	for i := range made {
		trial.state(&made[i])
	}
	return trial.parts()
}

// trial is what areas would list in a cell.
type trial struct {
	l      *Ledger
	cell   Cell
	counts map[string]*trialCount
	stated map[string][]Claim // by entity
}

type trialCount struct {
	ListCount
	stages     [catalogue.Final + 1]int
	submission event.SubmissionID
	sequence   uint64
}

func (l *Ledger) trialOf(cell Cell) *trial {
	t := &trial{l: l, cell: cell, counts: map[string]*trialCount{}, stated: map[string][]Claim{}}
	if c := l.cell(cell); c != nil && c.list != nil {
		for area := range c.list.areas {
			of := &c.list.areas[area]
			if !of.begun {
				continue
			}
			s := &l.submissions[of.latest]
			n := &trialCount{ListCount: ListCount{int(of.inForce), int(of.valid), int(of.counted)}, submission: s.id, sequence: s.sequence}
			for stage, count := range of.stages {
				n.stages[stage] = int(count)
			}
			t.counts[l.areas[area]] = n
		}
	}
	return t
}

func (t *trial) state(made *Claim) {
	code := made.Entity.Code
	claims, ok := t.stated[code]
	if !ok {
		claims = Reading{t.l}.Claims(Item{t.cell, code})
	}
	t.count(claims, -1)
	at := slices.IndexFunc(claims, func(c Claim) bool { return c.Area == made.Area })
	if at < 0 {
		at, claims = len(claims), append(claims, Claim{})
	}
	if before := &claims[at]; before.Area == "" || made.Rank().Compare(before.Rank()) > 0 {
		*before = *made
	}
	t.count(claims, 1)
	t.stated[code] = claims
	if of := t.of(made.Area); made.Sequence > of.sequence {
		of.submission, of.sequence = made.Submission, made.Sequence
	}
}

func (t *trial) of(area string) *trialCount {
	if t.counts[area] == nil {
		t.counts[area] = &trialCount{}
	}
	return t.counts[area]
}

func (t *trial) count(claims []Claim, n int) {
	day := catalogue.DayOf(t.cell.Period.LastDay())
	for i := range claims {
		c := &claims[i]
		if !c.Counts() {
			continue
		}
		of := t.of(c.Area)
		of.InForce += n
		of.stages[c.Stage] += n
		if c.Entity.ValidOn(day) {
			if of.Valid += n; !c.Additive {
				of.Counted += n
			}
		}
	}
	rule := catalogue.FirstReported
	if indicator, ok := t.l.catalogue.Indicator(t.cell.Indicator); ok {
		rule = indicator.CountsFor
	}
	if area, ok := CountsFor(rule, t.cell.Period, claims); ok {
		t.of(area).Counted += n
	}
}

func (t *trial) parts() (parts []Part) {
	for _, area := range slices.Sorted(maps.Keys(t.counts)) {
		of := t.counts[area]
		part := Part{Area: area, Submission: of.submission, Sequence: of.sequence}
		if of.InForce > 0 {
			part.Figure = Figure{Value: catalogue.Value{Coefficient: int64(of.Counted)}, Stage: catalogue.Forecast, Status: catalogue.Normal, List: true}
			for of.stages[part.Stage] == 0 && part.Stage < catalogue.Final {
				part.Stage++
			}
		} else if part.Status, part.List = catalogue.Withdrawn, true; true {
			if number, known := t.l.areaNumbers[area]; known {
				if c := t.l.cell(t.cell); c != nil && c.list != nil && number < len(c.list.plain) && c.list.plain[number].counts() {
					part, _ = t.l.part(number, &c.list.plain[number], t.l.conversionOf(t.cell.Indicator))
					part.InPlaceOfList = true
				}
			}
		}
		parts = append(parts, part)
	}
	return parts
}
