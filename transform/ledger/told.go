package ledger

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
)

// ToldHold returns a figure that is or was held as it is told, beside the one in force.
func (l *Ledger) ToldHold(h *Hold) inquiry.Hold {
	told := inquiry.Hold{
		ID: h.ID.String(), State: string(h.State), Area: h.Area, Dataset: h.Dataset, Indicator: h.Cell.Indicator, Period: h.Cell.Period.String(), Unit: h.Unit,
		Said: SaidOf(&h.Part), Releaser: h.Releaser, Findings: h.Findings, Explanations: []inquiry.Statement{},
		Successor: h.Successor, Submission: h.Submission.String(), Sequence: h.Sequence, Row: h.ID.Row, ReceivedAt: h.ReceivedAt,
		File: h.File, Raw: h.Raw, Note: h.Note, Reason: h.Reason,
	}
	for _, s := range h.Explanations {
		told.Explanations = append(told.Explanations, inquiry.Statement(s))
	}
	if h.Decision != nil {
		decision := inquiry.Statement(*h.Decision)
		told.Decision = &decision
	}
	if part, ok := l.Part(h.Cell, h.Area); ok {
		said := SaidOf(&part)
		told.InForce = &said
	}
	return told
}

// SaidOf returns what a part says.
func SaidOf(part *Part) event.Said {
	said := event.Said{Stage: part.Stage.String(), Qualifier: part.Qualifier.String()}
	if part.Status != catalogue.Missing && part.Status != catalogue.Withdrawn {
		said.Value = part.Value.String()
	}
	if part.Status != catalogue.Normal {
		said.Status = part.Status.String()
	}
	return said
}
