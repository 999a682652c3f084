package ledger

import (
	"cmp"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// heldList is what the rows of a list share that are held together. A list that was sent in parts is
// held as one.
type heldList struct {
	whole    event.WholeID
	cell     Cell
	state    HoldState
	decided  uint64 // place in ACCEPTED of the decision
	sequence uint64 // of a list that was superseded, since it may have been sent again
}

func (h *Hold) list() heldList {
	of := heldList{whole: h.Submission.Whole(), cell: h.Cell, state: h.State}
	if h.Decision != nil {
		of.decided = h.Decision.Sequence
	}
	if h.State == HoldSuperseded {
		of.sequence = h.Sequence
	}
	return of
}

// HoldsTogether returns what is or was held and that want accepts, by id, as [Ledger.Holds] does, with
// the rows of lists that are held together with one of those.
func (l *Ledger) HoldsTogether(want func(*Hold) bool) []*Hold {
	holds, lists := l.Holds(want), map[heldList]bool{}
	for _, h := range holds {
		if h.Entity != nil {
			lists[h.list()] = true
		}
	}
	if len(lists) == 0 {
		return holds
	}
	return l.Holds(func(h *Hold) bool { return h.Entity == nil && want(h) || h.Entity != nil && lists[h.list()] })
}

// ToldHolds returns what is or was held as it is told, in the order given: figures by themselves, and
// the rows of a list together that one submission has of a cell and that share their fate.
func (l *Ledger) ToldHolds(holds []*Hold) []inquiry.Hold {
	var told []inquiry.Hold
	places := map[heldList]int{}
	for _, h := range holds {
		if h.Entity == nil {
			told = append(told, l.ToldHold(h))
			continue
		}
		at, ok := places[h.list()]
		if !ok {
			at, places[h.list()] = len(told), len(told)
			told = append(told, l.toldList(h))
		}
		addListed(&told[at], h)
	}
	return told
}

// ToldHold returns a figure that is or was held as it is told, beside the one in force.
func (l *Ledger) ToldHold(h *Hold) inquiry.Hold {
	told := inquiry.Hold{
		ID: h.ID.String(), State: string(h.State), Area: h.Area, Dataset: h.Dataset, Indicator: h.Cell.Indicator, Period: h.Cell.Period.String(), Unit: h.Unit,
		Said: SaidOf(&h.Part), Releaser: h.Releaser, Findings: h.Findings, Explanations: []inquiry.Statement{},
		Successor: h.Successor, Submission: h.Submission.String(), Sequence: h.Sequence, Row: h.Row, ReceivedAt: h.ReceivedAt,
		File: h.File, Raw: h.Raw, Note: h.Note, Reason: h.Reason,
	}
	for _, s := range h.Explanations {
		told.Explanations = append(told.Explanations, inquiry.Statement(s))
	}
	if h.Decision != nil {
		decision := inquiry.Statement(*h.Decision)
		told.Decision = &decision
	}
	if part, ok := l.Part(h.Cell, h.Area); ok {
		said := SaidOf(&part)
		told.InForce = &said
	}
	return told
}

// SaidOf returns what a part says.
func SaidOf(part *Part) event.Said {
	said := event.Said{Stage: part.Stage.String(), Qualifier: part.Qualifier.String()}
	if part.Status != catalogue.Missing && part.Status != catalogue.Withdrawn {
		said.Value = part.Value.String()
	}
	if part.Status != catalogue.Normal {
		said.Status = part.Status.String()
	}
	return said
}

// toldList returns a row of a list that is or was held as the first of those that are held with it.
func (l *Ledger) toldList(h *Hold) inquiry.Hold {
	told := l.ToldHold(h)
	told.Said, told.Listed = event.Said{Stage: told.Stage}, &inquiry.HeldList{}
	if h.State != HoldPending {
		return told
	}
	if told.InForce != nil {
		told.Value = told.InForce.Value
	}
	for _, p := range l.HeldParts()[h.Cell] {
		if p.Area == h.Area && p.Counts() {
			told.Value = p.Value.String()
		}
	}
	return told
}

// addListed adds a row to those of a list that are told together, whose id is that of the first row.
func addListed(told *inquiry.Hold, h *Hold) {
	of := told.Listed
	withdrawn := h.Status == catalogue.Withdrawn
	if of.Rows++; withdrawn {
		of.Withdrawn++
	}
	if h.Row <= told.Row {
		told.ID, told.Row, told.Note = h.ID.String(), h.Row, h.Note
	}
	of.Entities = append(of.Entities, inquiry.HeldEntity{Row: h.Row, Code: h.Entity.Code, Name: h.Entity.Name, Withdrawn: withdrawn})
	slices.SortFunc(of.Entities, func(a, b inquiry.HeldEntity) int { return cmp.Compare(a.Row, b.Row) })
	of.Entities = of.Entities[:min(len(of.Entities), inquiry.MaxHeldEntities)]
}
