package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// column is one column of an insert: its name and a slice of its values.
type column struct {
	name   string
	values any
}

// What an acknowledgement relies on, whatever the server's profile says: the
// answer to an insert comes when it is stored, and identical rows that come
// again after the table was emptied are not taken for a repetition.
var insertSettings = clickhouse.Settings{"async_insert": 0, "insert_deduplicate": 0}

// insert stores the columns, which are of equal length, in one block, so that
// readers see all of its rows or none. An error leaves open whether they were
// stored.
func (s *Store) insert(ctx context.Context, table string, columns []column) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("insert into %s: %w", table, err)
		}
	}()
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].name
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(insertSettings))
	batch, err := s.conn.PrepareBatch(ctx, "INSERT INTO "+table+" ("+strings.Join(names, ", ")+")")
	if err != nil {
		return err
	}
	for i := range columns {
		if err := batch.Column(i).Append(columns[i].values); err != nil {
			return errors.Join(fmt.Errorf("column %s: %w", columns[i].name, err), batch.Abort())
		}
	}
	// Send releases the connection, also when it fails.
	return batch.Send()
}
