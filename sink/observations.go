package sink

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
)

// observationBlock gathers rows of observations_data from ACCEPTED.
type observationBlock struct {
	indicator, period, area, unit      []string
	status, qualifier, note, raw       []string
	submission, dataset, via, by, file []string
	sequence, acceptedSequence         []uint64
	year                               []uint16
	periodStart, periodEnd             []time.Time
	value                              []*decimal.Decimal
	stage                              []int8
	row                                []uint32
	epoch                              []uint8
	receivedAt                         []int64 // Unix milliseconds
}

func (b *observationBlock) rows() int { return len(b.sequence) }

func (b *observationBlock) reset() { *b = observationBlock{} }

// add takes a message's rows. A submission, or a row of one, that cannot be
// stored is left out: the error is a *poison with those alone, or, where nothing
// is left, says why.
func (b *observationBlock) add(d *stream.Delivery) error {
	batch, err := stream.DecodeAccepted(d.Body)
	if err != nil {
		return err
	}
	var bad stream.AcceptedBatch
	var cause error
	good := 0
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		periods, err := checkSubmission(s)
		if err != nil {
			bad.Submissions, cause = append(bad.Submissions, *s), cmp.Or(cause, err)
			continue
		}
		if rows, err := badRows(s); err != nil {
			bad.Submissions, cause = append(bad.Submissions, s.Only(rows)), cmp.Or(cause, err)
			*s = s.Only(others(s.Len(), rows))
		}
		good += s.Len()
		b.append(s, periods, d.Sequence)
	}
	if cause == nil || good == 0 {
		return cause
	}
	body, err := stream.EncodeAccepted(&bad)
	if err != nil {
		return err
	}
	return &poison{body: body, cause: cause}
}

// checkSubmission makes sure that what a submission's rows share can be stored.
func checkSubmission(s *stream.AcceptedSubmission) ([]catalogue.Period, error) {
	periods, err := s.Periods()
	if err != nil {
		return nil, stream.Permanentf("submission %s: %w", s.ID, err)
	}
	if err := checkTime("received_at", s.Received()); err != nil {
		return nil, stream.Permanentf("submission %s: %w", s.ID, err)
	}
	return periods, nil
}

// badRows returns the rows that cannot be stored, and what is wrong with the
// first. Values need no look: no int64 with twelve decimals leaves a
// Decimal(38, 12), and no period a Date32.
func badRows(s *stream.AcceptedSubmission) (rows []int, first error) {
	for i := range s.Len() {
		if err := checkRow(s, i); err != nil {
			rows, first = append(rows, i), cmp.Or(first, stream.Permanentf("submission %s: row %d: %w", s.ID, s.Row[i], err))
		}
	}
	return rows, first
}

func checkRow(s *stream.AcceptedSubmission, i int) error {
	if err := checkStage(s.Stage[i]); err != nil {
		return err
	}
	if s.Status[i] > 'Z' || s.Status[i] != 0 && s.Status[i] < 'A' {
		return fmt.Errorf("status: %d is no capital letter", s.Status[i])
	}
	if s.Qualifier[i] > uint16(catalogue.About) {
		return fmt.Errorf("qualifier: %d is none", s.Qualifier[i])
	}
	return nil
}

// others returns the numbers below n that are not among the sorted ones.
func others(n int, without []int) []int {
	rest := make([]int, 0, n-len(without))
	for i := range n {
		if len(without) > 0 && without[0] == i {
			without = without[1:]
			continue
		}
		rest = append(rest, i)
	}
	return rest
}

func (b *observationBlock) append(s *stream.AcceptedSubmission, periods []catalogue.Period, sequence uint64) {
	type span struct{ start, end time.Time }
	spans := make([]span, len(periods))
	for i, p := range periods {
		spans[i] = span{p.Start(), p.LastDay()}
	}
	values := make([]decimal.Decimal, s.Len())
	for i := range s.Len() {
		p := s.Period[i]
		b.indicator = append(b.indicator, s.IndicatorWords[s.Indicator[i]])
		b.unit = append(b.unit, s.Units[s.Indicator[i]])
		b.period = append(b.period, s.PeriodWords[p])
		b.year = append(b.year, uint16(periods[p].Year))
		b.periodStart = append(b.periodStart, spans[p].start)
		b.periodEnd = append(b.periodEnd, spans[p].end)
		var value *decimal.Decimal
		if catalogue.Status(s.Status[i]) != catalogue.Missing {
			values[i] = s.Value(i).Decimal()
			value = &values[i]
		}
		b.value = append(b.value, value)
		b.stage = append(b.stage, int8(s.Stage[i]))
		b.status = append(b.status, catalogue.Status(s.Status[i]).String())
		b.qualifier = append(b.qualifier, catalogue.Qualifier(s.Qualifier[i]).String())
		b.note = append(b.note, s.Note[i])
		b.raw = append(b.raw, s.Raw[i])
		b.row = append(b.row, s.Row[i])
		b.epoch = append(b.epoch, s.Epoch[i])
		b.area = append(b.area, s.Area)
		b.submission = append(b.submission, s.ID)
		b.sequence = append(b.sequence, s.Sequence)
		b.acceptedSequence = append(b.acceptedSequence, sequence)
		b.dataset = append(b.dataset, s.Dataset)
		b.via = append(b.via, s.Via)
		b.by = append(b.by, s.By)
		b.file = append(b.file, s.File)
		b.receivedAt = append(b.receivedAt, s.ReceivedAt)
	}
}

func (b *observationBlock) store(ctx context.Context, s *Store) error {
	return s.insert(ctx, "observations_data", []column{
		{"indicator", b.indicator}, {"period", b.period}, {"area", b.area}, {"sequence", b.sequence},
		{"accepted_sequence", b.acceptedSequence}, {"year", b.year}, {"period_start", b.periodStart},
		{"period_end", b.periodEnd}, {"value", b.value}, {"unit", b.unit}, {"epoch", b.epoch}, {"stage", b.stage},
		{"status", b.status}, {"qualifier", b.qualifier}, {"note", b.note}, {"raw", b.raw}, {"row", b.row},
		{"submission", b.submission}, {"dataset", b.dataset}, {"via", b.via}, {"by", b.by}, {"file", b.file},
		{"received_at", b.receivedAt},
	})
}
