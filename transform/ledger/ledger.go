package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Ledger is the best figure of each area in every cell, in memory: everything that
// ACCEPTED holds, folded together. Which figure is the best, [Rank] decides, so
// that it does not depend on the order of folding.
//
// A figure takes 16 bytes, and the figures of a cell lie side by side. Methods may
// be called by many goroutines at once.
type Ledger struct {
	catalogue *catalogue.Catalogue

	mu sync.RWMutex

	areas       []string // by number, in which they first occurred
	areaNumbers map[string]int
	areaOrder   []int // numbers of the areas, by code
	indicators  map[string]*numberedIndicator
	periods     map[catalogue.Period]*periodCells
	cellCount   int

	submissions       []foldedSubmission              // by number, in which they were folded in
	submissionNumbers map[event.SubmissionID]uint32   // the last one with the id
	keyed             map[event.SubmissionID][]uint32 // those with a key, by the id of their content
	keyHolders        map[keyHash]uint32
	lastOnSubject     map[string]uint64 // sequence of ACCEPTED, by subject
	locked            map[catalogue.Period]bool
	reopened          []event.Decision
	withdrawn         map[areaCell]uint8 // how often an area has withdrawn its figure
	withdrawnCells    map[Cell]bool      // those of which any area has
	unreadable        map[uint64]error   // by sequence of ACCEPTED

	basis    uint64        // highest sequence of ACCEPTED folded in
	advanced chan struct{} // closed and replaced when basis grows

	views          []*View // those that are open
	viewCount      uint64  // views opened so far
	changesAskedAt uint64  // number of the last view from ViewChanges
	changedCells   []Cell  // cells that changed since that view was opened
}

// foldedSubmission is a submission that the ledger has folded in.
type foldedSubmission struct {
	id               event.SubmissionID
	sequence         uint64 // in SUBMISSIONS
	acceptedSequence uint64 // in ACCEPTED
	rows             uint32
	before           uint32 // number of the one before it with the same id, from 1; 0: none
}

// keyHash stands for a sender's key.
type keyHash [16]byte

func hashKey(area, dataset, key string) keyHash {
	sum := sha256.Sum256([]byte(area + " " + dataset + " " + key))
	return keyHash(sum[:16])
}

// New returns an empty ledger whose values are in the catalogue's units.
func New(c *catalogue.Catalogue) *Ledger {
	return &Ledger{
		catalogue: c, areaNumbers: map[string]int{}, indicators: map[string]*numberedIndicator{}, periods: map[catalogue.Period]*periodCells{},
		submissionNumbers: map[event.SubmissionID]uint32{}, lastOnSubject: map[string]uint64{}, locked: map[catalogue.Period]bool{}, advanced: make(chan struct{}),
	}
}

// Apply folds in the message at the sequence of ACCEPTED. A submission that has
// been folded in before, with the same id and sequence, changes nothing. A row that cannot be expressed in the
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
		return // decisions are checked before they are recorded
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

// areaCell is one area's figure in a cell, by the area's number.
type areaCell struct {
	area int
	cell Cell
}

// countWithdrawal notes that an area has withdrawn its figure: what it reports from then
// on begins again at any stage, as after a reopening.
func (l *Ledger) countWithdrawal(of areaCell) {
	if l.withdrawn == nil {
		l.withdrawn, l.withdrawnCells = map[areaCell]uint8{}, map[Cell]bool{}
	}
	l.withdrawnCells[of.cell] = true
	if l.withdrawn[of] < math.MaxUint8 {
		l.withdrawn[of]++
	}
}

// Withdrawn returns those of the cells of which an area has ever withdrawn its figure.
func (l *Ledger) Withdrawn(cells []Cell) []Cell {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.withdrawnCells) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(cells), func(c Cell) bool { return !l.withdrawnCells[c] })
}

// epoch returns how often an area's figure in the cell has been reopened or withdrawn.
func (l *Ledger) epoch(cell Cell, area string) uint8 {
	epoch := uint8(0)
	if number, known := l.areaNumbers[area]; known {
		epoch = l.withdrawn[areaCell{number, cell}]
	}
	for i := range l.reopened {
		if l.reopened[i].Covers(cell.Indicator, cell.Period, area) && epoch < math.MaxUint8 {
			epoch++
		}
	}
	return epoch
}

// Skip passes over the message at the sequence of ACCEPTED, and notes why it cannot
// be read.
func (l *Ledger) Skip(sequence uint64, subject string, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.unreadable == nil {
		l.unreadable = map[uint64]error{}
	}
	l.unreadable[sequence] = why
	l.advance(sequence, subject)
}

// begin notes that ACCEPTED holds nothing up to the sequence.
func (l *Ledger) begin(sequence uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.basis = max(l.basis, sequence)
}

// Unreadable returns why the message at a sequence of ACCEPTED was skipped; nil
// where it was folded in.
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

func (l *Ledger) applySubmission(acceptedSequence uint64, s *event.AcceptedSubmission) error {
	id, err := event.ParseSubmissionID(s.ID)
	if err != nil {
		return err
	}
	if _, ok := l.accepted(id, s.Sequence); ok {
		return nil
	}
	periods, err := s.Periods()
	if err != nil {
		return fmt.Errorf("fold submission %s: %w", s.ID, err)
	}
	number := uint32(len(l.submissions))
	folded := foldedSubmission{id: id, sequence: s.Sequence, acceptedSequence: acceptedSequence, rows: uint32(s.Len())}
	if before, ok := l.submissionNumbers[id]; ok {
		folded.before = before + 1
	}
	l.submissions = append(l.submissions, folded)
	l.submissionNumbers[id] = number
	if s.Key != "" {
		l.foldKey(number, s)
	}
	area := l.areaNumber(s.Area)
	indicators := make([]*numberedIndicator, len(s.IndicatorWords))
	for i, word := range s.IndicatorWords {
		indicators[i] = l.indicator(word)
	}
	cellsOf := make([]*periodCells, len(periods))
	for i, period := range periods {
		cellsOf[i] = l.period(period)
	}
	var problem error
	for row := range s.Len() {
		word := s.Indicator[row]
		indicator, cells := indicators[word], cellsOf[s.Period[row]]
		value, err := inCatalogueUnit(indicator.definition, s.Units[word], s.Value(row))
		if err != nil {
			problem = fmt.Errorf("fold submission %s, row %d, %s: %w", s.ID, s.Row[row], indicator.id, err)
			continue
		}
		if catalogue.Status(s.Status[row]) == catalogue.Withdrawn {
			l.countWithdrawal(areaCell{area, Cell{indicator.id, cells.period}})
		}
		l.put(indicator, cells, area, packedFigure{
			coefficient: value.Coefficient, scaleAndQualifier: packScale(value, catalogue.Qualifier(s.Qualifier[row])), submission: number,
			epoch: s.Epoch[row], stage: catalogue.Stage(s.Stage[row]), status: catalogue.Status(s.Status[row]),
		})
	}
	return problem
}

// foldKey notes the key of the submission with a number.
func (l *Ledger) foldKey(number uint32, s *event.AcceptedSubmission) {
	if l.keyHolders == nil {
		l.keyHolders, l.keyed = map[keyHash]uint32{}, map[event.SubmissionID][]uint32{}
	}
	if hash := hashKey(s.Area, s.Dataset, s.Key); !hasKey(l.keyHolders, hash) {
		l.keyHolders[hash] = number
	}
	if content, err := event.ParseSubmissionID(s.Content); err == nil {
		l.keyed[content] = append(l.keyed[content], number)
	}
}

func hasKey[K comparable, V any](m map[K]V, key K) bool { _, ok := m[key]; return ok }

// inCatalogueUnit expresses a value in the indicator's unit of the catalogue. The
// value of an indicator that the catalogue does not have (nil) stays as it is.
func inCatalogueUnit(indicator *catalogue.Indicator, unit string, v catalogue.Value) (catalogue.Value, error) {
	if indicator == nil || indicator.UnitName == unit {
		return v, nil
	}
	return indicator.Unit().Convert(v, catalogue.ParseUnit(unit))
}

// areaNumber returns an area's number, a new one where the area first occurs.
func (l *Ledger) areaNumber(code string) int {
	number, ok := l.areaNumbers[code]
	if !ok {
		number = len(l.areas)
		l.areas = append(l.areas, code)
		l.areaNumbers[code] = number
		place, _ := slices.BinarySearchFunc(l.areaOrder, code, func(area int, code string) int { return cmp.Compare(l.areas[area], code) })
		l.areaOrder = slices.Insert(l.areaOrder, place, number)
	}
	return number
}

// AppendParts appends the best figures of the cell: at most one of each area, in
// the order of the areas' codes.
func (l *Ledger) AppendParts(parts []Part, cell Cell) []Part {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.appendParts(parts, l.figures(cell))
}

func (l *Ledger) appendParts(parts []Part, figures []packedFigure) []Part {
	for _, area := range l.areaOrder {
		if area < len(figures) && figures[area].counts() {
			parts = append(parts, l.part(area, figures[area]))
		}
	}
	return parts
}

// Reported returns the periods of a year for which anybody has reported the indicator.
func (l *Ledger) Reported(indicator string, year int16) catalogue.PeriodSet {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if found, ok := l.indicators[indicator]; ok {
		return found.reported[year]
	}
	return 0
}

// Part returns one area's best figure in the cell; false where it has none.
func (l *Ledger) Part(cell Cell, area string) (Part, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.areaNumbers[area]
	if figures := l.figures(cell); ok && number < len(figures) && figures[number].counts() {
		return l.part(number, figures[number]), true
	}
	return Part{}, false
}

// CellStates fills in the state of the area's cell that each row reports, by the
// row's index. All states are of one moment.
func (l *Ledger) CellStates(area string, rows []event.AcceptedObservation, into []CellState) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, known := l.areaNumbers[area]
	for i := range rows {
		cell := CellOf(&rows[i])
		into[i] = CellState{Reopened: l.epoch(cell, area), LockedBy: l.lockedBy(cell, area)}
		if figures := l.figures(cell); known && number < len(figures) {
			f := &figures[number]
			into[i].Best, into[i].Sequence = f.figure(), l.sequenceOf(f)
			if f.status != 0 {
				into[i].Submission = l.submissions[f.submission].id
			}
		}
	}
}

// lockedBy returns the locked period whose total or change an area's figure of the cell may
// be a part of, the earliest of several: the cell's own period, one that follows from it, or
// the year after either, of whose change it is the base. A flow does not follow where the
// area has reported it itself. It is zero where there is none.
func (l *Ledger) lockedBy(cell Cell, area string) catalogue.Period {
	if len(l.locked) == 0 {
		return catalogue.Period{}
	}
	if l.locked[cell.Period] {
		return cell.Period
	}
	var earliest catalogue.Period
	consider := func(p catalogue.Period) {
		for _, p := range [...]catalogue.Period{p, p.YearAfter()} {
			if l.locked[p] && (earliest == catalogue.Period{} || p.Compare(earliest) < 0) {
				earliest = p
			}
		}
	}
	consider(cell.Period)
	indicator, ok := l.catalogue.Indicator(cell.Indicator)
	if !ok {
		return earliest
	}
	number, known := l.areaNumbers[area]
	fed := cell.Period.PeriodsFedBy(indicator.Kind)
	for n := range catalogue.PeriodsInYear {
		p := catalogue.NumberedPeriod(cell.Period.Year, n)
		if !fed.Has(n) {
			continue
		}
		own := l.figures(Cell{cell.Indicator, p})
		if indicator.Kind != catalogue.Flow || !known || number >= len(own) || !own[number].counts() {
			consider(p)
		}
	}
	return earliest
}

// sequenceOf returns the place in SUBMISSIONS of a figure's submission; 0 where
// there is no figure.
func (l *Ledger) sequenceOf(f *packedFigure) uint64 {
	if f.status == 0 {
		return 0
	}
	return l.submissions[f.submission].sequence
}

func (l *Ledger) rank(f *packedFigure) Rank {
	return Rank{Epoch: f.epoch, Stage: f.stage, Sequence: l.sequenceOf(f)}
}

func (l *Ledger) part(area int, f packedFigure) Part {
	s := &l.submissions[f.submission]
	return Part{Area: l.areas[area], Figure: f.figure(), Submission: s.id, Sequence: s.sequence}
}

// Cells returns every cell that holds a figure, by period and indicator.
func (l *Ledger) Cells() []Cell {
	l.mu.RLock()
	defer l.mu.RUnlock()
	var cells []Cell
	for period, of := range l.periods {
		for id, indicator := range l.indicators {
			if of.cell(indicator.number) != nil {
				cells = append(cells, Cell{id, period})
			}
		}
	}
	slices.SortFunc(cells, Cell.Compare)
	return cells
}

// Submission says where a submission and its accepted observations are stored.
type Submission struct {
	ID event.SubmissionID
	// Sequence is its place in SUBMISSIONS.
	Sequence uint64
	// AcceptedSequence is the place of its accepted observations in ACCEPTED, and
	// Rows their number.
	AcceptedSequence uint64
	Rows             int
}

// Accepted returns where the accepted observations of a message of SUBMISSIONS are
// stored, by its id and sequence; false when none of its rows has been accepted.
func (l *Ledger) Accepted(submission string, sequence uint64) (Submission, bool) {
	id, err := event.ParseSubmissionID(submission)
	if err != nil {
		return Submission{}, false
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.accepted(id, sequence)
	if !ok {
		return Submission{}, false
	}
	return l.submissions[number].toSubmission(), true
}

// accepted returns the number of the submission with an id and a sequence.
func (l *Ledger) accepted(id event.SubmissionID, sequence uint64) (number uint32, ok bool) {
	for number, ok = l.submissionNumbers[id]; ok; {
		s := &l.submissions[number]
		if s.sequence == sequence {
			return number, true
		}
		if s.before == 0 {
			break
		}
		number = s.before - 1
	}
	return 0, false
}

// AcceptedOfContent returns every submission with the content of an id, with whatever
// key, of which rows were accepted: the newest first.
func (l *Ledger) AcceptedOfContent(content string) []Submission {
	id, err := event.ParseSubmissionID(content)
	if err != nil {
		return nil
	}
	l.mu.RLock()
	defer l.mu.RUnlock()
	var all []Submission
	number, ok := l.submissionNumbers[id]
	for ok {
		s := &l.submissions[number]
		all = append(all, s.toSubmission())
		number, ok = s.before-1, s.before > 0
	}
	for _, number := range l.keyed[id] {
		all = append(all, l.submissions[number].toSubmission())
	}
	slices.SortFunc(all, func(a, b Submission) int { return cmp.Compare(b.Sequence, a.Sequence) })
	return all
}

// KeyHolder returns the id of the submission that a sender's key stands for: the first
// of which rows were accepted.
func (l *Ledger) KeyHolder(area, dataset, key string) (id string, used bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, used := l.keyHolders[hashKey(area, dataset, key)]
	if !used {
		return "", false
	}
	return l.submissions[number].id.String(), true
}

// Submissions returns every submission folded in up to a sequence of ACCEPTED,
// inclusive.
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

func (s *foldedSubmission) toSubmission() Submission {
	return Submission{ID: s.id, Sequence: s.sequence, AcceptedSequence: s.acceptedSequence, Rows: int(s.rows)}
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

// LastOnSubject returns the sequence in ACCEPTED of the last message folded in from
// a subject; 0 where there was none.
func (l *Ledger) LastOnSubject(subject string) uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.lastOnSubject[subject]
}

// Wait returns nil once the ledger has folded in the sequence of ACCEPTED, or the
// cause of ctx's end.
func (l *Ledger) Wait(ctx context.Context, sequence uint64) error {
	for {
		l.mu.RLock()
		basis, advanced := l.basis, l.advanced
		l.mu.RUnlock()
		if basis >= sequence {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-advanced:
		}
	}
}
