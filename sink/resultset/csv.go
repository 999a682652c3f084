package resultset

import (
	"encoding/csv"
	"io"
	"reflect"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
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
		if record[i] = cellText(values[i], p.types[i]); isFormula(record[i]) {
			record[i] = "'" + record[i]
		}
	}
	return p.w.Write(record)
}

// isFormula reports whether a spreadsheet would compute a cell that it reads from a CSV file. A
// number with its sign is none.
func isFormula(text string) bool {
	if text == "" || !strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return false
	}
	_, err := decimal.NewFromString(text)
	return err != nil
}

func (p *csvFormat) finish() error {
	p.w.Flush()
	return p.w.Error()
}
