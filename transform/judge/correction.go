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
	if o.Entity != nil || !onBehalf && state.Correction == nil {
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

// againstCorrection returns the finding on a row of an area that says something else than the
// bureau's correction, which stands: what the area had said before is no news and stays
// replaced, and what is new is held until the bureau decides. Nil is none.
func (r *checks) againstCorrection(o *event.AcceptedObservation, state *ledger.CellState, s *received) (told, held *event.Finding) {
	figure := ledger.FigureOf(o)
	switch {
	case state.Correction == nil || s.byBureau || o.Entity != nil || state.Best.SaysSame(figure):
	case state.Correction.Undoes(figure):
		return r.correctedByBureau(o, state), nil
	default:
		return nil, r.overCorrection(o, state)
	}
	return nil, nil
}
