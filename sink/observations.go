package sink

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// observationBlock gathers rows of observations_data from ACCEPTED.
type observationBlock struct {
	submissions []storableSubmission
	adopted     []edition.Edition // catalogues that came into force
	fills       *Store            // whose catalogue need not be read again; nil knows none
	decisions   decisionBlock
	holds       holdBlock
	additional  bool // it has rows that were held, which add to those of their submissions
	n           int  // rows
}

// storableSubmission is a submission whose rows can all be stored, with its periods and its
// message's sequence in ACCEPTED.
type storableSubmission struct {
	*event.AcceptedSubmission
	periods          []catalogue.Period
	acceptedSequence uint64
}

func (b *observationBlock) rows() int { return b.n + b.decisions.rows() + b.holds.rows() }

func (b *observationBlock) reset() {
	clear(b.submissions)
	b.submissions, b.adopted, b.n, b.additional = b.submissions[:0], b.adopted[:0], 0, false
	b.decisions.reset()
	b.holds.reset()
}

// knows has the block take the store's catalogue for what it is, without reading it.
func (b *observationBlock) knows(s *Store) { b.fills = s }

// add takes a message's rows. Submissions and rows that cannot be stored are left out, and
// the error names the first. It is a *stream.PartlyTaken where the message has others.
func (b *observationBlock) add(d *stream.Delivery) error {
	batch, err := event.DecodeAccepted(d.Body)
	if err != nil {
		return err
	}
	for i := range batch.Decisions {
		if decision := &batch.Decisions[i]; decision.Kind == event.Adopt {
			c, err := edition.Read(d.Sequence, decision, b.fills.known())
			if err != nil {
				return err
			}
			b.adopted = append(b.adopted, edition.Edition{Catalogue: c, Since: d.StoredAt})
		}
	}
	known := []*catalogue.Catalogue{b.fills.known()}
	for i := range b.adopted {
		known = append(known, b.adopted[i].Catalogue)
	}
	decisions, err := decisionRows(batch, d.Sequence, known...)
	if err != nil {
		return err
	}
	b.decisions.decisions = append(b.decisions.decisions, decisions...)
	held, cause := holdRows(d.Sequence, batch)
	b.holds.held = append(b.holds.held, held...)
	good := 0
	for i := range batch.Submissions {
		s := &batch.Submissions[i]
		periods, err := checkSubmission(s)
		if err != nil {
			cause = cmp.Or(cause, err)
			continue
		}
		if rows, err := unstorableRows(s); err != nil {
			cause = cmp.Or(cause, fmt.Errorf("rows that cannot be stored: %d, the first: %w", len(rows), err))
			*s = s.SelectRows(indexesExcept(s.Len(), rows))
		}
		good += s.Len()
		b.additional = b.additional || s.Released
		b.submissions = append(b.submissions, storableSubmission{s, periods, d.Sequence})
	}
	b.n += good
	if cause == nil || good+len(held) == 0 {
		return cause
	}
	return &stream.PartlyTaken{Err: cause}
}

// checkSubmission returns a submission's periods, or why what its rows share cannot be
// stored.
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

// unstorableRows returns the indexes of the rows that cannot be stored, and why the first
// cannot. Values and periods need no check: every int64 with twelve decimals fits into a
// Decimal(38, 12), and every period into a Date32.
func unstorableRows(s *event.AcceptedSubmission) (rows []int, first error) {
	for i := range s.Len() {
		if err := checkRow(s, i); err != nil {
			rows, first = append(rows, i), cmp.Or(first, event.Permanentf("submission %s: row %d: %w", s.ID, s.Row[i], err))
		}
	}
	return rows, first
}

// The first and the last day of a Date32, as catalogue.Day.
const firstDay, lastDay = 1900_01_01, 2299_12_31

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
	if l := s.Entities; l != nil {
		for _, day := range [...]uint32{l.From[i], l.To[i]} {
			if day != 0 && (day < firstDay || day > lastDay) {
				return fmt.Errorf("valid from or to: %d is no day that a Date32 holds", day)
			}
		}
	}
	return nil
}

// submissionsInPiece is how many submissions one piece of an insert has: some thousand rows
// of submissions of the usual size.
const submissionsInPiece = 100

func (b *observationBlock) store(ctx context.Context, s *Store) error {
	optional := slices.DeleteFunc(optionalColumns(), func(c optionalColumn) bool { return !slices.ContainsFunc(b.submissions, c.used) })
	var pieces [][]column
	for submissions := range slices.Chunk(b.submissions, submissionsInPiece) {
		piece := &observationBlock{submissions: submissions}
		for i := range submissions {
			piece.n += submissions[i].Len()
		}
		columns := piece.columns()
		for _, c := range optional {
			columns = append(columns, column{c.name, c.values(piece)})
		}
		pieces = append(pieces, columns)
	}
	if b.n > 0 {
		if err := s.insert(ctx, "observations_data", pieces...); err != nil {
			return err
		}
	}
	if err := b.holds.store(ctx, s); err != nil {
		return err
	}
	if b.decisions.rows() > 0 {
		if err := b.decisions.store(ctx, s); err != nil {
			return err
		}
	}
	for _, e := range b.adopted {
		if s.hasPrepared(&e) {
			continue
		}
		if err := s.SyncCatalogue(ctx, e.Catalogue, e.Since); err != nil {
			return err
		}
		if err := s.followCalendar(ctx, &e); err != nil {
			return err
		}
	}
	return nil
}

func (b *observationBlock) rowCount() int { return b.n }

func (b *observationBlock) allColumns() []column {
	columns := b.columns()
	for _, c := range optionalColumns() {
		columns = append(columns, column{c.name, c.values(b)})
	}
	return columns
}

func (b *observationBlock) columns() []column {
	return []column{
		{"indicator", b.words(func(s *storableSubmission) ([]string, []uint16) { return s.IndicatorWords, s.Indicator })},
		{"period", b.words(func(s *storableSubmission) ([]string, []uint16) { return s.PeriodWords, s.Period })},
		{"area", b.word(func(s *storableSubmission) string { return s.Area })},
		{"sequence", lazyRowValues(b, func(s *storableSubmission, _ int) uint64 { return s.Sequence })},
		{"accepted_sequence", lazyRowValues(b, func(s *storableSubmission, _ int) uint64 { return s.acceptedSequence })},
		{"year", lazyRowValues(b, func(s *storableSubmission, row int) uint16 { return uint16(s.periods[s.Period[row]].Year) })},
		{"period_start", b.dates(catalogue.Period.Start)},
		{"period_end", b.dates(catalogue.Period.LastDay)},
		{"value", lazyRowValues(b, func(s *storableSubmission, row int) *decimal.Decimal {
			if status := catalogue.Status(s.Status[row]); status == catalogue.Missing || status == catalogue.Withdrawn {
				return nil
			}
			value := s.Value(row).Decimal()
			return &value
		})},
		{"unit", b.words(func(s *storableSubmission) ([]string, []uint16) { return s.Units, s.Indicator })},
		{"stage", lazyRowValues(b, func(s *storableSubmission, row int) int8 { return int8(s.Stage[row]) })},
		{"status", b.words(func(s *storableSubmission) ([]string, []uint16) { return statusWords, s.Status })},
		{"row", lazyRowValues(b, func(s *storableSubmission, row int) uint32 { return s.Row[row] })},
		{"submission", lazyRowValues(b, func(s *storableSubmission, _ int) string { return s.ID })},
		{"dataset", b.word(func(s *storableSubmission) string { return s.Dataset })},
		{"via", b.word(func(s *storableSubmission) string { return s.Via })},
		{"received_at", lazyRowValues(b, func(s *storableSubmission, _ int) int64 { return s.ReceivedAt })},
	}
}

// optionalColumn is a column that is empty in most submissions. It is left out of an insert
// in which it is empty everywhere; the server then fills in the same values.
type optionalColumn struct {
	name   string
	values func(*observationBlock) any
	used   func(storableSubmission) bool
}

func optionalColumns() []optionalColumn {
	return []optionalColumn{
		{
			"epoch", func(b *observationBlock) any {
				return lazyRowValues(b, func(s *storableSubmission, row int) uint8 { return s.Epoch[row] })
			},
			func(s storableSubmission) bool { return len(s.Epoch) > 0 },
		},
		{
			"qualifier", func(b *observationBlock) any {
				return b.words(func(s *storableSubmission) ([]string, []uint16) { return qualifierWords, s.Qualifier })
			},
			func(s storableSubmission) bool {
				return slices.ContainsFunc(s.Qualifier, func(code uint16) bool { return code != 0 })
			},
		},
		{
			"note", func(b *observationBlock) any {
				return lazyRowValues(b, func(s *storableSubmission, row int) string { return s.Note[row] })
			},
			func(s storableSubmission) bool { return len(s.Note) > 0 },
		},
		{
			"raw", func(b *observationBlock) any {
				return lazyRowValues(b, func(s *storableSubmission, row int) string { return s.Raw[row] })
			},
			func(s storableSubmission) bool { return len(s.Raw) > 0 },
		},
		{
			"by", func(b *observationBlock) any { return b.word(func(s *storableSubmission) string { return s.By }) },
			func(s storableSubmission) bool { return s.By != "" },
		},
		{
			"file", func(b *observationBlock) any {
				return lazyRowValues(b, func(s *storableSubmission, _ int) string { return s.File })
			},
			func(s storableSubmission) bool { return s.File != "" },
		},
		listedColumn("entity", func(e *event.ListedEntity, _ *storableSubmission) string { return e.Code }),
		listedColumn("entity_name", func(e *event.ListedEntity, _ *storableSubmission) string { return e.Name }),
		listedColumn("valid_from", func(e *event.ListedEntity, _ *storableSubmission) *time.Time { return dayOf(e.From) }),
		listedColumn("valid_to", func(e *event.ListedEntity, _ *storableSubmission) *time.Time { return dayOf(e.To) }),
		listedColumn("registered_area", func(e *event.ListedEntity, _ *storableSubmission) string { return e.Registered }),
		listedColumn("listed_since", func(e *event.ListedEntity, s *storableSubmission) uint64 { return cmp.Or(e.Since, s.Sequence) }),
	}
}

// listedColumn is a column of what rows list, empty in rows that are figures.
func listedColumn[T any](name string, value func(*event.ListedEntity, *storableSubmission) T) optionalColumn {
	return optionalColumn{
		name,
		func(b *observationBlock) any {
			return lazyRowValues(b, func(s *storableSubmission, row int) (none T) {
				if e := s.Entity(row); e != nil {
					return value(e, s)
				}
				return none
			})
		},
		func(s storableSubmission) bool { return s.Entities != nil },
	}
}

func dayOf(d catalogue.Day) *time.Time {
	if d == 0 {
		return nil
	}
	t := d.Time()
	return &t
}

// The words of statuses and qualifiers, by their code.
var (
	statusWords    = codeWords('Z', catalogue.Status.String)
	qualifierWords = codeWords(catalogue.About, catalogue.Qualifier.String)
)

func codeWords[C ~uint8](last C, word func(C) string) []string {
	words := make([]string, last+1)
	for code := range words {
		words[code] = word(C(code))
	}
	return words
}

// lazyRowValues returns the values of a column: what value returns for each row.
func lazyRowValues[T any](b *observationBlock, value func(s *storableSubmission, row int) T) lazyValues {
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

// dates returns the values of a column: a day of each row's period.
func (b *observationBlock) dates(day func(catalogue.Period) time.Time) lazyValues {
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

// words returns the values of a column whose rows refer, by index, to words of their
// submission.
func (b *observationBlock) words(field func(*storableSubmission) (words []string, at []uint16)) valuesByRow {
	return func(add func(any) error) error {
		var last []string
		var list []any
		for i := range b.submissions {
			words, at := field(&b.submissions[i])
			if !slices.Equal(words, last) { // submissions of one dataset often have the same
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

// word returns the values of a column that are the same for all rows of a submission.
func (b *observationBlock) word(field func(*storableSubmission) string) valuesByRow {
	return func(add func(any) error) error {
		for i := range b.submissions {
			var word any = field(&b.submissions[i])
			for range b.submissions[i].Len() {
				if err := add(word); err != nil {
					return err
				}
			}
		}
		return nil
	}
}
