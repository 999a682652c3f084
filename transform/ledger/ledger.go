package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Ledger is the best figure of each area in every cell, in memory: everything that
// ACCEPTED holds, folded together. Which figure is the best, [Rank] decides, so
// that it does not depend on the order of folding.
//
// A figure takes 16 bytes, and the figures of a cell lie side by side; what a submission confirms
// of another takes 8 bytes more. Methods may
// be called by many goroutines at once.
type Ledger struct {
	mu sync.RWMutex

	catalogue   *catalogue.Catalogue // in force at the basis
	editions    []placedCatalogue    // those that have been, the oldest first
	rules       string               // text of those in force at the basis; "" until the log has any
	units       []string             // of figures, by number
	unitNumbers map[string]uint8

	areas       []string // by number, in which they first occurred
	areaNumbers map[string]int
	areaOrder   []int // numbers of the areas, by code
	indicators  map[string]*numberedIndicator
	periods     map[catalogue.Period]*periodCells
	cellCount   int

	submissions       []foldedSubmission              // by number, in which they were folded in
	confirmations     []confirmation                  // by number
	submissionNumbers map[event.SubmissionID]uint32   // the last one with the id
	keyed             map[event.SubmissionID][]uint32 // those with a key, by the id of their content
	keyHolders        map[keyHash]uint32
	lastOnSubject     map[string]uint64 // sequence of ACCEPTED, by subject
	locked            map[catalogue.Period]bool
	reopened          []event.Decision
	withdrawn         map[areaItem]uint8 // how often an area has withdrawn its figure
	withdrawnCells    map[Cell]bool      // those of which any area has
	unreadable        map[uint64]error   // by sequence of ACCEPTED
	holds             map[event.HoldID]*Hold
	held              heldFigures                 // those of holds that are pending
	heldShared        bool                        // a view has held, which is to be copied before it changes
	heldCells         map[Cell]bool               // those of all of holds
	decided           map[heldItem][]event.HoldID // those of holds that were released or refused, as decided
	corrections       map[areaItem]packedCorrection
	takenBack         map[areaItem]packedFigure // what areas had before they first took it back

	entities      entities
	additiveAreas []bool                // by number of the area, as far as asked for
	uncounted     map[*cellFigures]Cell // cells whose lists have changed, within one call of Apply

	basis    uint64        // highest sequence of ACCEPTED folded in
	rows     uint64        // accepted rows folded in
	latest   int64         // as of [Extent]
	advanced chan struct{} // closed and replaced when basis grows

	views          []*View // those that are open
	viewCount      uint64  // views opened so far
	changesAskedAt uint64  // number of the last view from ViewChanges
	changedCells   []Cell  // cells that changed since that view was opened
}

// New returns an empty ledger. The catalogue is in force until a message puts another one in
// force; values are given in its units.
func New(c *catalogue.Catalogue) *Ledger {
	l := &Ledger{advanced: make(chan struct{})}
	l.reset(c)
	return l
}

// reset empties a ledger of which no view is open.
func (l *Ledger) reset(c *catalogue.Catalogue) {
	l.catalogue, l.editions, l.rules = c, []placedCatalogue{{0, c}}, ""
	l.units, l.unitNumbers = nil, map[string]uint8{}
	l.areas, l.areaNumbers, l.areaOrder = nil, map[string]int{}, nil
	l.indicators, l.periods, l.cellCount = map[string]*numberedIndicator{}, map[catalogue.Period]*periodCells{}, 0
	l.submissions, l.confirmations, l.submissionNumbers, l.keyed, l.keyHolders = nil, nil, map[event.SubmissionID]uint32{}, nil, nil
	l.lastOnSubject, l.locked, l.reopened = map[string]uint64{}, map[catalogue.Period]bool{}, nil
	l.withdrawn, l.withdrawnCells, l.unreadable, l.holds, l.held, l.heldCells, l.decided, l.corrections, l.takenBack = nil, nil, nil, nil, nil, nil, nil, nil, nil
	l.entities, l.additiveAreas, l.uncounted = entities{}, nil, map[*cellFigures]Cell{}
	l.heldShared = false
	l.basis, l.rows, l.latest = 0, 0, 0
}

// Apply folds in the message at the sequence of ACCEPTED. A submission that has
// been folded in before, with the same id and sequence, changes nothing. The error names a
// row that cannot be expressed in the unit of the catalogue in force, and takes part in no
// total; everything is folded in all the same. A catalogue that cannot be read is an
// [*event.NewerLayout], and nothing is folded in.
func (l *Ledger) Apply(sequence uint64, subject string, batch *event.AcceptedBatch) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	adopted, err := l.readAdopted(sequence, batch)
	if err != nil {
		return err
	}
	var problem error
	for i := range batch.Submissions {
		if err := l.applySubmission(sequence, &batch.Submissions[i]); err != nil {
			problem = err
		}
	}
	for i := range batch.Decisions {
		l.received(batch.Decisions[i].At)
		l.applyDecision(sequence, &batch.Decisions[i])
	}
	for _, c := range adopted {
		if err := l.adopt(sequence, c); err != nil {
			problem = err
		}
	}
	l.advance(sequence, subject)
	return problem
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
	l.received(s.ReceivedAt)
	number, folded := l.accepted(id, s.Sequence)
	if folded && !s.Released {
		return nil
	}
	periods, err := s.Periods()
	if err != nil {
		return fmt.Errorf("fold submission %s: %w", s.ID, err)
	}
	if !folded {
		number = l.addSubmission(acceptedSequence, id, s)
	}
	problem := l.foldRows(number, s, periods)
	if err := l.foldHolds(acceptedSequence, s); err != nil {
		return err
	}
	return problem
}

// addSubmission notes a submission, and returns its number.
func (l *Ledger) addSubmission(acceptedSequence uint64, id event.SubmissionID, s *event.AcceptedSubmission) uint32 {
	number := uint32(len(l.submissions))
	folded := foldedSubmission{id: id, sequence: s.Sequence, acceptedSequence: acceptedSequence, rows: uint32(s.Len())}
	if before, ok := l.submissionNumbers[id]; ok {
		folded.before = before + 1
	}
	l.submissions = append(l.submissions, folded)
	l.rows += uint64(s.Len())
	l.submissionNumbers[id] = number
	if s.Key != "" {
		l.foldKey(number, s)
	}
	return number
}

// foldRows puts the figures of the submission with a number into their cells. Of a submission
// that a Release brings, those that are still held count.
func (l *Ledger) foldRows(number uint32, s *event.AcceptedSubmission, periods []catalogue.Period) (problem error) {
	area := l.areaNumber(s.Area)
	indicators, units := make([]*numberedIndicator, len(s.IndicatorWords)), make([]uint8, len(s.IndicatorWords))
	for i, word := range s.IndicatorWords {
		var err error
		if units[i], err = l.unitNumber(s.Units[i]); err != nil {
			return fmt.Errorf("fold submission %s: %w", s.ID, err)
		}
		indicators[i] = l.indicator(word)
	}
	cellsOf := make([]*periodCells, len(periods))
	for i, period := range periods {
		cellsOf[i] = l.period(period)
	}
	for row := range s.Len() {
		if s.Released && !l.countsNow(s.Sequence, s.Row[row]) {
			continue
		}
		word := s.Indicator[row]
		indicator, cells := indicators[word], cellsOf[s.Period[row]]
		entity := s.Entity(row)
		if catalogue.Status(s.Status[row]) == catalogue.Withdrawn {
			of := areaItem{area, Item{Cell: Cell{indicator.id, cells.period}}}
			if entity != nil {
				of.item.Entity = strings.Clone(entity.Code)
			}
			l.countWithdrawal(of)
		}
		value := s.Value(row)
		f := packedFigure{
			coefficient: value.Coefficient, scaleAndQualifier: packScale(value, catalogue.Qualifier(s.Qualifier[row])), source: number,
			epoch: s.Epoch[row], stageAndStatus: packStage(catalogue.Stage(s.Stage[row]), catalogue.Status(s.Status[row])), unit: units[word],
		}
		if entity != nil {
			item := Item{Cell{indicator.id, cells.period}, entity.Code}
			before, taken := l.putEntity(indicator, cells, area, &f, entity)
			if taken && (s.OnBehalf || len(l.corrections) > 0) {
				item.Entity = strings.Clone(item.Entity)
				l.correct(areaItem{area, item}, indicator.conversion, &before, &stated{f, entity}, s.OnBehalf)
			}
			if len(l.held) > 0 {
				l.endHold(item, s.Area, l.rank(&f))
			}
			continue
		}
		if figure, ok := l.figure(&f, indicator.conversion); !ok && f.counts() {
			problem = fmt.Errorf("submission %s, row %d, %s: %w", s.ID, s.Row[row], indicator.id, notConverted(indicator.definition, &figure))
		}
		before, taken := l.put(indicator, cells, area, f)
		if taken {
			l.keepTakenBack(areaItem{area, Item{Cell: Cell{indicator.id, cells.period}}}, &before, &f, s.OnBehalf || s.Released)
		}
		if taken && (s.OnBehalf || len(l.corrections) > 0) {
			l.correct(areaItem{area, Item{Cell: Cell{indicator.id, cells.period}}}, indicator.conversion, &stated{before, nil}, &stated{f, nil}, s.OnBehalf)
		}
		if len(l.held) > 0 {
			l.endHold(Item{Cell: Cell{indicator.id, cells.period}}, s.Area, l.rank(&f))
		}
	}
	l.countLists()
	return problem
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
	return l.appendParts(parts, l.figures(cell), l.conversionOf(cell.Indicator))
}

// conversionOf returns how the figures of an indicator are read under the catalogue in force.
func (l *Ledger) conversionOf(id string) conversion {
	if indicator, ok := l.indicators[id]; ok {
		return indicator.conversion
	}
	return conversion{}
}

func (l *Ledger) appendParts(parts []Part, figures []packedFigure, as conversion) []Part {
	for _, area := range l.areaOrder {
		if area < len(figures) && figures[area].counts() {
			if part, ok := l.part(area, &figures[area], as); ok {
				parts = append(parts, part)
			}
		}
	}
	return parts
}

// Reported returns the periods of a year for which anybody has reported the indicator, if only
// a figure that is or was held.
func (l *Ledger) Reported(indicator string, year int16) catalogue.PeriodSet {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.reported(indicator, year)
}

func (l *Ledger) reported(indicator string, year int16) catalogue.PeriodSet {
	if found, ok := l.indicators[indicator]; ok {
		return found.reported[year]
	}
	return 0
}

// Part returns one area's best figure in the cell; false where it has none, or one that does
// not convert into the unit of the catalogue in force.
func (l *Ledger) Part(cell Cell, area string) (Part, bool) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	number, ok := l.areaNumbers[area]
	if figures := l.figures(cell); ok && number < len(figures) && figures[number].counts() {
		return l.part(number, &figures[number], l.conversionOf(cell.Indicator))
	}
	return Part{}, false
}

// sequenceOf returns the place in SUBMISSIONS of the submission that said last what a figure
// says; 0 where there is no figure.
func (l *Ledger) sequenceOf(f *packedFigure) uint64 {
	if f.status() == 0 {
		return 0
	}
	return l.submissions[l.lastSaid(f)].sequence
}

func (l *Ledger) rank(f *packedFigure) Rank {
	return Rank{Epoch: f.epoch, Stage: f.stage(), Sequence: l.sequenceOf(f)}
}

// part returns an area's figure; false where it does not convert.
func (l *Ledger) part(area int, f *packedFigure, as conversion) (Part, bool) {
	s := &l.submissions[l.setter(f)]
	figure, ok := l.figure(f, as)
	part := Part{Area: l.areas[area], Figure: figure, Submission: s.id, Sequence: s.sequence}
	if f.source&confirmedBit != 0 {
		part.Confirmed = l.sequenceOf(f)
	}
	return part, ok
}

// Cells returns every cell that holds a figure, or of which one is or was held, by period and
// indicator.
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
	for cell := range l.heldCells {
		if l.cell(cell) == nil {
			cells = append(cells, cell)
		}
	}
	slices.SortFunc(cells, Cell.Compare)
	return cells
}

// Basis returns the highest sequence of ACCEPTED folded in.
func (l *Ledger) Basis() uint64 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.basis
}

// ledgerSize is how much a ledger holds.
type ledgerSize struct{ cells, submissions, held int }

func (l *Ledger) size() ledgerSize {
	l.mu.RLock()
	defer l.mu.RUnlock()
	held := 0
	for _, of := range l.held {
		held += len(of)
	}
	return ledgerSize{cells: l.cellCount, submissions: len(l.submissions), held: held}
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
