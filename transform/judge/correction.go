package judge

import (
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// correction is what stands in an item of the bureau's corrections after an accepted row; nil is
// none.
type correction struct {
	item     ledger.Item
	standing *ledger.Correction
}

// correct notes what becomes of the correction in a cell with a row that is accepted and in
// force from then on.
func (result *judgement) correct(o *event.AcceptedObservation, state *ledger.CellState, onBehalf bool) {
	if !onBehalf && state.Correction == nil {
		return
	}
	if then := ledger.Corrected(state.Correction, state.Best, ledger.FigureOf(o), onBehalf); then != nil || state.Correction != nil {
		result.corrections = append(result.corrections, correction{ledger.ItemOf(o), then})
	}
}

// batchCorrection is a correction after a submission of the batch.
type batchCorrection struct {
	id       string
	sequence uint64
	standing *ledger.Correction
}

// addCorrections adds what a submission of the batch did to corrections.
func (b *batchState) addCorrections(r *received, made []correction) {
	for _, c := range made {
		if b.corrections == nil {
			b.corrections = map[areaItem][]batchCorrection{}
		}
		of := areaItem{r.area, c.item}
		b.corrections[of] = append(b.corrections[of], batchCorrection{r.id, r.delivery.Sequence, c.standing})
	}
}

// correctionOf writes into the state of a cell the correction that the batch leaves there,
// beyond what the ledger has folded in.
func (b *batchMoment) correctionOf(state *ledger.CellState, of areaItem) {
	if made := b.corrections[of]; len(made) > 0 {
		if last := made[len(made)-1]; !b.reading.Folded(last.id, last.sequence) {
			state.Correction = last.standing
		}
	}
}

// againstCorrection returns the finding on a row of an area that says again what the bureau's
// correction, which stands, has replaced: it is no news and stays replaced. Nil is none.
func (r *checks) againstCorrection(o *event.AcceptedObservation, state *ledger.CellState, s *received) *event.Finding {
	figure := ledger.FigureOf(o)
	if r.differsFromCorrection(o, state, s) && state.Correction.Undoes(figure) {
		return r.correctedByBureau(o, state)
	}
	return nil
}

// differsFromCorrection reports whether a row of an area says something else than the bureau's
// correction, which stands.
func (r *checks) differsFromCorrection(o *event.AcceptedObservation, state *ledger.CellState, s *received) bool {
	return state.Correction != nil && !s.byBureau && !state.Best.SaysSame(ledger.FigureOf(o))
}

// holdForBureau holds a row of an area that nothing else is wrong with where the bureau has
// decided something about its figure: refused the same, corrected it, or locked the period.
func (r *checks) holdForBureau(o *event.AcceptedObservation, state *ledger.CellState, s *received, row *rowState) {
	if s.byBureau {
		return
	}
	if refused := state.Refused(ledger.FigureOf(o), r.catalogue); refused != nil {
		row.find(r.refusedBefore(o, refused))
	}
	if r.differsFromCorrection(o, state, s) {
		row.find(r.overCorrection(o, state))
	}
	if revisesLocked(o, state) {
		row.find(r.heldByLock(o, state.LockedBy))
	}
}

// revisesLocked reports whether a row changes a figure of a period that is locked itself. What a
// row of a list does to the figure, the list as a whole tells.
func revisesLocked(o *event.AcceptedObservation, state *ledger.CellState) bool {
	best := &state.Best
	same := best.Value == o.Value && best.Status == o.Status && best.Qualifier == o.Qualifier
	return o.Entity == nil && state.LockedBy == o.Period && !same
}
