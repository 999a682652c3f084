package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Ledger is the best vintage of every cell, in memory: the fold of ACCEPTED. Which
// vintage is the best, [Rank] decides, so that it does not depend on the order of
// folding.
//
// It is compact: a vintage takes 16 bytes, and a cell's areas lie side by side.
// Methods may be called by many goroutines at once.
type Ledger struct {
	catalogue *catalogue.Catalogue

	mu          sync.RWMutex
	areas       []string
	areaIndex   map[string]int
	areaOrder   []int // indexes of the areas, by code
	indicators  map[string]*entry
	pages       map[catalogue.Period]*page
	cells       int
	submissions []accepted
	known       map[event.SubmissionID]uint32
	subjects    map[string]uint64
	locked      map[catalogue.Period]bool
	reopened    []event.Decision
	unreadable  map[uint64]error // by sequence of ACCEPTED
	applied     uint64
	advanced    chan struct{} // closed and replaced when applied grows
	views       []*View
	viewed      uint64 // how many views there have been
	asked       uint64 // the number of the last one from ViewChanges
	changed     []Cell // since that one
}

// vintage is one area's best figure in a cell; status 0 means none yet.
type vintage struct {
	coefficient int64
	submission  uint32
	shape       uint8 // the scale in its low half, the qualifier in its high
	epoch       uint8
	stage       catalogue.Stage
	status      catalogue.Status
}

func shape(v catalogue.Value, q catalogue.Qualifier) uint8 { return v.Scale | uint8(q)<<4 }

func (v *vintage) value() catalogue.Value {
	return catalogue.Value{Coefficient: v.coefficient, Scale: v.shape & 0xf}
}

func (v *vintage) qualifier() catalogue.Qualifier { return catalogue.Qualifier(v.shape >> 4) }

func (v *vintage) figure() Figure {
	return Figure{Value: v.value(), Stage: v.stage, Status: v.status, Qualifier: v.qualifier(), Epoch: v.epoch}
}

// accepted is a submission that the ledger has folded in.
type accepted struct {
	id       event.SubmissionID
	sequence uint64 // in SUBMISSIONS
	stored   uint64 // in ACCEPTED
	rows     uint32
}

// New returns an empty ledger whose values are in the catalogue's units.
func New(c *catalogue.Catalogue) *Ledger {
	return &Ledger{
		catalogue: c, areaIndex: map[string]int{}, indicators: map[string]*entry{}, pages: map[catalogue.Period]*page{},
		known: map[event.SubmissionID]uint32{}, subjects: map[string]uint64{}, locked: map[catalogue.Period]bool{}, advanced: make(chan struct{}),
	}
}

// Apply folds in the message at the sequence of ACCEPTED. Submissions it has
// folded in before change nothing. A row that cannot be expressed in the
// catalogue's present unit is left out, and named in the error; the others are
// folded in all the same.
func (l *Ledger) Apply(sequence uint64, subject string, batch *event.AcceptedBatch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var problem error
	for i := range batch.Submissions {
		if err := l.fold(sequence, &batch.Submissions[i]); err != nil {
			problem = err
		}
	}
	for i := range batch.Decisions {
		l.decide(&batch.Decisions[i])
	}
	l.advance(sequence, subject)
	return problem
}

func (l *Ledger) decide(d *event.Decision) {
	period, err := catalogue.ParsePeriod(d.Period)
	if err != nil {
		return // Decide lets none through
	}
	switch d.Kind {
	case event.Lock:
		l.locked[period] = true
	case event.Unlock:
		delete(l.locked, period)
	case event.Reopen:
		l.reopened = append(l.reopened, *d)
	}
}

// epoch returns how often an area's figure in the cell has been reopened.
func (l *Ledger) epoch(cell Cell, area string) uint8 {
	epoch := uint8(0)
	for i := range l.reopened {
		if l.reopened[i].Covers(cell.Indicator, cell.Period, area) && epoch < math.MaxUint8 {
			epoch++
		}
	}
	return epoch
}

// Skip passes over the message at the sequence, and notes why it cannot be read.
func (l *Ledger) Skip(sequence uint64, subject string, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unreadable == nil {
		l.unreadable = map[uint64]error{}
	}
	l.unreadable[sequence] = why
	l.advance(sequence, subject)
}

// Unreadable returns why the message at a sequence it has come to could not be
// read; nil where it was.
func (l *Ledger) Unreadable(sequence uint64) error {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.unreadable[sequence]
}

func (l *Ledger) advance(sequence uint64, subject string) {
	l.subjects[subject] = sequence
	l.applied = max(l.applied, sequence)
	close(l.advanced)
	l.advanced = make(chan struct{})
}

func (l *Ledger) fold(stored uint64, s *event.AcceptedSubmission) error {
	id, err := event.ParseSubmissionID(s.ID)
	if err != nil {
		return err
	}
	if _, ok := l.known[id]; ok {
		return nil
	}
	periods, err := s.Periods()
	if err != nil {
		return fmt.Errorf("fold submission %s: %w", s.ID, err)
	}
	at := uint32(len(l.submissions))
	l.submissions = append(l.submissions, accepted{id: id, sequence: s.Sequence, stored: stored, rows: uint32(s.Len())})
	l.known[id] = at
	area := l.area(s.Area)
	entries := make([]*entry, len(s.IndicatorWords))
	for i, word := range s.IndicatorWords {
		entries[i] = l.entry(word)
	}
	pages := make([]*page, len(periods))
	for i, period := range periods {
		pages[i] = l.page(period)
	}
	var problem error
	for row := range s.Len() {
		word := s.Indicator[row]
		indicator, page := entries[word], pages[s.Period[row]]
		value, err := inUnit(indicator.known, s.Units[word], s.Value(row))
		if err != nil {
			problem = fmt.Errorf("fold submission %s, row %d, %s: %w", s.ID, s.Row[row], indicator.id, err)
			continue
		}
		l.put(indicator, page, area, vintage{
			coefficient: value.Coefficient, shape: shape(value, catalogue.Qualifier(s.Qualifier[row])), submission: at,
			epoch: s.Epoch[row], stage: catalogue.Stage(s.Stage[row]), status: catalogue.Status(s.Status[row]),
		})
	}
	return problem
}

// inUnit expresses a value in the catalogue's present unit of an indicator; nil is
// one that the catalogue does not have.
func inUnit(indicator *catalogue.Indicator, unit string, v catalogue.Value) (catalogue.Value, error) {
	if indicator == nil || indicator.UnitName == unit {
		return v, nil
	}
	return indicator.Unit().Convert(v, catalogue.ParseUnit(unit))
}

func (l *Ledger) area(code string) int {
	at, ok := l.areaIndex[code]
	if !ok {
		at = len(l.areas)
		l.areas = append(l.areas, code)
		l.areaIndex[code] = at
		place, _ := slices.BinarySearchFunc(l.areaOrder, code, func(area int, code string) int { return cmp.Compare(l.areas[area], code) })
		l.areaOrder = slices.Insert(l.areaOrder, place, at)
	}
	return at
}

// AppendParts appends the cell's figures: at most one an area, in the order of
// their codes.
func (l *Ledger) AppendParts(parts []Part, cell Cell) []Part {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.appendParts(parts, l.figures(cell))
}

func (l *Ledger) appendParts(parts []Part, figures []vintage) []Part {
	for _, area := range l.areaOrder {
		if area < len(figures) && figures[area].status != 0 {
			parts = append(parts, l.part(area, figures[area]))
		}
	}
	return parts
}

// Part returns one area's figure in the cell.
func (l *Ledger) Part(cell Cell, area string) (Part, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, ok := l.areaIndex[area]
	if figures := l.figures(cell); ok && at < len(figures) && figures[at].status != 0 {
		return l.part(at, figures[at]), true
	}
	return Part{}, false
}

// CellStates fills in the state of the area's cell that each row reports, by the
// row's index, all as of one moment.
func (l *Ledger) CellStates(area string, rows []event.AcceptedObservation, into []CellState) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, known := l.areaIndex[area]
	for i := range rows {
		cell := CellOf(&rows[i])
		into[i] = CellState{Reopened: l.epoch(cell, area), Locked: l.locked[cell.Period]}
		if figures := l.figures(cell); known && at < len(figures) {
			into[i].Best = figures[at].figure()
			into[i].Sequence = l.sequenceOf(&figures[at])
		}
	}
}

// sequenceOf returns the place in SUBMISSIONS of a vintage's submission; 0 where
// there is no vintage yet.
func (l *Ledger) sequenceOf(v *vintage) uint64 {
	if v.status == 0 {
		return 0
	}
	return l.submissions[v.submission].sequence
}

func (l *Ledger) rank(v *vintage) Rank {
	return Rank{Epoch: v.epoch, Stage: v.stage, Sequence: l.sequenceOf(v)}
}

func (l *Ledger) part(area int, v vintage) Part {
	s := &l.submissions[v.submission]
	return Part{Area: l.areas[area], Figure: v.figure(), Submission: s.id, Sequence: s.sequence}
}

// Cells returns every cell that holds a figure, by period and indicator.
func (l *Ledger) Cells() []Cell {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var cells []Cell
	for period, page := range l.pages {
		for id, indicator := range l.indicators {
			if page.group(indicator.number) != nil {
				cells = append(cells, Cell{id, period})
			}
		}
	}
	slices.SortFunc(cells, Cell.Compare)
	return cells
}

// Accepted says where a submission's accepted observations are stored.
type Accepted struct {
	// Sequence is its place in SUBMISSIONS, Stored its place in ACCEPTED.
	Sequence, Stored uint64
	Rows             int
}

// Accepted returns what is known of a submission; false when none of it has been
// accepted.
func (l *Ledger) Accepted(submission string) (Accepted, bool) {
	id, err := event.ParseSubmissionID(submission)
	if err != nil {
		return Accepted{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, ok := l.known[id]
	if !ok {
		return Accepted{}, false
	}
	return l.submissions[at].public(), true
}

// Submissions returns every submission folded in up to a sequence of ACCEPTED.
func (l *Ledger) Submissions(upTo uint64) []Accepted {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]Accepted, 0, len(l.submissions))
	for i := range l.submissions {
		if l.submissions[i].stored <= upTo {
			all = append(all, l.submissions[i].public())
		}
	}
	return all
}

func (a *accepted) public() Accepted {
	return Accepted{Sequence: a.sequence, Stored: a.stored, Rows: int(a.rows)}
}

// Applied returns the highest sequence of ACCEPTED folded in.
func (l *Ledger) Applied() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.applied
}

// ledgerSize is how much a ledger holds.
type ledgerSize struct{ cells, submissions int }

func (l *Ledger) size() ledgerSize {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return ledgerSize{cells: l.cells, submissions: len(l.submissions)}
}

// LastOf returns the sequence of the last message folded in from a subject.
func (l *Ledger) LastOf(subject string) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.subjects[subject]
}

// Wait returns when the ledger has folded in the sequence of ACCEPTED, or with
// the cause of ctx's end.
func (l *Ledger) Wait(ctx context.Context, sequence uint64) error {
	for {
		l.mu.RLock()
		applied, advanced := l.applied, l.advanced
		l.mu.RUnlock()
		if applied >= sequence {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-advanced:
		}
	}
}
