package judge

import (
	"cmp"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/rules"
	"github.com/citytally/citytally/transform/tally"
)

// history tells what was accepted before a submission.
type history interface {
	// Read calls f with what is known at one moment, which lasts until f returns.
	Read(f func(moment))
	// buffers are memory for judging one submission after the other.
	buffers() *buffers
}

// buffers are what is known of the rows of a submission while it is judged.
type buffers struct {
	rows   []rowState
	states []ledger.CellState
}

// of returns both for n rows. What they hold is that of the submission before.
func (b *buffers) of(n int) ([]rowState, []ledger.CellState) {
	b.rows, b.states = slices.Grow(b.rows[:0], n)[:n], slices.Grow(b.states[:0], n)[:n]
	return b.rows, b.states
}

// moment is what was accepted before, at one moment.
type moment interface {
	// Basis is the last message of ACCEPTED that is known.
	Basis() uint64
	// CellStates fills in the state of the area's item that each row reports, by
	// the row's index, whatever was there.
	CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState)
	// Figure returns the area's figure in force in a cell; false where it has no value.
	Figure(area string, cell ledger.Cell) (ledger.Figure, bool)
	// TakenBack returns the figure that the area's cell had before the area first took it back;
	// false where it never did, or the bureau has sent or released one since.
	TakenBack(area string, cell ledger.Cell) (ledger.Figure, bool)
	// Years returns years outside of which an area has no figure of an indicator, in force or
	// taken back.
	Years(area, indicator string) catalogue.Years
	// Periods returns the periods of a year outside of which an area has none, likewise.
	Periods(area, indicator string, year int16) catalogue.PeriodSet
	// Locked reports whether a period is locked.
	Locked(catalogue.Period) bool
	// Figures returns the best figures of all areas.
	Figures() tally.Source
	// Claims returns the best statements of all areas of an entity in a cell, withdrawn
	// ones too. The caller may change the list.
	Claims(item ledger.Item) []ledger.Claim
	// ListCount returns how many entities an area lists in a cell, InForce and Valid.
	ListCount(area string, cell ledger.Cell) ledger.ListCount
	// ListedBesides returns up to most of the entities that an area lists in a cell, those
	// stated left out, by code.
	ListedBesides(area string, cell ledger.Cell, stated map[string]bool, most int) []ledger.Claim
	// PendingOfList returns how many rows of a list of the area are held, of those that are wanted.
	PendingOfList(area string, cell ledger.Cell, wanted func(*ledger.Hold) bool) int
	// RegisteredIn returns the statements that other areas have in force in a cell of entities
	// which they say are registered in an area, by code.
	RegisteredIn(area string, cell ledger.Cell) []ledger.Claim
	// ForeseeLists returns the figures of a cell as they would follow if areas made
	// statements of entities as well.
	ForeseeLists(cell ledger.Cell, made []ledger.Claim) []ledger.Part
}

var _ history = (*batchState)(nil)

// checks judge a submission by the catalogue, by what was accepted before and by the rules.
type checks struct {
	catalogue *catalogue.Catalogue
	rules     *rules.Set // nil where there are none
	text      string     // of the rules that the log puts in force; "" where they are the settings'
	err       error      // why these rules cannot be read
	again     bool       // for what has been judged before: nothing is remarked on lists
	refusing  bool       // a row that leaves what is held in its cell as it is counts as superseded
}

// judgement is what was decided on one submission.
type judgement struct {
	findings    []event.Finding
	remarks     int            // findings of rules that change nothing
	omitted     int            // findings left out: those on rows that repeat a cell many times, remarks, and those alike
	alike       map[string]int // findings on rows that change something, by code
	accepted    []event.AcceptedObservation
	held        []event.HeldRow // that were not held before
	heldNumbers map[uint32]bool // of these
	heldRows    int             // number of rows that are held, of earlier submissions' too
	effects     effects
	silent      map[int]bool // numbers of rows that say nothing
	keeps       bool         // rows leave what is held in their cells as it is, and must not be stored
	assumed     bool         // rows name no stage, and the dataset's own was taken
	// corrections are those that accepted rows have made or ended.
	corrections []correction
	takenBack   []takenBack
	basis       uint64 // last message of ACCEPTED by which it was judged; 0 where none was looked at
}

// apply judges every row by itself, unless the submission as a whole is at fault:
// then one finding on row 0 rejects all of it. Items in known were accepted of the same
// content before; what has superseded them since stays.
func (r *checks) apply(s *received, before history, known map[ledger.Item]bool) judgement {
	area, dataset, problem := r.areaAndDataset(s)
	if problem != nil {
		return rejectAll(s, problem)
	}
	list, _ := r.catalogue.ListOf(dataset)
	if list == nil && isList(&s.submission) {
		return rejectAll(s, r.notOfFigures(dataset))
	}
	rows, states := before.buffers().of(len(s.submission.Observations))
	read := r.readRows(s, area, dataset, list, rows)
	for item, places := range repeatedItems(read, rows) {
		finding, same := r.rejectRepeated(item, places, read)
		if same {
			places = places[1:] // of rows that agree, the first is taken
		}
		for n, i := range places {
			one := *finding
			if !same {
				one.Seen = read[i].Value.String()
			}
			rows[i].finding, rows[i].omitted = &one, n >= maxRepeats
		}
	}
	result := judgement{accepted: read[:0]}
	before.Read(func(m moment) {
		result.basis = m.Basis()
		m.CellStates(area.Code, read, states)
		if list != nil {
			r.findRelisted(m, s, area, read, rows, states)
		}
		for i := range read {
			row, state := &rows[i], &states[i]
			if row.finding == nil && !row.silent {
				if row.finding = r.checkAgainstEarlier(&read[i], state, s, known, row.relisted); row.finding == nil {
					r.holdForBureau(&read[i], state, s, row)
				}
			} else if row.silent {
				row.finding = r.saysNothing(&read[i], state)
			}
			if row.finding == nil && !row.silent && !r.again {
				r.remarkOnList(m, s, area, &read[i], state, row)
			}
		}
		if list != nil {
			r.judgeWhole(m, s, area, dataset, list)
			result.findings = r.applyRulesToLists(m, s, area, dataset, read, rows, states)
			r.holdIncompleteLists(m, s, area, read, rows, states)
			r.guardLockedLists(m, s, read, rows, states)
			if !r.again {
				result.findings = append(result.findings, r.listsBesideFigures(m, area, read, rows, states)...)
				if s.submission.Part == nil { // the other parts have more of the list
					result.findings = append(result.findings, leftOutOfLists(m, area, read, rows, states)...)
					result.findings = append(result.findings, r.listedElsewhere(m, area, list, read, rows)...)
				}
			}
			return
		}
		r.applyRules(&ruledSubmission{moment: m, catalogue: r.catalogue, area: area, byBureau: s.byBureau, reason: s.submission.Reason, dataset: dataset.ID, read: read, rows: rows, states: states})
		r.guardLockedTotals(m, s, read, rows, states)
	})
	near := suggestions{}
	for i := range read {
		r.conclude(&result, s, i, &rows[i], &read[i], &states[i], near)
	}
	if result.effects.of[isSilent].count == len(read) {
		result.findings = append(result.findings, *nothingReported())
	}
	return result
}

const (
	// maxRemarks is how many remarks of rules a verdict tells, those on the first rows. A file on
	// whose every row there is one is told of that well enough, and a verdict is kept for years.
	maxRemarks = 1000
	// maxAlike is how many other findings of one code a verdict tells, likewise.
	maxAlike = 1000
)

// rejectAll returns the judgement on a submission that is at fault as a whole.
func rejectAll(s *received, problem *event.Finding) judgement {
	result := judgement{findings: []event.Finding{*problem}}
	for i := range s.submission.Observations {
		result.effects.of[isRefused].add(cmp.Or(s.submission.Observations[i].Row, i+1))
	}
	return result
}

// conclude adds to the judgement what was decided on the row at an index of the
// submission.
func (r *checks) conclude(result *judgement, s *received, i int, row *rowState, read *event.AcceptedObservation, state *ledger.CellState, near suggestions) {
	o := &s.submission.Observations[i]
	row.oneFate()
	refused := row.finding != nil && row.finding.Severity == event.Reject
	switch {
	case row.finding != nil && row.finding.Severity == event.Hold:
		result.effects.add(isHeld, read, state)
		result.heldRows++
		result.assumed = result.assumed || row.assumed
		if row.finding.Code != stillHeldCode {
			held := event.NewHeldRow(read, row.holds())
			if result.heldNumbers == nil {
				result.heldNumbers = map[uint32]bool{}
			}
			held.NumberAmong(result.heldNumbers)
			result.held = append(result.held, held)
			r.endHold(row, result, read, state)
		}
	case refused && (row.finding.Code == supersededCode || row.finding.Code == correctedCode):
		result.effects.add(isSuperseded, read, state)
	case row.finding != nil && row.finding.Code == heldStaysCode:
		result.effects.add(isUnchanged, read, state)
		result.assumed = result.assumed || row.assumed
		result.accepted, result.keeps = append(result.accepted, *read), true
	case refused:
		result.effects.of[isRefused].add(o.Row)
	case row.finding != nil || row.silent:
		result.effects.of[isSilent].add(o.Row)
		if result.silent == nil {
			result.silent = map[int]bool{}
		}
		result.silent[o.Row] = true
	default:
		effect := effectOf(read, s.delivery.Sequence, state)
		result.effects.add(effect, read, state)
		if effect != isSuperseded {
			result.correct(read, state, s.byBureau)
			result.takeBack(read, state, s.byBureau)
		}
		result.assumed = result.assumed || row.assumed
		result.accepted = append(result.accepted, *read)
		if state.Held != nil && (ledger.Rank{Epoch: read.Epoch, Stage: read.Stage, Sequence: s.delivery.Sequence}).Compare(state.Held.Rank()) > 0 {
			r.endHold(row, result, read, state)
		}
	}
	for n := range row.remarks {
		if result.remarks++; result.remarks > maxRemarks {
			result.omitted++
			continue
		}
		result.findings = append(result.findings, onRow(&row.remarks[n], s, i))
	}
	if row.finding == nil {
		return
	}
	if result.alike == nil {
		result.alike = map[string]int{}
	}
	switch result.alike[row.finding.Code]++; {
	case row.omitted, result.alike[row.finding.Code] > maxAlike:
		result.omitted++
	default:
		told := onRow(row.finding, s, i)
		near.complete(&told, r.catalogue)
		result.findings = append(result.findings, told)
	}
}

// checkAgainstEarlier judges a row by the state of its item, and writes into the row the
// item's epoch and since when the area has listed it. A row that is relisted is judged anew though it says what is held. A row that withdraws has the stage of
// what it withdraws, where it names none. Under a lock a change needs a reason.
func (r *checks) checkAgainstEarlier(o *event.AcceptedObservation, state *ledger.CellState, s *received, known map[ledger.Item]bool, relisted bool) *event.Finding {
	best := &state.Best
	o.Epoch = state.Reopened
	if o.Status == catalogue.Withdrawn {
		if !state.Reported() {
			return r.nothingToWithdraw(o)
		}
		if o.Stage == 0 {
			o.Stage = best.Stage
		}
	}
	if before := best.Entity; o.Entity != nil && before != nil && state.Reported() {
		if o.Status == catalogue.Withdrawn {
			e := *before
			o.Entity = &e // a row that withdraws need not say what it does
		}
		o.Entity.Since = before.Since
	}
	figure := ledger.FigureOf(o)
	if told := r.againstCorrection(o, state, s); told != nil {
		return told
	}
	if known[ledger.ItemOf(o)] {
		if finding := r.saidBefore(o, figure, state); finding != nil {
			return finding
		}
	}
	if state.Reported() && best.Epoch == o.Epoch && best.Stage > o.Stage {
		return r.stageBackwards(o, best)
	}
	if state.Held != nil && !s.byBureau && !relisted {
		if held, ok := state.Held.FigureUnder(r.catalogue); ok && held.SameContent(figure) {
			return r.stillHeld(o, state.Held)
		}
	}
	if revisesLocked(o, state) && strings.TrimSpace(s.submission.Reason) == "" {
		return r.periodLocked(o)
	}
	return nil
}

// saidBefore judges a row that was accepted of the same content before: what has superseded it
// since stays, and so does a figure that is held, which came after it.
func (r *checks) saidBefore(o *event.AcceptedObservation, figure ledger.Figure, state *ledger.CellState) *event.Finding {
	if state.Reported() && state.Best.Status != catalogue.Missing && !state.Best.SameContent(figure) {
		return r.superseded(o, state)
	}
	if state.Held == nil {
		return nil
	}
	if held, ok := state.Held.FigureUnder(r.catalogue); ok && held.SameContent(figure) {
		return nil
	}
	inForce := state.Reported() && state.Best.SameContent(figure)
	if inForce && !r.refusing {
		return r.heldStays(o, state.Held)
	}
	return r.supersededByHeld(o, state.Held, inForce)
}

// saysNothing returns the finding on a silent row where its cell holds a figure: that it
// stays in force. Elsewhere there is nothing to tell.
func (r *checks) saysNothing(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	if !state.Reported() {
		return nil
	}
	return r.staysInForce(o, state)
}

// areaAndDataset returns whose submission it is and to which dataset, or what is
// wrong with the submission as a whole.
func (r *checks) areaAndDataset(s *received) (*catalogue.Area, *catalogue.Dataset, *event.Finding) {
	if s.problem != nil {
		return nil, nil, unreadable(s.problem)
	}
	area, ok := r.catalogue.Area(s.area)
	if !ok {
		return nil, nil, r.unknownArea(s.area)
	}
	dataset, ok := r.catalogue.Dataset(s.dataset)
	if !ok {
		return nil, nil, r.unknownDataset(s.dataset)
	}
	if s.submission.Area != s.area {
		return nil, nil, subjectMismatch("area", s.submission.Area, s.area)
	}
	if s.submission.Dataset != s.dataset {
		return nil, nil, subjectMismatch("dataset", s.submission.Dataset, s.dataset)
	}
	if len(s.submission.Reason) > maxReason {
		return nil, nil, textTooLong("reason", s.submission.Reason, maxReason)
	}
	if finding := cmp.Or(controlCharacter("reason", s.submission.Reason), controlCharacter("file", s.submission.File)); finding != nil {
		return nil, nil, finding
	}
	if len(s.submission.Key) > maxName {
		return nil, nil, textTooLong("key", s.submission.Key, maxName)
	}
	if len(s.submission.Observations) == 0 {
		return nil, nil, nothingReported()
	}
	return area, dataset, nil
}
