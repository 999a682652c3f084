package sink

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrFormat is returned by Query for a format it does not know.
var ErrFormat = errors.New("unknown format: want table, csv or json")

// printer writes the rows of an answer as they come.
type printer interface {
	head(columns []driver.ColumnType) error
	// row gets one value per column: what the column's ScanType points to.
	row(values []reflect.Value) error
	end() error
}

// Query runs one statement and writes its rows: as an aligned table for people,
// as CSV (RFC 4180, with a header), or as a JSON array of objects in the order
// of the columns. Decimals are written exactly; in JSON they, and integers beyond
// 2^53, are strings, so that no reader rounds them. Rows are written as they
// come; a table is aligned by its first rows.
func (s *Store) Query(ctx context.Context, query string, w io.Writer, format string) error {
	out := bufio.NewWriter(w)
	var p printer
	switch format {
	case "table":
		p = &tablePrinter{w: out}
	case "csv":
		p = newCSVPrinter(out)
	case "json":
		p = &jsonPrinter{w: out}
	default:
		return fmt.Errorf("%w, got %q", ErrFormat, format)
	}
	rows, err := s.conn.Query(ctx, query)
	if errors.Is(err, io.EOF) {
		return nil // a statement that has no answer, such as ALTER
	}
	if err != nil {
		return fmt.Errorf("query ClickHouse: %w", err)
	}
	defer rows.Close()
	// The columns are known once the first block is here; a statement without an
	// answer has none.
	more := rows.Next()
	columns := rows.ColumnTypes()
	if len(columns) == 0 {
		return wrapQuery(rows.Err())
	}
	if err := p.head(columns); err != nil {
		return err
	}
	for ; more; more = rows.Next() {
		targets := make([]any, len(columns))
		values := make([]reflect.Value, len(columns))
		for i := range columns {
			target := reflect.New(columns[i].ScanType())
			targets[i], values[i] = target.Interface(), target.Elem()
		}
		if err := rows.Scan(targets...); err != nil {
			return wrapQuery(err)
		}
		if err := p.row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return errors.Join(wrapQuery(err), out.Flush())
	}
	if err := p.end(); err != nil {
		return err
	}
	return out.Flush()
}

func wrapQuery(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("query ClickHouse: %w", err)
}
