package sink

import (
	"context"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// decisionsSubject is the subject of ACCEPTED that decisions travel on.
const decisionsSubject = "accepted.decisions"

// decisionBlock gathers rows of decisions_data from ACCEPTED.
type decisionBlock struct {
	decisions []decisionRow
	fills     *Store // whose catalogue need not be read again; nil knows none
}

// decisionRow is a decision with its place in ACCEPTED, its number within the message from 1,
// and the version of the catalogue or of the rules that it puts in force.
type decisionRow struct {
	event.Decision
	sequence         uint64
	number           uint32
	catalogue, rules string
}

func (b *decisionBlock) rows() int { return len(b.decisions) }

func (b *decisionBlock) rowCount() int { return len(b.decisions) }

func (b *decisionBlock) reset() { b.decisions = nil }

// knows has the block take the store's catalogue for what it is, without reading it.
func (b *decisionBlock) knows(s *Store) { b.fills = s }

func (b *decisionBlock) add(d *stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil {
		return err
	}
	rows, err := decisionRows(batch, d.Sequence, b.fills.known())
	b.decisions = append(b.decisions, rows...)
	return err
}

// decisionRows returns the decisions of a message of ACCEPTED as rows.
func decisionRows(batch *event.AcceptedBatch, sequence uint64, known ...*catalogue.Catalogue) ([]decisionRow, error) {
	var rows []decisionRow
	for i := range batch.Decisions {
		row := decisionRow{Decision: batch.Decisions[i], sequence: sequence, number: uint32(i + 1)}
		if err := checkTime("at", row.Decided()); err != nil {
			return nil, event.Permanentf("decision %d: %w", i+1, err)
		}
		if row.Kind == event.Adopt {
			c, err := edition.Read(sequence, &row.Decision, known...)
			if err != nil {
				return nil, err
			}
			row.catalogue = c.Version()
		}
		if row.Kind == event.AdoptRules {
			row.rules = catalogue.VersionOf([]byte(row.Decision.Rules))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (b *decisionBlock) store(ctx context.Context, s *Store) error {
	return s.insert(ctx, "decisions_data", b.allColumns())
}

func (b *decisionBlock) allColumns() []column {
	text := func(name string, field func(*decisionRow) string) column {
		return column{name, valuesOf(b.decisions, field)}
	}
	return []column{
		{"sequence", valuesOf(b.decisions, func(d *decisionRow) uint64 { return d.sequence })},
		{"number", valuesOf(b.decisions, func(d *decisionRow) uint32 { return d.number })},
		text("kind", func(d *decisionRow) string { return string(d.Kind) }),
		text("period", func(d *decisionRow) string { return d.Period }),
		text("indicator", func(d *decisionRow) string { return d.Indicator }),
		text("area", func(d *decisionRow) string { return d.Area }),
		text("reason", func(d *decisionRow) string { return d.Reason }),
		text("by", func(d *decisionRow) string { return d.By }),
		text("by_role", func(d *decisionRow) string { return d.Person.Role }),
		text("by_way", func(d *decisionRow) string { return d.Person.Way }),
		{"decided_at", valuesOf(b.decisions, func(d *decisionRow) time.Time { return d.Decided() })},
		text("catalogue", func(d *decisionRow) string { return d.catalogue }),
		text("rules", func(d *decisionRow) string { return d.rules }),
	}
}
