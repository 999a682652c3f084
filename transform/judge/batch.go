package judge

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// batchState is the ledger with what the present batch is about to add to it.
type batchState struct {
	ledger         *ledger.Ledger
	candidates     map[areaPeriod]candidates
	lastAsked      areaPeriod // of sections, which rows go through one after another
	lastCandidates candidates
	accepted       map[string]earlierAcceptance // by submission id
}

// areaPeriod is the cells of an area in a period.
type areaPeriod struct {
	area   string
	period catalogue.Period
}

// candidates is what the batch has accepted in a section, the best by indicator.
type candidates map[string]candidate

// candidate is a figure that the batch has accepted.
type candidate struct {
	observation *event.AcceptedObservation
	sequence    uint64 // of its submission in SUBMISSIONS
}

func (c candidate) rank() ledger.Rank {
	return ledger.Rank{Epoch: c.observation.Epoch, Stage: c.observation.Stage, Sequence: c.sequence}
}

func newBatchState(l *ledger.Ledger) *batchState {
	return &batchState{ledger: l, candidates: map[areaPeriod]candidates{}, accepted: map[string]earlierAcceptance{}}
}

// CellStates has the better of the ledger's figure and the batch's own. Submissions
// neither lock nor reopen.
func (o *batchState) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	o.ledger.CellStates(area, rows, into)
	for i := range rows {
		a, ok := o.candidatesOf(area, rows[i].Period)[rows[i].Indicator]
		if ok && a.rank().Compare(into[i].BestRank()) > 0 {
			into[i].Best, into[i].Sequence = ledger.FigureOf(a.observation), a.sequence
		}
	}
}

// candidatesOf returns what the batch has accepted in a section, to read or to add to.
func (o *batchState) candidatesOf(area string, period catalogue.Period) candidates {
	if at := (areaPeriod{area, period}); at != o.lastAsked || o.lastCandidates == nil {
		if o.candidates[at] == nil {
			o.candidates[at] = candidates{}
		}
		o.lastAsked, o.lastCandidates = at, o.candidates[at]
	}
	return o.lastCandidates
}

func (o *batchState) add(r *received, accepted []event.AcceptedObservation) {
	for i := range accepted {
		section, c := o.candidatesOf(r.area, accepted[i].Period), candidate{&accepted[i], r.delivery.Sequence}
		if before, ok := section[accepted[i].Indicator]; !ok || c.rank().Compare(before.rank()) > 0 {
			section[accepted[i].Indicator] = c
		}
	}
	o.accepted[r.id] = earlierAcceptance{sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted}
}

// acceptedSubject is where a submission's accepted observations go.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
