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

// own is what the batch has accepted in a section, the best by indicator.
type own map[string]candidate

// candidate is a figure that the batch has accepted.
type candidate struct {
	observation *event.AcceptedObservation
	sequence    uint64 // of its submission in SUBMISSIONS
}

func (c candidate) rank() ledger.Rank {
	return ledger.Rank{Epoch: c.observation.Epoch, Stage: c.observation.Stage, Sequence: c.sequence}
}

func newOverlay(l *ledger.Ledger) *overlay {
	return &overlay{ledger: l, sections: map[section]own{}, accepted: map[string]taken{}}
}

// CellStates has the better of the ledger's figure and the batch's own. Submissions
// neither lock nor reopen.
func (o *overlay) CellStates(area string, rows []event.AcceptedObservation, into []ledger.CellState) {
	o.ledger.CellStates(area, rows, into)
	for i := range rows {
		a, ok := o.in(area, rows[i].Period)[rows[i].Indicator]
		if ok && a.rank().Compare(into[i].BestRank()) > 0 {
			into[i].Best, into[i].Sequence = ledger.FigureOf(a.observation), a.sequence
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
		section, c := o.in(r.area, accepted[i].Period), candidate{&accepted[i], r.delivery.Sequence}
		if before, ok := section[accepted[i].Indicator]; !ok || c.rank().Compare(before.rank()) > 0 {
			section[accepted[i].Indicator] = c
		}
	}
	o.accepted[r.id] = taken{sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted}
}

// acceptedSubject is where a submission's accepted observations go.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
