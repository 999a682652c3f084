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

	mu                sync.RWMutex
	areas             []string
	areaNumbers       map[string]int
	areaOrder         []int // indexes of the areas, by code
	indicators        map[string]*numberedIndicator
	periods           map[catalogue.Period]*periodCells
	cellCount         int
	submissions       []foldedSubmission
	submissionNumbers map[event.SubmissionID]uint32
	lastOnSubject     map[string]uint64
	locked            map[catalogue.Period]bool
	reopened          []event.Decision
	unreadable        map[uint64]error // by sequence of ACCEPTED
	basis             uint64
	advanced          chan struct{} // closed and replaced when applied grows
	views             []*View
	viewCount         uint64 // how many views there have been
	changesAskedAt    uint64 // the number of the last one from ViewChanges
	changedCells      []Cell // since that one
}

// packedFigure is one area's best figure in a cell; status 0 means none yet.
type packedFigure struct {
	coefficient       int64
	submission        uint32
	scaleAndQualifier uint8 // the scale in its low half, the qualifier in its high
	epoch             uint8
	stage             catalogue.Stage
	status            catalogue.Status
}

func packScale(v catalogue.Value, q catalogue.Qualifier) uint8 { return v.Scale | uint8(q)<<4 }

func (v *packedFigure) value() catalogue.Value {
	return catalogue.Value{Coefficient: v.coefficient, Scale: v.scaleAndQualifier & 0xf}
}

func (v *packedFigure) qualifier() catalogue.Qualifier {
	return catalogue.Qualifier(v.scaleAndQualifier >> 4)
}

func (v *packedFigure) figure() Figure {
	return Figure{Value: v.value(), Stage: v.stage, Status: v.status, Qualifier: v.qualifier(), Epoch: v.epoch}
}

// foldedSubmission is a submission that the ledger has folded in.
type foldedSubmission struct {
	id               event.SubmissionID
	sequence         uint64 // in SUBMISSIONS
	acceptedSequence uint64 // in ACCEPTED
	rows             uint32
}

// New returns an empty ledger whose values are in the catalogue's units.
func New(c *catalogue.Catalogue) *Ledger {
	return &Ledger{
		catalogue: c, areaNumbers: map[string]int{}, indicators: map[string]*numberedIndicator{}, periods: map[catalogue.Period]*periodCells{},
		submissionNumbers: map[event.SubmissionID]uint32{}, lastOnSubject: map[string]uint64{}, locked: map[catalogue.Period]bool{}, advanced: make(chan struct{}),
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
		if err := l.applySubmission(sequence, &batch.Submissions[i]); err != nil {
			problem = err
		}
	}
	for i := range batch.Decisions {
		l.applyDecision(&batch.Decisions[i])
	}
	l.advance(sequence, subject)
	return problem
}

func (l *Ledger) applyDecision(d *event.Decision) {
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
	l.lastOnSubject[subject] = sequence
	l.basis = max(l.basis, sequence)
	close(l.advanced)
	l.advanced = make(chan struct{})
}

func (l *Ledger) applySubmission(stored uint64, s *event.AcceptedSubmission) error {
	id, err := event.ParseSubmissionID(s.ID)
	if err != nil {
		return err
	}
	if _, ok := l.submissionNumbers[id]; ok {
		return nil
	}
	periods, err := s.Periods()
	if err != nil {
		return fmt.Errorf("fold submission %s: %w", s.ID, err)
	}
	at := uint32(len(l.submissions))
	l.submissions = append(l.submissions, foldedSubmission{id: id, sequence: s.Sequence, acceptedSequence: stored, rows: uint32(s.Len())})
	l.submissionNumbers[id] = at
	area := l.areaNumber(s.Area)
	entries := make([]*numberedIndicator, len(s.IndicatorWords))
	for i, word := range s.IndicatorWords {
		entries[i] = l.indicator(word)
	}
	pages := make([]*periodCells, len(periods))
	for i, period := range periods {
		pages[i] = l.period(period)
	}
	var problem error
	for row := range s.Len() {
		word := s.Indicator[row]
		indicator, page := entries[word], pages[s.Period[row]]
		value, err := inCatalogueUnit(indicator.definition, s.Units[word], s.Value(row))
		if err != nil {
			problem = fmt.Errorf("fold submission %s, row %d, %s: %w", s.ID, s.Row[row], indicator.id, err)
			continue
		}
		l.put(indicator, page, area, packedFigure{
			coefficient: value.Coefficient, scaleAndQualifier: packScale(value, catalogue.Qualifier(s.Qualifier[row])), submission: at,
			epoch: s.Epoch[row], stage: catalogue.Stage(s.Stage[row]), status: catalogue.Status(s.Status[row]),
		})
	}
	return problem
}

// inCatalogueUnit expresses a value in the catalogue's present unit of an indicator; nil is
// one that the catalogue does not have.
func inCatalogueUnit(indicator *catalogue.Indicator, unit string, v catalogue.Value) (catalogue.Value, error) {
	if indicator == nil || indicator.UnitName == unit {
		return v, nil
	}
	return indicator.Unit().Convert(v, catalogue.ParseUnit(unit))
}

func (l *Ledger) areaNumber(code string) int {
	at, ok := l.areaNumbers[code]
	if !ok {
		at = len(l.areas)
		l.areas = append(l.areas, code)
		l.areaNumbers[code] = at
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

func (l *Ledger) appendParts(parts []Part, figures []packedFigure) []Part {
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
	at, ok := l.areaNumbers[area]
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
	at, known := l.areaNumbers[area]
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
func (l *Ledger) sequenceOf(v *packedFigure) uint64 {
	if v.status == 0 {
		return 0
	}
	return l.submissions[v.submission].sequence
}

func (l *Ledger) rank(v *packedFigure) Rank {
	return Rank{Epoch: v.epoch, Stage: v.stage, Sequence: l.sequenceOf(v)}
}

func (l *Ledger) part(area int, v packedFigure) Part {
	s := &l.submissions[v.submission]
	return Part{Area: l.areas[area], Figure: v.figure(), Submission: s.id, Sequence: s.sequence}
}

// Cells returns every cell that holds a figure, by period and indicator.
func (l *Ledger) Cells() []Cell {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var cells []Cell
	for period, page := range l.periods {
		for id, indicator := range l.indicators {
			if page.cell(indicator.number) != nil {
				cells = append(cells, Cell{id, period})
			}
		}
	}
	slices.SortFunc(cells, Cell.Compare)
	return cells
}

// Submission says where a submission's accepted observations are stored.
type Submission struct {
	// Sequence is its place in SUBMISSIONS, Stored its place in ACCEPTED.
	Sequence, AcceptedSequence uint64
	Rows                       int
}

// Accepted returns what is known of a submission; false when none of it has been
// accepted.
func (l *Ledger) Submission(submission string) (Submission, bool) {
	id, err := event.ParseSubmissionID(submission)
	if err != nil {
		return Submission{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	at, ok := l.submissionNumbers[id]
	if !ok {
		return Submission{}, false
	}
	return l.submissions[at].toSubmission(), true
}

// Submissions returns every submission folded in up to a sequence of ACCEPTED.
func (l *Ledger) Submissions(upTo uint64) []Submission {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]Submission, 0, len(l.submissions))
	for i := range l.submissions {
		if l.submissions[i].acceptedSequence <= upTo {
			all = append(all, l.submissions[i].toSubmission())
		}
	}
	return all
}

func (a *foldedSubmission) toSubmission() Submission {
	return Submission{Sequence: a.sequence, AcceptedSequence: a.acceptedSequence, Rows: int(a.rows)}
}

// Basis returns the highest sequence of ACCEPTED folded in.
func (l *Ledger) Basis() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.basis
}

// ledgerSize is how much a ledger holds.
type ledgerSize struct{ cells, submissions int }

func (l *Ledger) size() ledgerSize {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return ledgerSize{cells: l.cellCount, submissions: len(l.submissions)}
}

// LastOnSubject returns the sequence of the last message folded in from a subject.
func (l *Ledger) LastOnSubject(subject string) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.lastOnSubject[subject]
}

// Wait returns when the ledger has folded in the sequence of ACCEPTED, or with
// the cause of ctx's end.
func (l *Ledger) Wait(ctx context.Context, sequence uint64) error {
	for {
		l.mu.RLock()
		applied, advanced := l.basis, l.advanced
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
