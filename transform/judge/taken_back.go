package judge

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// takenBack is what an accepted row does to what is remembered of a cell as taken back: the
// figure that it takes back, or one without a status, where the bureau gives the cell a figure.
type takenBack struct {
	cell   ledger.Cell
	figure ledger.Figure
}

// takeBack notes a row that is accepted and in force from then on, as the ledger will.
func (result *judgement) takeBack(o *event.AcceptedObservation, state *ledger.CellState, byBureau bool) {
	counts := ledger.FigureOf(o).Counts()
	switch {
	case o.Entity != nil:
	case counts && byBureau:
		result.takenBack = append(result.takenBack, takenBack{cell: ledger.CellOf(o)})
	case !counts && state.Best.Counts():
		result.takenBack = append(result.takenBack, takenBack{ledger.CellOf(o), state.Best})
	}
}

// batchTakenBack is what a submission of the batch did.
type batchTakenBack struct {
	id       string
	sequence uint64
	figure   ledger.Figure
}

func (b *batchState) addTakenBack(r *received, made []takenBack) {
	for _, m := range made {
		if b.takenBack == nil {
			b.takenBack = map[areaItem][]batchTakenBack{}
		}
		of := areaItem{r.area, ledger.Item{Cell: m.cell}}
		b.takenBack[of] = append(b.takenBack[of], batchTakenBack{r.id, r.delivery.Sequence, m.figure})
	}
}

// TakenBack returns the ledger's figure that a cell had before it was first taken back, or the
// batch's.
func (b *batchMoment) TakenBack(area string, cell ledger.Cell) (ledger.Figure, bool) {
	figure, ok := b.reading.TakenBack(area, cell)
	if len(b.takenBack) == 0 {
		return figure, ok
	}
	for _, made := range b.takenBack[areaItem{area, ledger.Item{Cell: cell}}] {
		switch {
		case b.reading.Folded(made.id, made.sequence):
		case made.figure.Status == 0:
			figure, ok = ledger.Figure{}, false
		case !ok:
			figure, ok = made.figure, true
		}
	}
	return figure, ok
}

// TakenBack returns the figure that the area had before it took it back.
func (s *ruledSubmission) TakenBack(indicator string, period catalogue.Period) (catalogue.Value, bool) {
	figure, ok := s.moment.TakenBack(s.area.Code, ledger.Cell{Indicator: indicator, Period: period})
	return figure.Value, ok
}
