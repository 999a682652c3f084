package transform

import (
	"strings"

	"github.com/citytally/citytally/ingest/stream"
)

// overlay is the ledger with what the present batch is about to add to it.
type overlay struct {
	ledger   *Ledger
	figures  map[string]map[Cell]held // by area
	accepted map[string]taken         // by submission id
}

func newOverlay(l *Ledger) *overlay {
	return &overlay{ledger: l, figures: map[string]map[Cell]held{}, accepted: map[string]taken{}}
}

// standing has the better of the ledger's figure and the batch's own. Submissions
// neither lock nor reopen.
func (o *overlay) standing(area string, rows []stream.AcceptedObservation, into []standing) {
	o.ledger.standing(area, rows, into)
	figures := o.figures[area]
	if len(figures) == 0 {
		return
	}
	for i := range rows {
		own, has := figures[cellOf(&rows[i])]
		if best := into[i].best; has && (own.epoch > best.epoch || own.epoch == best.epoch && own.stage >= best.stage) {
			into[i].best = own
		}
	}
}

func (o *overlay) add(r *received, accepted []stream.AcceptedObservation) {
	figures := o.figures[r.area]
	if figures == nil {
		figures = make(map[Cell]held, len(accepted))
		o.figures[r.area] = figures
	}
	for i := range accepted {
		figures[cellOf(&accepted[i])] = heldOf(&accepted[i])
	}
	o.accepted[r.id] = taken{sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted}
}

// acceptedSubject is where a submission's accepted observations go.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
