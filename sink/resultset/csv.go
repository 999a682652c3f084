package resultset

import (
	"encoding/csv"
	"io"
	"reflect"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

type csvFormat struct {
	w     *csv.Writer
	types []string
}

func newCSV(w io.Writer) *csvFormat { return &csvFormat{w: csv.NewWriter(w)} }

func (p *csvFormat) header(columns []driver.ColumnType) error {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name()
		p.types = append(p.types, columns[i].DatabaseTypeName())
	}
	return p.w.Write(names)
}

func (p *csvFormat) row(values []reflect.Value) error {
	record := make([]string, len(values))
	for i := range values {
		record[i] = cellText(values[i], p.types[i])
	}
	return p.w.Write(record)
}

func (p *csvFormat) finish() error {
	p.w.Flush()
	return p.w.Error()
}
