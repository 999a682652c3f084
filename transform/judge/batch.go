package judge

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// overlay is the ledger with what the present batch is about to add to it.
type overlay struct {
	ledger   *ledger.Ledger
	sections map[section]own
	latest   section // of sections, which rows go through one after another
	own      own
	accepted map[string]taken // by submission id
}

// section is the cells of an area in a period.
type section struct {
	area   string
	period catalogue.Period
}

// own is what the batch has accepted in a section, the latest by indicator.
type own map[string]*event.AcceptedObservation

func newOverlay(l *ledger.Ledger) *overlay {
	return &overlay{ledger: l, sections: map[section]own{}, accepted: map[string]taken{}}
}

// CellStates has the better of the ledger's figure and the batch's own. Submissions
// neither lock nor reopen.
func (o *overlay) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	o.ledger.CellStates(area, rows, into)
	for i := range rows {
		a, best := o.in(area, rows[i].Period)[rows[i].Indicator], &into[i].Best
		if a != nil && (a.Epoch > best.Epoch || a.Epoch == best.Epoch && a.Stage >= best.Stage) {
			*best = ledger.Figure{Value: a.Value, Stage: a.Stage, Status: a.Status, Qualifier: a.Qualifier, Epoch: a.Epoch}
		}
	}
}

// in returns what the batch has accepted in a section, to read or to add to.
func (o *overlay) in(area string, period catalogue.Period) own {
	if at := (section{area, period}); at != o.latest || o.own == nil {
		if o.sections[at] == nil {
			o.sections[at] = own{}
		}
		o.latest, o.own = at, o.sections[at]
	}
	return o.own
}

func (o *overlay) add(r *received, accepted []event.AcceptedObservation) {
	for i := range accepted {
		o.in(r.area, accepted[i].Period)[accepted[i].Indicator] = &accepted[i]
	}
	o.accepted[r.id] = taken{sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted}
}

// acceptedSubject is where a submission's accepted observations go.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
