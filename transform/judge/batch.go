package judge

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// batchState is the ledger together with what was accepted of the batch under
// judgement, which is not in the log yet.
type batchState struct {
	ledger     *ledger.Ledger
	candidates map[areaPeriod]candidates
	// Rows mostly come period by period, so the last candidates are remembered.
	lastAsked      areaPeriod
	lastCandidates candidates
	accepted       map[string]earlierAcceptance // by id of the submission
}

type areaPeriod struct {
	area   string
	period catalogue.Period
}

// candidates are the best figures that the batch has accepted of an area in a
// period, by indicator.
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

// CellStates fills in the ledger's states with the batch's figures, where those are
// better.
func (b *batchState) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	b.ledger.CellStates(area, rows, into)
	for i := range rows {
		c, ok := b.candidatesOf(area, rows[i].Period)[rows[i].Indicator]
		if ok && c.rank().Compare(into[i].BestRank()) > 0 {
			into[i].Best, into[i].Sequence = ledger.FigureOf(c.observation), c.sequence
		}
	}
}

// candidatesOf returns what the batch has accepted of an area in a period. The caller
// may add to it.
func (b *batchState) candidatesOf(area string, period catalogue.Period) candidates {
	if at := (areaPeriod{area, period}); at != b.lastAsked || b.lastCandidates == nil {
		if b.candidates[at] == nil {
			b.candidates[at] = candidates{}
		}
		b.lastAsked, b.lastCandidates = at, b.candidates[at]
	}
	return b.lastCandidates
}

// add adds what was accepted of a submission.
func (b *batchState) add(r *received, accepted []event.AcceptedObservation) {
	for i := range accepted {
		best, c := b.candidatesOf(r.area, accepted[i].Period), candidate{&accepted[i], r.delivery.Sequence}
		if before, ok := best[accepted[i].Indicator]; !ok || c.rank().Compare(before.rank()) > 0 {
			best[accepted[i].Indicator] = c
		}
	}
	b.accepted[r.id] = earlierAcceptance{sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted}
}

// acceptedSubject returns the subject of ACCEPTED for a submission's accepted rows.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
