package sink

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/citytally/citytally/sink/resultset"
)

// Query runs one statement and writes its rows in a format of package resultset: table,
// csv or json. Rows are written as they come.
func (s *Store) Query(ctx context.Context, query string, w io.Writer, format string) error {
	out, err := resultset.NewWriter(w, format)
	if err != nil {
		return err
	}
	rows, err := s.conn.Query(ctx, query)
	if errors.Is(err, io.EOF) {
		return nil // the statement has no answer, as with ALTER
	}
	if err != nil {
		return fmt.Errorf("query ClickHouse: %w", err)
	}
	defer rows.Close()
	return out.Write(rows)
}
