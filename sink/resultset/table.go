package resultset

import (
	"io"
	"reflect"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/text/width"

	"github.com/citytally/citytally/ingest/event"
)

// alignedRows is how many rows the widths of a table's columns are computed from.
const alignedRows = 1000

type tableFormat struct {
	w       io.Writer
	types   []string
	right   []bool
	pending [][]string
	widths  []int
}

func (p *tableFormat) header(columns []driver.ColumnType) error {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name()
		dbType := columns[i].DatabaseTypeName()
		p.types = append(p.types, dbType)
		p.right = append(p.right, isNumeric(dbType))
	}
	p.pending = [][]string{names}
	return nil
}

func isNumeric(dbType string) bool {
	dbType = strings.TrimPrefix(strings.TrimPrefix(dbType, "LowCardinality("), "Nullable(")
	for _, prefix := range [...]string{"Int", "UInt", "Float", "Decimal"} {
		if strings.HasPrefix(dbType, prefix) {
			return true
		}
	}
	return false
}

// oneLine replaces what would break the table's lines.
var oneLine = strings.NewReplacer("\r\n", "⏎", "\n", "⏎", "\r", "⏎", "\t", " ", "\x1b", "␛")

func (p *tableFormat) row(values []reflect.Value) error {
	cells := make([]string, len(values))
	for i := range values {
		cells[i] = event.Harmless(oneLine.Replace(cellText(values[i], p.types[i])))
	}
	if p.widths != nil {
		return p.line(cells)
	}
	p.pending = append(p.pending, cells)
	if len(p.pending) > alignedRows {
		return p.align()
	}
	return nil
}

func (p *tableFormat) finish() error {
	if p.widths == nil {
		return p.align()
	}
	return nil
}

func (p *tableFormat) align() error {
	p.widths = make([]int, len(p.types))
	for _, cells := range p.pending {
		for i, cell := range cells {
			p.widths[i] = max(p.widths[i], displayWidth(cell))
		}
	}
	for _, cells := range p.pending {
		if err := p.line(cells); err != nil {
			return err
		}
	}
	p.pending = nil
	return nil
}

func (p *tableFormat) line(cells []string) error {
	var b strings.Builder
	for i, cell := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		padding := strings.Repeat(" ", max(0, p.widths[i]-displayWidth(cell)))
		if p.right[i] {
			b.WriteString(padding + cell)
		} else {
			b.WriteString(cell + padding)
		}
	}
	_, err := io.WriteString(p.w, strings.TrimRight(b.String(), " ")+"\n")
	return err
}

// displayWidth returns how many cells of a terminal a text takes; a Chinese character takes
// two.
func displayWidth(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}
