package sink

import (
	"encoding/csv"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
	"golang.org/x/text/width"
)

// cellText writes a value as text: NULL as "", times as RFC 3339 or a date,
// arrays and tuples in brackets.
func cellText(v reflect.Value, dbType string) string {
	v = indirect(v)
	if !v.IsValid() {
		return ""
	}
	switch x := v.Interface().(type) {
	case string:
		return x
	case decimal.Decimal:
		return x.String()
	case time.Time:
		return timeText(x, dbType)
	case float32:
		return strconv.FormatFloat(float64(x), 'g', -1, 32)
	case float64:
		return strconv.FormatFloat(x, 'g', -1, 64)
	case fmt.Stringer:
		return x.String()
	}
	switch v.Kind() {
	case reflect.Slice, reflect.Array:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = innerText(v.Index(i), dbType)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case reflect.Map:
		parts := make([]string, 0, v.Len())
		for _, key := range sortedKeys(v) {
			parts = append(parts, innerText(key, dbType)+": "+innerText(v.MapIndex(key), dbType))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// innerText is cellText inside brackets, where NULL is said and "" is seen.
func innerText(v reflect.Value, dbType string) string {
	v = indirect(v)
	if !v.IsValid() {
		return "NULL"
	}
	if v.Kind() == reflect.String {
		return "'" + v.String() + "'"
	}
	return cellText(v, dbType)
}

func sortedKeys(m reflect.Value) []reflect.Value {
	keys := m.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		return strings.Compare(fmt.Sprint(a.Interface()), fmt.Sprint(b.Interface()))
	})
	return keys
}

// indirect follows pointers and interfaces to the value; NULL is the zero
// Value. It stops at a pointer that knows how to write itself, such as a
// *big.Int.
func indirect(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		if v.Kind() == reflect.Pointer && !v.IsNil() && v.Type() == bigInteger {
			return v
		}
		v = v.Elem()
	}
	return v
}

var bigInteger = reflect.TypeFor[*big.Int]()

func timeText(t time.Time, dbType string) string {
	// The type of a date says Date or Date32, perhaps in Nullable.
	if strings.Contains(dbType, "Date") && !strings.Contains(dbType, "DateTime") {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}

type csvPrinter struct {
	w     *csv.Writer
	types []string
}

func newCSVPrinter(w io.Writer) *csvPrinter { return &csvPrinter{w: csv.NewWriter(w)} }

func (p *csvPrinter) head(columns []driver.ColumnType) error {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name()
		p.types = append(p.types, columns[i].DatabaseTypeName())
	}
	return p.w.Write(names)
}

func (p *csvPrinter) row(values []reflect.Value) error {
	record := make([]string, len(values))
	for i := range values {
		record[i] = cellText(values[i], p.types[i])
	}
	return p.w.Write(record)
}

func (p *csvPrinter) end() error {
	p.w.Flush()
	return p.w.Error()
}

// How many rows a table looks at to find the widths of its columns.
const tableAligned = 1000

type tablePrinter struct {
	w       io.Writer
	types   []string
	right   []bool
	pending [][]string
	widths  []int
}

func (p *tablePrinter) head(columns []driver.ColumnType) error {
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

// Control characters would break the table's lines.
var oneLine = strings.NewReplacer("\r\n", "⏎", "\n", "⏎", "\r", "⏎", "\t", " ", "\x1b", "␛")

func (p *tablePrinter) row(values []reflect.Value) error {
	cells := make([]string, len(values))
	for i := range values {
		cells[i] = oneLine.Replace(cellText(values[i], p.types[i]))
	}
	if p.widths != nil {
		return p.line(cells)
	}
	p.pending = append(p.pending, cells)
	if len(p.pending) > tableAligned {
		return p.align()
	}
	return nil
}

func (p *tablePrinter) end() error {
	if p.widths == nil {
		return p.align()
	}
	return nil
}

func (p *tablePrinter) align() error {
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

func (p *tablePrinter) line(cells []string) error {
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

// displayWidth counts terminal cells: Chinese characters take two.
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
