package sink

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// observationBlock gathers rows of observations_data from ACCEPTED.
type observationBlock struct {
	submissions []storable
	n           int // rows
}

// storable is a submission all of whose rows can be stored, and the place of its
// message in ACCEPTED.
type storable struct {
	*event.AcceptedSubmission
	periods  []catalogue.Period
	accepted uint64
}

func (b *observationBlock) rows() int { return b.n }

func (b *observationBlock) reset() {
	clear(b.submissions)
	b.submissions, b.n = b.submissions[:0], 0
}

// add takes a message's rows. A submission, or a row of one, that cannot be
// stored is left out, and the error says which: a *stream.PartlyTaken where the
// message has others.
func (b *observationBlock) add(d *stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil {
		return err
	}
	var cause error
	good := 0
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		periods, err := checkSubmission(s)
		if err != nil {
			cause = cmp.Or(cause, err)
			continue
		}
		if rows, err := badRows(s); err != nil {
			cause = cmp.Or(cause, fmt.Errorf("rows that cannot be stored: %d, the first: %w", len(rows), err))
			*s = s.SelectRows(others(s.Len(), rows))
		}
		good += s.Len()
		b.submissions = append(b.submissions, storable{s, periods, d.Sequence})
	}
	b.n += good
	if cause == nil || good == 0 {
		return cause
	}
	return &stream.PartlyTaken{Err: cause}
}

// checkSubmission makes sure that what a submission's rows share can be stored.
func checkSubmission(s *event.AcceptedSubmission) ([]catalogue.Period, error) {
	periods, err := s.Periods()
	if err != nil {
		return nil, event.Permanentf("submission %s: %w", s.ID, err)
	}
	if err := checkTime("received_at", s.Received()); err != nil {
		return nil, event.Permanentf("submission %s: %w", s.ID, err)
	}
	return periods, nil
}

// badRows returns the rows that cannot be stored, and what is wrong with the
// first. Values need no look: no int64 with twelve decimals leaves a
// Decimal(38, 12), and no period a Date32.
func badRows(s *event.AcceptedSubmission) (rows []int, first error) {
	for i := range s.Len() {
		if err := checkRow(s, i); err != nil {
			rows, first = append(rows, i), cmp.Or(first, event.Permanentf("submission %s: row %d: %w", s.ID, s.Row[i], err))
		}
	}
	return rows, first
}

func checkRow(s *event.AcceptedSubmission, i int) error {
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

// How many submissions go into a piece of an insert: of the usual size, some
// thousand rows.
const pieceSubmissions = 100

func (b *observationBlock) store(ctx context.Context, s *Store) error {
	seldom := slices.DeleteFunc(seldomColumns(), func(c seldomColumn) bool { return !slices.ContainsFunc(b.submissions, c.used) })
	var pieces [][]column
	for submissions := range slices.Chunk(b.submissions, pieceSubmissions) {
		piece := &observationBlock{submissions: submissions}
		for i := range submissions {
			piece.n += submissions[i].Len()
		}
		columns := piece.columns()
		for _, c := range seldom {
			columns = append(columns, column{c.name, c.of(piece)})
		}
		pieces = append(pieces, columns)
	}
	return s.insert(ctx, "observations_data", pieces...)
}

func (b *observationBlock) columns() []column {
	return []column{
		{"indicator", b.words(func(s *storable) ([]string, []uint16) { return s.IndicatorWords, s.Indicator })},
		{"period", b.words(func(s *storable) ([]string, []uint16) { return s.PeriodWords, s.Period })},
		{"area", b.word(func(s *storable) string { return s.Area })},
		{"sequence", eachRow(b, func(s *storable, _ int) uint64 { return s.Sequence })},
		{"accepted_sequence", eachRow(b, func(s *storable, _ int) uint64 { return s.accepted })},
		{"year", eachRow(b, func(s *storable, row int) uint16 { return uint16(s.periods[s.Period[row]].Year) })},
		{"period_start", b.dates(catalogue.Period.Start)},
		{"period_end", b.dates(catalogue.Period.LastDay)},
		{"value", eachRow(b, func(s *storable, row int) *decimal.Decimal {
			if catalogue.Status(s.Status[row]) == catalogue.Missing {
				return nil
			}
			value := s.Value(row).Decimal()
			return &value
		})},
		{"unit", b.words(func(s *storable) ([]string, []uint16) { return s.Units, s.Indicator })},
		{"stage", eachRow(b, func(s *storable, row int) int8 { return int8(s.Stage[row]) })},
		{"status", b.words(func(s *storable) ([]string, []uint16) { return statusWords, s.Status })},
		{"row", eachRow(b, func(s *storable, row int) uint32 { return s.Row[row] })},
		{"submission", eachRow(b, func(s *storable, _ int) string { return s.ID })},
		{"dataset", b.word(func(s *storable) string { return s.Dataset })},
		{"via", b.word(func(s *storable) string { return s.Via })},
		{"received_at", eachRow(b, func(s *storable, _ int) int64 { return s.ReceivedAt })},
	}
}

// seldomColumn is a column that few submissions say anything in. It is left out
// where none of an insert does: the server fills in the same.
type seldomColumn struct {
	name string
	of   func(*observationBlock) any
	used func(storable) bool
}

func seldomColumns() []seldomColumn {
	return []seldomColumn{
		{
			"epoch", func(b *observationBlock) any {
				return eachRow(b, func(s *storable, row int) uint8 { return s.Epoch[row] })
			},
			func(s storable) bool { return len(s.Epoch) > 0 },
		},
		{
			"qualifier", func(b *observationBlock) any {
				return b.words(func(s *storable) ([]string, []uint16) { return qualifierWords, s.Qualifier })
			},
			func(s storable) bool {
				return slices.ContainsFunc(s.Qualifier, func(code uint16) bool { return code != 0 })
			},
		},
		{
			"note", func(b *observationBlock) any {
				return eachRow(b, func(s *storable, row int) string { return s.Note[row] })
			},
			func(s storable) bool { return len(s.Note) > 0 },
		},
		{
			"raw", func(b *observationBlock) any {
				return eachRow(b, func(s *storable, row int) string { return s.Raw[row] })
			},
			func(s storable) bool { return len(s.Raw) > 0 },
		},
		{
			"by", func(b *observationBlock) any { return b.word(func(s *storable) string { return s.By }) },
			func(s storable) bool { return s.By != "" },
		},
		{
			"file", func(b *observationBlock) any { return eachRow(b, func(s *storable, _ int) string { return s.File }) },
			func(s storable) bool { return s.File != "" },
		},
	}
}

// The words of the codes that columns hold, by code.
var (
	statusWords    = wordsOf('Z', catalogue.Status.String)
	qualifierWords = wordsOf(catalogue.About, catalogue.Qualifier.String)
)

func wordsOf[C ~uint8](last C, word func(C) string) []string {
	words := make([]string, last+1)
	for code := range words {
		words[code] = word(C(code))
	}
	return words
}

// eachRow returns a column of what value says of each row.
func eachRow[T any](b *observationBlock, value func(s *storable, row int) T) lazy {
	return func() any {
		values := make([]T, 0, b.n)
		for i := range b.submissions {
			s := &b.submissions[i]
			for row := range s.Len() {
				values = append(values, value(s, row))
			}
		}
		return values
	}
}

// dates returns a column of a day of each row's period.
func (b *observationBlock) dates(day func(catalogue.Period) time.Time) lazy {
	return func() any {
		values := make([]time.Time, 0, b.n)
		for i := range b.submissions {
			s := &b.submissions[i]
			days := make([]time.Time, len(s.periods))
			for p := range days {
				days[p] = day(s.periods[p])
			}
			for row := range s.Len() {
				values = append(values, days[s.Period[row]])
			}
		}
		return values
	}
}

// words returns a column whose rows refer to words of their submission.
func (b *observationBlock) words(of func(*storable) (words []string, at []uint16)) rowwise {
	return func(add func(any) error) error {
		var last []string
		var list []any
		for i := range b.submissions {
			words, at := of(&b.submissions[i])
			if !slices.Equal(words, last) { // those of one form have the same
				last, list = words, list[:0]
				for _, word := range words {
					list = append(list, word)
				}
			}
			for _, n := range at {
				if err := add(list[n]); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// word returns a column of one word for each submission.
func (b *observationBlock) word(of func(*storable) string) rowwise {
	return func(add func(any) error) error {
		for i := range b.submissions {
			var word any = of(&b.submissions[i])
			for range b.submissions[i].Len() {
				if err := add(word); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
