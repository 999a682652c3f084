package judge

import (
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
	"github.com/citytally/citytally/transform/tally"
)

// batchState is the ledger together with what was accepted of the batch under
// judgement, which is not in the log yet.
type batchState struct {
	ledger     *ledger.Ledger
	candidates map[string]map[catalogue.Period]candidates // by area
	// Rows mostly come period by period, so the last candidates are remembered.
	lastAsked      areaPeriod
	lastCandidates candidates
	accepted       map[string][]acceptance // by id of the content, the newest last
	keys           map[string]string       // ids of submissions by who uses which key
	withdrawn      map[areaItem][]withdrawal
	held           map[areaItem][]*ledger.Hold // in the order in which they were held
	corrections    map[areaItem][]batchCorrection
	takenBack      map[areaItem][]batchTakenBack
	wholes         map[wholeID]*wholeList // lists that are sent in parts
	overlay        *tally.Overlay         // the candidates, once somebody has asked for totals
	memory         buffers
	// shared is whether what the batch accepted of an area was looked at for another one.
	shared bool
}

// areaItem is one area's item.
type areaItem struct {
	area string
	item ledger.Item
}

// withdrawal is a submission of the batch that withdraws a figure.
type withdrawal struct {
	id       string
	sequence uint64
}

type areaPeriod struct {
	area   string
	period catalogue.Period
}

// candidates are the best figures that the batch has accepted of an area in a
// period, by candidateKey.
type candidates map[string]*candidate

// candidate is a figure that the batch has accepted.
type candidate struct {
	observation *event.AcceptedObservation
	sequence    uint64 // of its submission in SUBMISSIONS
	submission  event.SubmissionID
	// setBy is the place in SUBMISSIONS of the submission of the batch that set it, which submission
	// names. Earliest is true where the batch has accepted nothing else for the cell before that: it
	// may confirm what the ledger has.
	setBy    uint64
	earliest bool
}

// confirms reports whether a figure says the same as one that it takes the place of. What a row says of
// an entity has no setter but its last submission.
func (c *candidate) confirms(before *ledger.Figure) bool {
	return c.observation.Entity == nil && before.Status != 0 && ledger.FigureOf(c.observation).SameContent(*before)
}

func (c candidate) rank() ledger.Rank {
	return ledger.Rank{Epoch: c.observation.Epoch, Stage: c.observation.Stage, Sequence: c.sequence}
}

func newBatchState(l *ledger.Ledger) *batchState {
	return &batchState{
		ledger: l, candidates: map[string]map[catalogue.Period]candidates{}, accepted: map[string][]acceptance{},
		keys: map[string]string{}, withdrawn: map[areaItem][]withdrawal{},
	}
}

func (b *batchState) buffers() *buffers { return &b.memory }

// Read calls f with what is known at one moment: the ledger, and the batch.
func (b *batchState) Read(f func(moment)) {
	b.ledger.Read(func(r ledger.Reading) { f(&batchMoment{batchState: b, reading: r}) })
}

// batchMoment is the ledger at one moment together with the batch.
type batchMoment struct {
	*batchState
	reading ledger.Reading
	// The figures of a row are asked for one after the other, so the last indicator of the area
	// whose submission it is, and of another one, is remembered.
	area      string
	own, next lastReported
}

// lastReported is what an area has reported of the indicator asked for last.
type lastReported struct {
	of       areaIndicator
	in       ledger.AreaReading
	reported ledger.AreaIndicator
	periods  map[catalogue.Period]candidates
	accepted periods // that there are candidates for, once they were asked for
}

type areaIndicator struct{ area, indicator string }

// Basis returns the last message of ACCEPTED that the ledger has.
func (b *batchMoment) Basis() uint64 { return b.reading.Basis() }

// Figure returns the ledger's figure of an area, or the batch's where that is better.
func (b *batchMoment) Figure(area string, cell ledger.Cell) (ledger.Figure, bool) {
	last := b.last(area, cell.Indicator)
	best, sequence := last.reported.Best(cell.Period)
	if len(last.periods) == 0 {
		return best, best.Counts()
	}
	if c, ok := last.periods[cell.Period][cell.Indicator]; ok {
		if c.rank().Compare(ledger.Rank{Epoch: best.Epoch, Stage: best.Stage, Sequence: sequence}) > 0 {
			best = ledger.FigureOf(c.observation)
			b.shared = b.shared || area != b.area
		}
	}
	return best, best.Counts()
}

// last returns what is remembered of an area's indicator, which is from then on the one asked for
// last.
func (b *batchMoment) last(area, indicator string) *lastReported {
	last := &b.next
	if area == b.area {
		last = &b.own
	}
	if of := (areaIndicator{area, indicator}); last.periods == nil || of != last.of {
		if last.periods == nil || area != last.of.area {
			last.periods, last.in, last.accepted = b.periodsOf(area), b.reading.Area(area), last.accepted[:0]
		}
		last.of, last.reported = of, last.in.Of(indicator)
	}
	return last
}

// Years returns years outside of which neither the ledger nor the batch has anything of an area's indicator.
func (b *batchMoment) Years(area, indicator string) catalogue.Years {
	last := b.last(area, indicator)
	return last.reported.Years().And(last.besides().years())
}

// Periods returns the periods of a year outside of which neither has anything, likewise.
func (b *batchMoment) Periods(area, indicator string, year int16) catalogue.PeriodSet {
	last := b.last(area, indicator)
	return last.reported.Periods(year) | last.besides().of(year)
}

// besides returns the periods for which the batch has accepted anything of the area.
func (l *lastReported) besides() periods {
	if len(l.accepted) == 0 {
		for p := range l.periods {
			l.accepted.add(p)
		}
	}
	return l.accepted
}

// Locked reports whether a period is locked.
func (b *batchMoment) Locked(period catalogue.Period) bool { return b.reading.Locked(period) }

// Figures returns the ledger's figures of all areas, and the batch's where those are better.
func (b *batchMoment) Figures() tally.Source {
	if b.overlay == nil {
		b.overlay = tally.NewOverlay(nil)
		for cell, figures := range b.figures(b.reading) {
			for _, figure := range figures {
				b.overlay.Add(cell, figure)
			}
		}
	}
	for area := range b.candidates {
		b.shared = b.shared || area != b.area
	}
	return b.overlay.Over(b.reading)
}

// CellStates fills in the ledger's states with the batch's figures, where those are
// better.
func (b *batchMoment) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	b.area = area
	b.reading.CellStates(area, rows, into)
	for i := range rows {
		c, ok := b.candidatesOf(area, rows[i].Period)[candidateKey(&rows[i])]
		if ok && c.rank().Compare(into[i].BestRank()) > 0 {
			if !c.earliest || !c.confirms(&into[i].Best) {
				into[i].Submission, into[i].SetBy = c.submission, c.setBy
			}
			into[i].Best, into[i].Sequence = ledger.FigureOf(c.observation), c.sequence
			if e := into[i].Best.Entity; e != nil && e.Since == 0 {
				since := *e
				since.Since, into[i].Best.Entity = c.sequence, &since
			}
		}
		if len(b.withdrawn) > 0 {
			into[i].Reopened += b.withdrawals(areaItem{area, ledger.ItemOf(&rows[i])})
		}
		if len(b.held) > 0 {
			b.addHeld(&into[i], areaItem{area, ledger.ItemOf(&rows[i])})
		}
		if len(b.corrections) > 0 {
			b.correctionOf(&into[i], areaItem{area, ledger.ItemOf(&rows[i])})
		}
		if h := into[i].Held; h != nil && into[i].BestRank().Compare(h.Rank()) > 0 {
			into[i].Held = nil
		}
	}
}

// withdrawals returns how often the batch has withdrawn a figure beyond what the ledger
// has folded in.
func (b *batchMoment) withdrawals(of areaItem) (n uint8) {
	for _, w := range b.withdrawn[of] {
		if !b.reading.Folded(w.id, w.sequence) {
			n++
		}
	}
	return n
}

// addHeld adds to the state of a cell what the batch holds of it beyond what the ledger has
// folded in.
func (b *batchMoment) addHeld(state *ledger.CellState, of areaItem) {
	for _, h := range b.held[of] {
		if !b.reading.Folded(h.Submission.String(), h.Sequence) && (state.Held == nil || h.Rank().Compare(state.Held.Rank()) > 0) {
			state.Held = h
		}
	}
}

// acceptancesOf returns what was accepted of the content with an id, the newest first.
func (b *batchState) acceptancesOf(content string) []acceptance {
	var all []acceptance
	for _, a := range slices.Backward(b.accepted[content]) {
		if _, folded := b.ledger.Accepted(a.id, a.sequence); !folded {
			all = append(all, a)
		}
	}
	for _, s := range b.ledger.AcceptedOfContent(content) {
		all = append(all, acceptance{id: s.ID.String(), sequence: s.Sequence, acceptedSequence: s.AcceptedSequence})
	}
	return all
}

// keyHolder returns the id of the submission that the sender's key stands for.
func (b *batchState) keyHolder(r *received) (id string, used bool) {
	if id, used = b.keys[keyOf(r)]; used {
		return id, true
	}
	return b.ledger.KeyHolder(r.area, r.dataset, r.key)
}

func keyOf(r *received) string { return r.area + " " + r.dataset + " " + r.key }

// candidatesOf returns what the batch has accepted of an area in a period. The caller
// may add to it.
func (b *batchState) candidatesOf(area string, period catalogue.Period) candidates {
	if at := (areaPeriod{area, period}); at != b.lastAsked || b.lastCandidates == nil {
		of := b.periodsOf(area)
		if of[period] == nil {
			of[period] = candidates{}
		}
		b.lastAsked, b.lastCandidates = at, of[period]
	}
	return b.lastCandidates
}

// periodsOf returns what the batch has accepted of an area, by period.
func (b *batchState) periodsOf(area string) map[catalogue.Period]candidates {
	if b.candidates[area] == nil {
		b.candidates[area] = map[catalogue.Period]candidates{}
	}
	return b.candidates[area]
}

// add adds what was accepted of a submission, and what is held.
func (b *batchState) add(r *received, result *judgement) {
	accepted, held := result.accepted, result.held
	b.addCorrections(r, result.corrections)
	b.addTakenBack(r, result.takenBack)
	id, _ := event.ParseSubmissionID(r.id) // it was computed a moment ago
	all := make([]candidate, len(accepted))
	for i := range accepted {
		best, c := b.candidatesOf(r.area, accepted[i].Period), &all[i]
		*c = candidate{observation: &accepted[i], sequence: r.delivery.Sequence, submission: id, setBy: r.delivery.Sequence}
		if accepted[i].Status == catalogue.Withdrawn {
			of := areaItem{r.area, ledger.ItemOf(&accepted[i])}
			b.withdrawn[of] = append(b.withdrawn[of], withdrawal{r.id, r.delivery.Sequence})
		}
		if accepted[i].Entity != nil {
			b.overlay = nil // counts follow from all rows together
		} else if b.overlay != nil {
			b.overlay.Add(ledger.CellOf(&accepted[i]), partOf(r, &accepted[i]))
		}
		key := candidateKey(&accepted[i])
		if before, ok := best[key]; !ok || c.rank().Compare(before.rank()) > 0 {
			c.earliest = !ok
			if ok {
				if said := ledger.FigureOf(before.observation); c.confirms(&said) {
					c.submission, c.setBy, c.earliest = before.submission, before.setBy, before.earliest
				}
			}
			best[key] = c
		}
	}
	s := event.AcceptedSubmission{ID: r.id, Area: r.area, Dataset: r.dataset, Sequence: r.delivery.Sequence}
	for i := range held {
		if h, err := ledger.NewHold(&s, &held[i]); err == nil { // the row was made a moment ago
			if b.held == nil {
				b.held = map[areaItem][]*ledger.Hold{}
			}
			of := areaItem{r.area, h.Item()}
			b.held[of] = append(b.held[of], h)
		}
	}
	b.accepted[r.content] = append(b.accepted[r.content], acceptance{id: r.id, sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted})
	if r.key != "" {
		b.keys[keyOf(r)] = r.id
	}
}

// acceptedSubject returns the subject of ACCEPTED for a submission's accepted rows.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
