package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// column is one column of an insert: its name and its values, a slice of them, or
// lazy ones, or rowwise ones.
type column struct {
	name   string
	values any
}

// lazy makes the slice when its turn has come, so that no more than one column of
// an insert is in memory beside the insert itself.
type lazy func() any

// rowwise adds the values one by one, as the client library does with a slice of
// words for a LowCardinality column; here a word that recurs is boxed once.
type rowwise func(add func(any) error) error

// What an acknowledgement relies on, whatever the server's profile says: the
// answer to an insert comes when it is stored, and identical rows that come
// again after the table was emptied are not taken for a repetition. Rows of the
// same key are left to merges and to the views: an insert that looks for them
// takes three times the processor time, and finds none. The pieces of an insert
// are joined however large it is.
var insertSettings = clickhouse.Settings{
	"async_insert": 0, "insert_deduplicate": 0, "optimize_on_insert": 0,
	"min_insert_block_size_rows": anySize, "min_insert_block_size_bytes": anySize,
}

const anySize = 1 << 62

// insert stores the rows of all pieces, which have the same columns, in one block,
// so that readers see all of them or none; this program holds one piece at a time
// in the form in which it is sent. An error leaves open whether they were stored.
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
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings))
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
	// Send releases the connection, also when it fails.
	return batch.Send()
}

func (c *column) append(batch driver.Batch, i int) error {
	switch values := c.values.(type) {
	case lazy:
		return batch.Column(i).Append(values())
	case rowwise:
		return values(batch.Column(i).AppendRow)
	}
	return batch.Column(i).Append(c.values)
}
