package sink

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// totalsBlock gathers rows of totals_data and runs_data from TOTALS.
type totalsBlock struct {
	totals  []totalRow
	runs    []runRow
	partial partialFlushes
}

// totalRow is a total with its figures as the columns hold them.
type totalRow struct {
	event.Total
	batch                         *event.TotalsBatch
	sequence                      uint64
	year                          uint16
	value, change, changeAbsolute *decimal.Decimal
	stage                         int8
	inputs                        int
	held                          event.TotalWithHeld
	valueWithHeld, changeWithHeld *decimal.Decimal
}

type runRow struct {
	event.Run
	sequence uint64
}

func (b *totalsBlock) rows() int {
	rows := len(b.totals) + len(b.runs)
	for i := range b.totals {
		rows += b.totals[i].inputs
	}
	return rows
}

func (b *totalsBlock) reset() { *b = totalsBlock{} }

func (b *totalsBlock) add(d *stream.Delivery) error { return b.addPart(d.Subject, d.Body, d.Sequence) }

func (b *totalsBlock) addPart(subject string, body []byte, sequence uint64) error {
	switch {
	case strings.HasPrefix(subject, "totals."):
		return b.addTotals(body, sequence)
	case strings.HasPrefix(subject, "runs."):
		return b.addRun(body, sequence)
	}
	return event.Permanentf("subject %s: want totals.<period> or runs.<schedule>", subject)
}

func (b *totalsBlock) addTotals(body []byte, sequence uint64) error {
	batch, err := event.DecodeTotals(body)
	if err != nil {
		return err
	}
	period, err := catalogue.ParsePeriod(batch.Period)
	if err != nil {
		return event.Permanentf("totals of %q: %w", batch.Period, err)
	}
	if err := checkTime("computed_at", batch.Computed()); err != nil {
		return event.Permanentf("totals of %s: %w", batch.Period, err)
	}
	bad := 0
	var cause error
	for i := range batch.Totals {
		row := totalRow{Total: batch.Totals[i], batch: batch, sequence: sequence, year: uint16(period.Year)}
		if err := row.read(); err != nil {
			bad++
			cause = cmp.Or(cause, event.Permanentf("total of %s in %s: %w", row.Indicator, batch.Period, err))
			continue
		}
		b.totals = append(b.totals, row)
	}
	if cause != nil && bad == len(batch.Totals) {
		return cause
	}
	b.partial.add(batch, sequence)
	if cause == nil {
		return nil
	}
	return &stream.PartlyTaken{Err: fmt.Errorf("totals that cannot be stored: %d of %d, the first: %w", bad, len(batch.Totals), cause)}
}

// read parses the total's texts into what the columns hold.
func (r *totalRow) read() (err error) {
	if r.value, err = parseDecimal("value", r.Value); err != nil {
		return err
	}
	if r.change, err = parseDecimal("change", r.Change); err != nil {
		return err
	}
	if r.changeAbsolute, err = parseDecimal("change_absolute", r.ChangeAbsolute); err != nil {
		return err
	}
	if r.Held != nil {
		r.held = *r.Held
	}
	if r.valueWithHeld, err = parseDecimal("value_with_held", r.held.Value); err != nil {
		return err
	}
	if r.changeWithHeld, err = parseDecimal("change_with_held", r.held.Change); err != nil {
		return err
	}
	if r.stage, err = stageCode(r.Stage); err != nil {
		return err
	}
	if err := checkCount("expected", r.Expected); err != nil {
		return err
	}
	if err := checkCount("expected areas that reported", r.Have()); err != nil {
		return err
	}
	if r.inputs, err = r.Inputs.Check(); err != nil {
		return event.Permanentf("inputs: %w", err)
	}
	return nil
}

func (b *totalsBlock) addRun(body []byte, sequence uint64) error {
	r := runRow{sequence: sequence}
	if err := json.Unmarshal(body, &r.Run); err != nil {
		return event.Permanentf("decode run: %w", err)
	}
	times := []time.Time{r.StartedAt, r.FinishedAt}
	if !r.Slot.IsZero() {
		times = append(times, r.Slot)
	}
	for _, t := range times {
		if err := checkTime("time of run "+r.ID, t); err != nil {
			return err
		}
	}
	counts := []int{r.Cells, r.Changed, r.ObservationsMissing}
	for _, m := range r.Mended {
		counts = append(counts, m.Stored, m.Removed)
	}
	for _, n := range counts {
		if err := checkCount("count of run "+r.ID, n); err != nil {
			return err
		}
	}
	b.runs = append(b.runs, r)
	return nil
}

// totalsInPiece is how many totals one piece of an insert has: with their inputs, about a
// megabyte.
const totalsInPiece = 1000

func (b *totalsBlock) store(ctx context.Context, s *Store) error {
	if len(b.totals) > 0 {
		var pieces [][]column
		for totals := range slices.Chunk(b.totals, totalsInPiece) {
			piece := totalsBlock{totals: totals}
			pieces = append(pieces, piece.totalColumns())
		}
		if err := s.insert(ctx, "totals_data", pieces...); err != nil {
			return err
		}
	}
	if len(b.runs) > 0 {
		return s.insert(ctx, "runs_data", b.runColumns())
	}
	return nil
}

func (b *totalsBlock) rowCount() int { return len(b.totals) }

func (b *totalsBlock) allColumns() []column { return b.totalColumns() }

func (b *totalsBlock) totalColumns() []column {
	text := func(name string, field func(*totalRow) string) column {
		return column{name, lazyValuesOf(b.totals, field)}
	}
	figure := func(name string, field func(*totalRow) *decimal.Decimal) column {
		return column{name, lazyValuesOf(b.totals, field)}
	}
	return []column{
		text("indicator", func(r *totalRow) string { return r.Indicator }),
		text("period", func(r *totalRow) string { return r.batch.Period }),
		{"basis", lazyValuesOf(b.totals, func(r *totalRow) uint64 { return r.batch.Basis })},
		{"sequence", lazyValuesOf(b.totals, func(r *totalRow) uint64 { return r.sequence })},
		{"year", lazyValuesOf(b.totals, func(r *totalRow) uint16 { return r.year })},
		figure("value", func(r *totalRow) *decimal.Decimal { return r.value }),
		text("unit", func(r *totalRow) string { return r.Unit }),
		{"stage", lazyValuesOf(b.totals, func(r *totalRow) int8 { return r.stage })},
		text("status", func(r *totalRow) string { return r.Status }),
		text("qualifier", func(r *totalRow) string { return r.Qualifier }),
		figure("change", func(r *totalRow) *decimal.Decimal { return r.change }),
		text("change_kind", func(r *totalRow) string { return r.ChangeKind }),
		figure("change_absolute", func(r *totalRow) *decimal.Decimal { return r.changeAbsolute }),
		text("change_reason", func(r *totalRow) string { return r.ChangeReason }),
		{"have", lazyValuesOf(b.totals, func(r *totalRow) uint32 { return uint32(r.Have()) })},
		{"expected", lazyValuesOf(b.totals, func(r *totalRow) uint32 { return uint32(r.Expected) })},
		{"missing", lazyValuesOf(b.totals, func(r *totalRow) []string { return r.Missing })},
		{"publishable", lazyValuesOf(b.totals, func(r *totalRow) bool { return r.Publishable })},
		{"flags", lazyValuesOf(b.totals, func(r *totalRow) []string { return r.Flags })},
		text("change_qualifier", func(r *totalRow) string { return r.ChangeQualifier }),
		{"change_areas", lazyValuesOf(b.totals, func(r *totalRow) []string { return r.ChangeAreas })},
		{"carried", lazyValuesOf(b.totals, func(r *totalRow) []string { return r.Carried })},
		{"held", lazyValuesOf(b.totals, func(r *totalRow) []string { return r.held.Holds })},
		{"held_areas", lazyValuesOf(b.totals, func(r *totalRow) []string { return r.held.Areas })},
		figure("value_with_held", func(r *totalRow) *decimal.Decimal { return r.valueWithHeld }),
		figure("change_with_held", func(r *totalRow) *decimal.Decimal { return r.changeWithHeld }),
		text("qualifier_with_held", func(r *totalRow) string { return r.held.Qualifier }),
		text("change_qualifier_with_held", func(r *totalRow) string { return r.held.ChangeQualifier }),
		text("inputs", func(r *totalRow) string { return string(r.Inputs) }),
		text("trigger", func(r *totalRow) string { return string(r.batch.Trigger) }),
		text("catalogue", func(r *totalRow) string { return r.batch.Catalogue }),
		{"computed_at", lazyValuesOf(b.totals, func(r *totalRow) time.Time { return r.batch.Computed() })},
	}
}

func (b *totalsBlock) runColumns() []column {
	text := func(name string, field func(*runRow) string) column { return column{name, valuesOf(b.runs, field)} }
	count := func(name string, field func(*runRow) uint64) column { return column{name, valuesOf(b.runs, field)} }
	return []column{
		count("sequence", func(r *runRow) uint64 { return r.sequence }),
		text("id", func(r *runRow) string { return r.ID }),
		text("job", func(r *runRow) string { return r.JobName() }),
		text("schedule", func(r *runRow) string { return r.Schedule }),
		text("trigger", func(r *runRow) string { return string(r.Trigger) }),
		{"slot", valuesOf(b.runs, func(r *runRow) *time.Time {
			if r.Slot.IsZero() {
				return nil
			}
			return &r.Slot
		})},
		{"started_at", valuesOf(b.runs, func(r *runRow) time.Time { return r.StartedAt })},
		{"finished_at", valuesOf(b.runs, func(r *runRow) time.Time { return r.FinishedAt })},
		text("period", func(r *runRow) string { return r.Period }),
		text("until", func(r *runRow) string { return r.Until }),
		text("indicator", func(r *runRow) string { return r.Indicator }),
		text("area", func(r *runRow) string { return r.Area }),
		text("person", func(r *runRow) string { return r.Person.Name }),
		{"full", valuesOf(b.runs, func(r *runRow) bool { return r.Full })},
		{"healed", valuesOf(b.runs, func(r *runRow) bool { return r.Healed })},
		{"imbalances", valuesOf(b.runs, func(r *runRow) []string {
			texts := make([]string, len(r.Imbalances))
			for i := range r.Imbalances {
				texts[i] = r.Imbalances[i].String()
			}
			return texts
		})},
		{"did", valuesOf(b.runs, func(r *runRow) []string { return append([]string{}, r.Did...) })},
		count("mended", func(r *runRow) (rows uint64) {
			for _, m := range r.Mended {
				rows += uint64(m.Stored + m.Removed)
			}
			return rows
		}),
		count("basis", func(r *runRow) uint64 { return r.Basis }),
		text("catalogue", func(r *runRow) string { return r.Catalogue }),
		count("cells", func(r *runRow) uint64 { return uint64(r.Cells) }),
		count("changed", func(r *runRow) uint64 { return uint64(r.Changed) }),
		count("observations_missing", func(r *runRow) uint64 { return uint64(r.ObservationsMissing) }),
		text("problem", func(r *runRow) string { return r.Problem }),
	}
}

func (b *totalsBlock) incomplete() bool { return b.partial.any() }

func (b *totalsBlock) missingParts() [][]uint64 { return b.partial.missing() }
