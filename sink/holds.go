package sink

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// holdRow is a row of holds_data: a row that is held, or what was said or decided about one.
type holdRow struct {
	event.HeldRow
	year             uint16
	kind             event.DecisionKind // "" of a row that is held
	acceptedSequence uint64
	place            uint32 // of the row in the message, from 1
	sequence         uint64
	submission       string
	area, dataset    string
	reason, file     string
	text             string
	person           event.Person
	at               time.Time
}

// heldKind is what holds_data calls a row that is held.
const heldKind = "held"

// holdRows returns the rows of holds_data that a message of ACCEPTED makes. Those that cannot
// be stored are left out, and the error names the first.
func holdRows(sequence uint64, batch *event.AcceptedBatch) (rows []holdRow, err error) {
	add := func(r holdRow) {
		if problem := checkTime("at", r.at); problem != nil {
			err = event.Permanentf("held row %d.%d: %w", r.sequence, r.Row, problem)
			return
		}
		r.acceptedSequence, r.place = sequence, uint32(len(rows)+1)
		rows = append(rows, r)
	}
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		for _, h := range s.Held {
			period, problem := catalogue.ParsePeriod(h.Period)
			if problem == nil {
				problem = checkStage(uint16(h.Stage))
			}
			if problem == nil && (h.Status < 'A' || h.Status > 'Z' || h.Qualifier > catalogue.About) {
				problem = fmt.Errorf("status %d, qualifier %d", h.Status, h.Qualifier)
			}
			if problem != nil {
				err = event.Permanentf("submission %s: held row %d: %w", s.ID, h.Row, problem)
				continue
			}
			add(holdRow{HeldRow: h, year: uint16(period.Year), sequence: s.Sequence, submission: s.ID, area: s.Area, dataset: s.Dataset, reason: s.Reason, file: s.File, at: s.Received()})
		}
	}
	for i := range batch.Decisions {
		d := &batch.Decisions[i]
		for _, row := range d.Rows {
			add(holdRow{
				HeldRow: event.HeldRow{Row: row}, kind: d.Kind, sequence: d.Sequence, submission: d.Submission, area: d.Area,
				text: d.Reason, person: d.Person, at: d.Decided(),
			})
		}
	}
	return rows, err
}

// holdBlock is the rows of holds_data alone, to be compared with the log.
type holdBlock struct{ held []holdRow }

func (b *holdBlock) rows() int { return len(b.held) }

func (b *holdBlock) reset() { *b = holdBlock{} }

func (b *holdBlock) rowCount() int { return len(b.held) }

func (b *holdBlock) add(d *stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil {
		return err
	}
	rows, err := holdRows(d.Sequence, batch)
	b.held = append(b.held, rows...)
	return err
}

func (b *holdBlock) store(ctx context.Context, s *Store) error {
	if len(b.held) == 0 {
		return nil
	}
	return s.insert(ctx, "holds_data", b.allColumns())
}

func (b *holdBlock) allColumns() []column {
	text := func(name string, field func(*holdRow) string) column { return column{name, valuesOf(b.held, field)} }
	findings := func(name string, field func(*event.HeldFinding) string) column {
		return column{name, valuesOf(b.held, func(r *holdRow) []string { return valuesOf(r.Findings, field) })}
	}
	return []column{
		{"accepted_sequence", valuesOf(b.held, func(r *holdRow) uint64 { return r.acceptedSequence })},
		{"place", valuesOf(b.held, func(r *holdRow) uint32 { return r.place })},
		text("event", func(r *holdRow) string {
			if r.kind == "" {
				return heldKind
			}
			return string(r.kind)
		}),
		{"sequence", valuesOf(b.held, func(r *holdRow) uint64 { return r.sequence })},
		{"row", valuesOf(b.held, func(r *holdRow) uint32 { return r.Row })},
		text("submission", func(r *holdRow) string { return r.submission }),
		text("area", func(r *holdRow) string { return r.area }),
		text("dataset", func(r *holdRow) string { return r.dataset }),
		text("indicator", func(r *holdRow) string { return r.Indicator }),
		text("period", func(r *holdRow) string { return r.Period }),
		{"year", valuesOf(b.held, func(r *holdRow) uint16 { return r.year })},
		text("entity", func(r *holdRow) string {
			if r.Entity == nil {
				return ""
			}
			return r.Entity.Code
		}),
		{"value", valuesOf(b.held, func(r *holdRow) *decimal.Decimal {
			if r.Status == 0 || r.Status == catalogue.Missing || r.Status == catalogue.Withdrawn {
				return nil
			}
			value := catalogue.Value{Coefficient: r.Coefficient, Scale: r.Scale}.Decimal()
			return &value
		})},
		text("unit", func(r *holdRow) string { return r.Unit }),
		{"epoch", valuesOf(b.held, func(r *holdRow) uint8 { return r.Epoch })},
		{"stage", valuesOf(b.held, func(r *holdRow) int8 { return int8(r.Stage) })},
		text("status", func(r *holdRow) string { return statusWords[r.Status] }),
		text("qualifier", func(r *holdRow) string { return qualifierWords[r.Qualifier] }),
		text("note", func(r *holdRow) string { return r.Note }),
		text("raw", func(r *holdRow) string {
			if r.Entity != nil {
				return r.Entity.Code + " " + r.Entity.String()
			}
			return r.Raw
		}),
		text("reason", func(r *holdRow) string { return r.reason }),
		text("file", func(r *holdRow) string { return r.file }),
		text("releaser", func(r *holdRow) string { return string(r.Releaser) }),
		findings("codes", func(f *event.HeldFinding) string { return f.Code }),
		findings("messages_zh", func(f *event.HeldFinding) string { return f.MessageZH }),
		findings("messages_en", func(f *event.HeldFinding) string { return f.MessageEN }),
		text("text", func(r *holdRow) string { return r.text }),
		text("person", func(r *holdRow) string { return r.person.Name }),
		text("role", func(r *holdRow) string { return r.person.Role }),
		text("way", func(r *holdRow) string { return r.person.Way }),
		{"at", valuesOf(b.held, func(r *holdRow) time.Time { return r.at })},
	}
}
