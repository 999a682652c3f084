package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Hold is a figure that is held, or was, with what was said and decided about it. It does not
// change: what happens to it makes another one.
type Hold struct {
	ID event.HoldID
	// Row is the row in the file, of which several figures may be held.
	Row  int
	Cell Cell
	// Part is the figure, in the unit Unit whatever the catalogue says, and where it came from.
	Part
	// AcceptedSequence is the place of the held row in ACCEPTED.
	AcceptedSequence uint64
	// ReceivedAt to Reason are the submission's, Raw and Note the row's, as of [Vintage].
	ReceivedAt                     time.Time
	Dataset, Via, By, File, Reason string
	Raw, Note                      string
	Releaser                       event.Releaser
	// Findings are why it is held.
	Findings []event.HeldFinding

	State HoldState
	// Explanations are in the order in which they came; Decision is that which released or
	// refused it, and nil where there was none.
	Explanations []Statement
	Decision     *Statement
	// Successor is the place in SUBMISSIONS of what superseded it; 0 where nothing has.
	Successor uint64
}

// Item returns what is held: a figure, or a statement of an entity in a list.
func (h *Hold) Item() Item {
	if h.Entity == nil {
		return Item{Cell: h.Cell}
	}
	return Item{h.Cell, h.Entity.Code}
}

// compare orders what is held in one cell by area, then by entity.
func (h *Hold) compare(area, entity string) int {
	return cmp.Or(cmp.Compare(h.Area, area), cmp.Compare(h.Item().Entity, entity))
}

// HoldState is what has become of a held figure.
type HoldState string

// The states. A figure is HoldSuperseded where its area has reported a better one since.
const (
	HoldPending    HoldState = "pending"
	HoldReleased   HoldState = "released"
	HoldRefused    HoldState = "refused"
	HoldSuperseded HoldState = "superseded"
)

// HoldStates returns every state.
func HoldStates() []HoldState {
	return []HoldState{HoldPending, HoldReleased, HoldRefused, HoldSuperseded}
}

// Statement is what a person said or decided about a held figure.
type Statement struct {
	Text   string       `json:"text"`
	Person event.Person `json:"person"`
	At     time.Time    `json:"at"`
	// Sequence is its place in ACCEPTED.
	Sequence uint64 `json:"sequence"`
}

// NewHold returns a row of a submission as one that is held. The error says that the row
// cannot be read.
func NewHold(s *event.AcceptedSubmission, row *event.HeldRow) (*Hold, error) {
	id, err := event.ParseSubmissionID(s.ID)
	if err != nil {
		return nil, err
	}
	o, err := row.Observation()
	if err != nil {
		return nil, err
	}
	h := &Hold{
		ID: event.HoldID{Sequence: s.Sequence, Row: o.Row}, Cell: CellOf(&o), Part: Part{Area: s.Area, Figure: FigureOf(&o), Submission: id, Sequence: s.Sequence},
		ReceivedAt: s.Received(), Dataset: s.Dataset, Via: s.Via, By: s.By, File: s.File, Reason: s.Reason,
		Raw: o.Raw, Note: o.Note, Releaser: row.Releaser, Findings: row.Findings, State: HoldPending,
	}
	h.Unit, h.Row = row.Unit, cmp.Or(int(row.Line), o.Row)
	return h, nil
}

// FigureUnder returns the held figure in the unit that a catalogue has for its indicator; false
// where it does not convert.
func (h *Hold) FigureUnder(c *catalogue.Catalogue) (Figure, bool) {
	f := h.Figure
	if indicator, ok := c.Indicator(h.Cell.Indicator); ok && f.Counts() {
		value, err := indicator.InUnit(f.Value, f.Unit)
		if err != nil {
			return f, false
		}
		f.Value = value
	}
	f.Unit = ""
	return f, true
}

// heldFigures are what is held at one moment, of each cell by area and entity. One that a view
// has does not change.
type heldFigures map[Cell][]*Hold

func (of heldFigures) place(item Item, area string) (int, bool) {
	return slices.BinarySearchFunc(of[item.Cell], item.Entity, func(h *Hold, entity string) int { return h.compare(area, entity) })
}

func (of heldFigures) pending(item Item, area string) *Hold {
	if i, found := of.place(item, area); found {
		return of[item.Cell][i]
	}
	return nil
}

// HeldPart is a figure that is held, in the unit of the catalogue in force; of a list, the count
// that it would have.
type HeldPart struct {
	Part
	// IDs are those of what is held, of a list the first row; none in a dry run.
	IDs []event.HoldID
	// Follows is true of a part that would follow from what other areas' lists hold.
	Follows bool
}

// PartUnder returns a held figure as a part in the unit of a catalogue. One that does not convert
// would only take the area's figure away.
func (h *Hold) PartUnder(c *catalogue.Catalogue) HeldPart {
	figure, ok := h.FigureUnder(c)
	p := HeldPart{Part: h.Part, IDs: []event.HoldID{h.ID}}
	if p.Figure = figure; !ok {
		p.Status = catalogue.Withdrawn
	}
	return p
}

// under returns the figures as parts in the units of a catalogue. Those of lists are not among
// them.
func (of heldFigures) under(c *catalogue.Catalogue) map[Cell][]HeldPart {
	if len(of) == 0 {
		return nil
	}
	parts := make(map[Cell][]HeldPart, len(of))
	for cell, holds := range of {
		for _, h := range holds {
			if h.Entity == nil {
				parts[cell] = append(parts[cell], h.PartUnder(c))
			}
		}
	}
	return parts
}

// setPending makes a hold the pending one of its item and area; nil leaves none.
func (l *Ledger) setPending(item Item, area string, h *Hold) {
	if l.heldShared || l.held == nil { // a view keeps what it has
		copied := make(heldFigures, len(l.held)+1)
		for cell, of := range l.held {
			copied[cell] = slices.Clone(of)
		}
		l.held, l.heldShared = copied, false
	}
	of := l.held[item.Cell]
	switch i, found := l.held.place(item, area); {
	case found && h != nil:
		of[i] = h
	case found:
		of = slices.Delete(of, i, i+1)
	case h != nil:
		of = slices.Insert(of, i, h)
	}
	if l.held[item.Cell] = of; len(of) == 0 {
		delete(l.held, item.Cell)
	}
	if n := len(l.changedCells); l.changesAskedAt > 0 && (n == 0 || l.changedCells[n-1] != item.Cell) {
		l.changedCells = append(l.changedCells, item.Cell)
	}
}

// change replaces a hold by one that differs.
func (l *Ledger) change(h *Hold, differ func(*Hold)) {
	changed := *h
	differ(&changed)
	l.holds[h.ID] = &changed
	switch {
	case l.held.pending(h.Item(), h.Area) != h:
	case changed.State == HoldPending:
		l.setPending(h.Item(), h.Area, &changed)
	default:
		l.setPending(h.Item(), h.Area, nil)
	}
}

// hold folds in a row that is held.
func (l *Ledger) hold(acceptedSequence uint64, s *event.AcceptedSubmission, row *event.HeldRow) error {
	h, err := NewHold(s, row)
	if err != nil {
		return err
	}
	// What shares its memory with the whole message must not keep that.
	h.Cell.Indicator, h.Area, h.Unit = strings.Clone(h.Cell.Indicator), l.areas[l.areaNumber(h.Area)], strings.Clone(h.Unit)
	if h.Entity != nil {
		e := *h.Entity
		e.Code, e.Name, e.Registered = strings.Clone(e.Code), strings.Clone(e.Name), strings.Clone(e.Registered)
		h.Entity = &e
	}
	h.AcceptedSequence = acceptedSequence
	if l.holds == nil {
		l.holds = map[event.HoldID]*Hold{}
	}
	l.holds[h.ID] = h
	l.noteHeld(h.Cell)
	before := l.held.pending(h.Item(), h.Area)
	best := l.bestRank(h.Item(), h.Area)
	switch {
	case best.Compare(h.Rank()) > 0:
		h.State, h.Successor = HoldSuperseded, best.Sequence
	case before == nil:
		l.setPending(h.Item(), h.Area, h)
	case before.Rank().Compare(h.Rank()) > 0:
		h.State, h.Successor = HoldSuperseded, before.Sequence
	default:
		l.supersede(before, h.Sequence)
		l.setPending(h.Item(), h.Area, h)
	}
	return nil
}

// noteHeld has the cell of a figure that is held asked for as one that holds a figure is, from
// now on: its total may say nothing but what is held.
func (l *Ledger) noteHeld(cell Cell) {
	l.indicator(cell.Indicator).note(cell.Period)
	if l.heldCells == nil {
		l.heldCells = map[Cell]bool{}
	}
	l.heldCells[cell] = true
}

func (l *Ledger) supersede(h *Hold, by uint64) {
	l.change(h, func(h *Hold) { h.State, h.Successor = HoldSuperseded, by })
}

// bestRank returns the rank of an area's best figure in the cell, or of its best statement of the
// entity.
func (l *Ledger) bestRank(item Item, area string) Rank {
	number, known := l.areaNumbers[area]
	if item.Entity != "" {
		if c := l.claimOf(l.cell(item.Cell), number, item.Entity); known && c != nil {
			stated := l.claim(c)
			return stated.Rank()
		}
		return Rank{}
	}
	if figures := l.figures(item.Cell); known && number < len(figures) && figures[number].status() != 0 {
		return l.rank(&figures[number])
	}
	return Rank{}
}

// endHold supersedes what is held of an area's item where one of a better rank was put.
func (l *Ledger) endHold(item Item, area string, rank Rank) {
	if h := l.held.pending(item, area); h != nil && rank.Compare(h.Rank()) > 0 {
		l.supersede(h, rank.Sequence)
	}
}

// countsNow reports whether a row that a Release brings counts: where the hold is pending, or
// the log has lost what held it.
func (l *Ledger) countsNow(sequence uint64, row uint32) bool {
	h := l.holds[event.HoldID{Sequence: sequence, Row: int(row)}]
	return h == nil || h.State == HoldPending
}

// applyHoldDecision folds in what was said or decided about held figures. What has been
// decided before, or superseded, stays so.
func (l *Ledger) applyHoldDecision(acceptedSequence uint64, d *event.Decision) {
	said := Statement{Text: d.Reason, Person: d.Person, At: d.Decided(), Sequence: acceptedSequence}
	for _, row := range d.Rows {
		h := l.holds[event.HoldID{Sequence: d.Sequence, Row: int(row)}]
		switch {
		case h == nil:
		case d.Kind == event.ExplainHeld:
			l.change(h, func(h *Hold) { h.Explanations = append(slices.Clip(h.Explanations), said) })
		case h.State != HoldPending:
		case d.Kind == event.ReleaseHeld:
			l.change(h, func(h *Hold) { h.State, h.Decision = HoldReleased, &said })
			l.addDecided(h)
		case d.Kind == event.RefuseHeld:
			l.change(h, func(h *Hold) { h.State, h.Decision = HoldRefused, &said })
			l.addDecided(h)
		}
	}
}

// Hold returns a figure that is or was held; nil where there is none of the id.
func (l *Ledger) Hold(id event.HoldID) *Hold {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.holds[id]
}

// Holds returns the figures that are or were held, and that want accepts, by id.
func (l *Ledger) Holds(want func(*Hold) bool) []*Hold {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []*Hold
	for _, h := range l.holds {
		if want(h) {
			all = append(all, h)
		}
	}
	slices.SortFunc(all, func(a, b *Hold) int { return a.ID.Compare(b.ID) })
	return all
}

// HeldParts returns the figures that are held, by cell and in the order of the areas' codes;
// nil where there are none. One with the status [catalogue.Withdrawn] would take the area's
// figure away.
func (l *Ledger) HeldParts() map[Cell][]HeldPart {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return WithLists(l.held.under(l.catalogue), l.heldLists())
}

// HeldParts returns the figures that were held at the view's basis, as [Ledger.HeldParts] does.
func (v *View) HeldParts() map[Cell][]HeldPart {
	return WithLists(v.held.under(v.catalogue), v.heldLists)
}

// foldHolds folds in the rows of a submission that are held.
func (l *Ledger) foldHolds(acceptedSequence uint64, s *event.AcceptedSubmission) error {
	for i := range s.Held {
		if err := l.hold(acceptedSequence, s, &s.Held[i]); err != nil {
			return fmt.Errorf("fold held row %d of submission %s: %w", s.Held[i].Row, s.ID, err)
		}
	}
	return nil
}
