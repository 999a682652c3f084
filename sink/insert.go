package sink

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// insertSettings override the server's profile, because acknowledging messages relies on
// them. An insert is answered when it is stored (async_insert 0). Identical rows that are
// inserted again after the table was emptied are stored (insert_deduplicate 0). Rows of
// the same key are left to merges and views (optimize_on_insert 0): looking for them takes
// three times the processor time of an insert, and there hardly are any. The pieces of an
// insert are stored in one block, whatever their size (anySize).
var insertSettings = clickhouse.Settings{
	"async_insert": 0, "insert_deduplicate": 0, "optimize_on_insert": 0,
	"min_insert_block_size_rows": anySize, "min_insert_block_size_bytes": anySize,
}

const anySize = 1 << 62

// insertSettings are those of every insert. On a cluster it is answered when most servers have
// stored it.
func (c cluster) insertSettings() clickhouse.Settings {
	if c == "" {
		return insertSettings
	}
	settings := maps.Clone(insertSettings)
	settings["insert_quorum"] = "auto"
	return settings
}

// insert stores the rows of all pieces, which have the same columns, in one block, so that
// readers see all rows or none. This program holds only one piece at a time in the form in
// which it is sent. After an error the rows may or may not be stored.
func (s *Store) insert(ctx context.Context, table string, pieces ...[]column) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("insert into %s: %w", table, err)
		}
	}()
	if len(pieces) == 0 {
		return nil
	}
	var names []string
	for _, c := range pieces[0] {
		names = append(names, c.name)
	}
	ctx, sent := untilSent(clickhouse.Context(ctx, clickhouse.WithSettings(s.cluster.insertSettings())))
	defer sent()
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		return err
	}
	for n, columns := range pieces {
		if n > 0 {
			if err := batch.Flush(); err != nil {
				return errors.Join(err, batch.Abort())
			}
		}
		for i := range columns {
			if err := columns[i].append(batch, i); err != nil {
				return errors.Join(fmt.Errorf("column %s: %w", columns[i].name, err), batch.Abort())
			}
		}
	}
	// Send releases the connection, also after an error.
	return batch.Send()
}

// untilSent returns a context for a batch that ends when ctx does, but not any more once sent was called.
// The driver's Send leaves a goroutine behind that may be late and closes the batch's connection when the
// batch's context ends (contextWatchdog of clickhouse-go 2.50). By then another statement has the
// connection, and would fail because a caller's work was over.
func untilSent(ctx context.Context) (batch context.Context, sent func()) {
	detached, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { cancel(context.Cause(ctx)) })
	return &batchContext{Context: detached, of: ctx}, func() { stop() }
}

// batchContext is a context with the deadline of another one, which also says why it has ended.
type batchContext struct {
	context.Context
	of context.Context
}

func (c *batchContext) Deadline() (time.Time, bool) { return c.of.Deadline() }

func (c *batchContext) Err() error {
	if c.Context.Err() == nil {
		return nil
	}
	return c.of.Err()
}

// column is one column of an insert: its name and its values, which are a slice, a
// lazyValues or a valuesByRow.
type column struct {
	name   string
	values any
}

// lazyValues returns the slice of a column's values. It is called when the column is
// written, so that only one column of an insert is in memory beside the insert itself.
type lazyValues func() any

// valuesByRow calls add with the values of a column one by one. The client library does the
// same with a slice of words for a LowCardinality column, but allocates an interface value
// for each row; here a word that many rows share is allocated once.
type valuesByRow func(add func(any) error) error

// append writes the values into column i of the batch.
func (c *column) append(batch driver.Batch, i int) error {
	switch values := c.values.(type) {
	case lazyValues:
		return batch.Column(i).Append(values())
	case valuesByRow:
		return values(batch.Column(i).AppendRow)
	}
	return batch.Column(i).Append(c.values)
}

// valuesOf returns one field of every row.
func valuesOf[T, F any](rows []T, field func(*T) F) []F {
	values := make([]F, len(rows))
	for i := range rows {
		values[i] = field(&rows[i])
	}
	return values
}

// lazyValuesOf is valuesOf, evaluated when the column is written.
func lazyValuesOf[T, F any](rows []T, field func(*T) F) lazyValues {
	return func() any { return valuesOf(rows, field) }
}
