package sink

import (
	"context"
	"encoding/json"
	"time"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// verdictBlock gathers rows of submissions_data from VERDICTS. A verdict's findings are in
// its row, so that a later verdict on the same message replaces the findings too.
type verdictBlock struct {
	verdicts []event.Verdict
	sequence []uint64
}

func (b *verdictBlock) rows() int {
	rows := len(b.verdicts)
	for i := range b.verdicts {
		rows += len(b.verdicts[i].Findings)
	}
	return rows
}

func (b *verdictBlock) reset() { *b = verdictBlock{} }

func (b *verdictBlock) add(d *stream.Delivery) error {
	var v event.Verdict
	if err := json.Unmarshal(d.Body, &v); err != nil {
		return event.Permanentf("decode verdict: %w", err)
	}
	if err := checkVerdict(&v); err != nil {
		return event.Permanentf("verdict on submission %s: %w", v.Submission, err)
	}
	b.verdicts = append(b.verdicts, v)
	b.sequence = append(b.sequence, d.Sequence)
	return nil
}

func checkVerdict(v *event.Verdict) error {
	if err := checkTime("received_at", v.ReceivedAt); err != nil {
		return err
	}
	if err := checkTime("decided_at", v.DecidedAt); err != nil {
		return err
	}
	for _, count := range [...]struct {
		field string
		n     int
	}{{"rows", v.Rows}, {"accepted", v.Accepted}, {"held", v.Held}, {"rejected", v.RejectedRows}} {
		if err := checkCount(count.field, count.n); err != nil {
			return err
		}
	}
	for i := range v.Findings {
		if err := checkCount("row of finding", v.Findings[i].Row); err != nil {
			return err
		}
	}
	return nil
}

func (b *verdictBlock) store(ctx context.Context, s *Store) error {
	return s.insert(ctx, "submissions_data", b.allColumns())
}

func (b *verdictBlock) rowCount() int { return len(b.verdicts) }

func (b *verdictBlock) allColumns() []column {
	return append([]column{
		{"area", valuesOf(b.verdicts, func(v *event.Verdict) string { return v.Area })},
		{"dataset", valuesOf(b.verdicts, func(v *event.Verdict) string { return v.Dataset })},
		{"sequence", valuesOf(b.verdicts, func(v *event.Verdict) uint64 { return v.Sequence })},
		{"verdict_sequence", b.sequence},
		{"id", valuesOf(b.verdicts, func(v *event.Verdict) string { return v.Submission })},
		{"outcome", valuesOf(b.verdicts, func(v *event.Verdict) string { return string(v.Outcome) })},
		{"repeated", valuesOf(b.verdicts, func(v *event.Verdict) bool { return v.Repeated })},
		{"accepted_sequence", valuesOf(b.verdicts, func(v *event.Verdict) uint64 { return v.AcceptedSequence })},
		{"received_at", valuesOf(b.verdicts, func(v *event.Verdict) time.Time { return v.ReceivedAt })},
		{"decided_at", valuesOf(b.verdicts, func(v *event.Verdict) time.Time { return v.DecidedAt })},
		{"via", valuesOf(b.verdicts, func(v *event.Verdict) string { return v.Via })},
		{"by", valuesOf(b.verdicts, func(v *event.Verdict) string { return v.By })},
		{"file", valuesOf(b.verdicts, func(v *event.Verdict) string { return event.Harmless(v.File) })},
		{"rows", valuesOf(b.verdicts, func(v *event.Verdict) uint32 { return uint32(v.Rows) })},
		{"accepted", valuesOf(b.verdicts, func(v *event.Verdict) uint32 { return uint32(v.Accepted) })},
		{"held", valuesOf(b.verdicts, func(v *event.Verdict) uint32 { return uint32(v.Held) })},
		{"rejected", valuesOf(b.verdicts, func(v *event.Verdict) uint32 { return uint32(v.RejectedRows) })},
		{"catalogue", valuesOf(b.verdicts, func(v *event.Verdict) string { return v.Catalogue })},
	}, b.findings()...)
}

func (b *verdictBlock) findings() []column {
	text := func(name string, field func(*event.Finding) string) column {
		return column{name, valuesOf(b.verdicts, func(v *event.Verdict) []string { return valuesOf(v.Findings, field) })}
	}
	return []column{
		text("finding_code", func(f *event.Finding) string { return f.Code }),
		text("finding_severity", func(f *event.Finding) string { return string(f.Severity) }),
		{"finding_row", valuesOf(b.verdicts, func(v *event.Verdict) []uint32 {
			return valuesOf(v.Findings, func(f *event.Finding) uint32 { return uint32(f.Row) })
		})},
		text("finding_column", func(f *event.Finding) string { return f.Column }),
		text("finding_indicator", func(f *event.Finding) string { return f.Indicator }),
		text("finding_period", func(f *event.Finding) string { return f.Period }),
		text("finding_seen", func(f *event.Finding) string { return f.Seen }),
		text("finding_message_zh", func(f *event.Finding) string { return f.MessageZH }),
		text("finding_message_en", func(f *event.Finding) string { return f.MessageEN }),
	}
}
