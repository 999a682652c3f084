package transform

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
)

// overlay is the ledger with what the present batch is about to add to it.
type overlay struct {
	ledger   *Ledger
	parts    map[overlayKey]Part
	accepted map[string]taken // by submission id
}

type overlayKey struct {
	cell Cell
	area string
}

// Part returns the better of the ledger's figure and the batch's own.
func (o *overlay) Part(cell Cell, area string) (Part, bool) {
	best, ok := o.ledger.Part(cell, area)
	if own, has := o.parts[overlayKey{cell, area}]; has && (!ok || own.Epoch > best.Epoch || own.Epoch == best.Epoch && own.Stage >= best.Stage) {
		return own, true
	}
	return best, ok
}

// Locked and Epoch are the ledger's: submissions decide neither.
func (o *overlay) Locked(period catalogue.Period) bool { return o.ledger.Locked(period) }

func (o *overlay) Epoch(cell Cell, area string) uint8 { return o.ledger.Epoch(cell, area) }

func (o *overlay) add(r *received, accepted []stream.AcceptedObservation) {
	for i := range accepted {
		a := &accepted[i]
		o.parts[overlayKey{Cell{a.Indicator, a.Period}, r.area}] = Part{
			Area: r.area, Value: a.Value, Stage: a.Stage, Status: a.Status, Qualifier: a.Qualifier, Epoch: a.Epoch, Sequence: r.delivery.Sequence,
		}
	}
	o.accepted[r.id] = taken{sequence: r.delivery.Sequence, subject: acceptedSubject(r), rows: accepted}
}

// acceptedSubject is where a submission's accepted observations go.
func acceptedSubject(r *received) string {
	return strings.Join([]string{"accepted", r.area, r.dataset}, ".")
}
