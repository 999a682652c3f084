package sink

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
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
	// Send releases the connection, also after an error.
	return batch.Send()
}
