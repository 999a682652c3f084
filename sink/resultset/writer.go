package resultset

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// ErrFormat is returned by NewWriter for a format that it does not know.
var ErrFormat = errors.New("unknown format: want table, csv or json")

// Writer writes one answer.
type Writer struct {
	out    *bufio.Writer
	format format
}

// format writes the rows of an answer one by one.
type format interface {
	header(columns []driver.ColumnType) error
	// row gets one value for each column, of the column's ScanType.
	row(values []reflect.Value) error
	finish() error
}

// NewWriter returns a writer of the format table, csv or json.
func NewWriter(w io.Writer, name string) (*Writer, error) {
	out := bufio.NewWriter(w)
	switch name {
	case "table":
		return &Writer{out, &tableFormat{w: out}}, nil
	case "csv":
		return &Writer{out, newCSV(out)}, nil
	case "json":
		return &Writer{out, &jsonFormat{w: out}}, nil
	}
	return nil, fmt.Errorf("%w, got %q", ErrFormat, name)
}

// Write writes all rows as they come; a table is aligned by its first 1,000 rows. When
// reading the rows fails, the text written before is kept. Write writes nothing for a
// statement that has no columns. It does not close the rows.
func (w *Writer) Write(rows driver.Rows) error {
	// The columns are known when the first block has come.
	more := rows.Next()
	columns := rows.ColumnTypes()
	if len(columns) == 0 {
		return readError(rows.Err())
	}
	if err := w.format.header(columns); err != nil {
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
			return readError(err)
		}
		if err := w.format.row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return errors.Join(readError(err), w.out.Flush())
	}
	if err := w.format.finish(); err != nil {
		return err
	}
	return w.out.Flush()
}

func readError(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("query ClickHouse: %w", err)
}
