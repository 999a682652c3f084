package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/cmd/citytally/bench/load"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

const directTable = "bench_direct"

const directInsert = "INSERT INTO " + directTable + ` (indicator, period, area, sequence, accepted_sequence, year, period_start, period_end,
	value, unit, stage, status, qualifier, note, raw, row, submission, dataset, via, by, file, received_at)`

// direct inserts the rows that the pipeline is going to insert, in batches of the same
// size, into a table with the same columns.
func (b *benchmark) direct(ctx context.Context, s *session) error {
	conn, err := b.openClickHouse(s)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.Exec(ctx, "CREATE TABLE "+directTable+" AS observations_data"); err != nil {
		return fmt.Errorf("create table: %w", err)
	}
	var took, used time.Duration
	pids := []int{os.Getpid(), s.Engine.PID()}
	step := max(b.settings.Sink.BatchRows/load.Figures, 1)
	for from := 0; from < b.submissions(); from += step {
		columns, err := b.rows(from, min(from+step, b.submissions()))
		if err != nil {
			return err
		}
		before, began := processorTime(pids), time.Now()
		if err := insertColumns(ctx, conn, columns); err != nil {
			return err
		}
		took += time.Since(began)
		used += processorTime(pids) - before
	}
	if err := conn.Exec(ctx, "DROP TABLE "+directTable+" SYNC"); err != nil {
		return fmt.Errorf("drop table: %w", err)
	}
	rows := b.submissions() * load.Figures
	b.result.Direct, b.result.DirectCPU = perSecond(rows, took), float64(used.Microseconds())/float64(rows)
	b.printf("direct     %9.0f rows/s, %.1f µs of processor time a row", b.result.Direct, b.result.DirectCPU)
	return nil
}

func insertColumns(ctx context.Context, conn driver.Conn, columns []any) error {
	batch, err := conn.PrepareBatch(ctx, directInsert)
	if err != nil {
		return fmt.Errorf("insert: %w", err)
	}
	for i := range columns {
		if err := batch.Column(i).Append(columns[i]); err != nil {
			return errors.Join(fmt.Errorf("insert: column %d: %w", i, err), batch.Abort())
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert: %w", err)
	}
	return nil
}

// rows returns the observations of the submissions with the numbers from (included)
// and to (excluded), as the columns of directInsert.
func (b *benchmark) rows(from, to int) ([]any, error) {
	var submissions []event.Submission
	for n := from; n < to; n++ {
		submissions = append(submissions, b.set.Submission(n))
	}
	type row struct {
		submission int
		id         string
		*event.Observation
		line   int
		period catalogue.Period
		value  decimal.Decimal
	}
	var rows []row
	for i := range submissions {
		s := &submissions[i]
		id := s.ID()
		for line := range s.Observations {
			r := row{submission: i, id: id, Observation: &s.Observations[line], line: line + 1}
			var err error
			if r.period, err = catalogue.ParsePeriod(r.Period); err == nil {
				r.value, err = decimal.NewFromString(string(r.Value))
			}
			if err != nil {
				return nil, fmt.Errorf("make rows: %w", err)
			}
			rows = append(rows, r)
		}
	}
	text := func(of func(*row) string) []string { return column(rows, of) }
	constant := func(word string) []string { return text(func(*row) string { return word }) }
	sequence := column(rows, func(r *row) uint64 { return uint64(from + r.submission + 1) })
	received := time.Now()
	return []any{
		text(func(r *row) string { return r.Indicator }), text(func(r *row) string { return r.Period }),
		text(func(r *row) string { return submissions[r.submission].Area }), sequence, sequence,
		column(rows, func(r *row) uint16 { return uint16(r.period.Year) }),
		column(rows, func(r *row) time.Time { return r.period.Start() }),
		column(rows, func(r *row) time.Time { return r.period.LastDay() }),
		column(rows, func(r *row) *decimal.Decimal { return &r.value }),
		text(func(r *row) string { return r.Unit }), column(rows, func(*row) int8 { return int8(catalogue.Final) }),
		constant("A"), constant(""), constant(""), constant(""), column(rows, func(r *row) uint32 { return uint32(r.line) }),
		text(func(r *row) string { return r.id }), text(func(r *row) string { return submissions[r.submission].Dataset }),
		constant("http"), constant(""), constant(""), column(rows, func(*row) time.Time { return received }),
	}, nil
}

func column[R, F any](rows []R, field func(*R) F) []F {
	values := make([]F, len(rows))
	for i := range rows {
		values[i] = field(&rows[i])
	}
	return values
}
