package digest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// Separators of columns and of the elements of a list, in the text of a row that is hashed.
const (
	columnEnd  = 0x1f
	elementEnd = 0x1e
)

// RowValues calls add with the value of each row, a string.
type RowValues func(add func(any) error) error

// appendColumn appends the text of one column to the text of each row. The text is the one
// that columnText describes in SQL.
func appendColumn(rows [][]byte, values any) error {
	switch v := values.(type) {
	case []string:
		return appendEach(rows, v, func(b []byte, s string) []byte { return append(b, s...) })
	case []uint64:
		return appendEach(rows, v, func(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) })
	case []uint32:
		return appendEach(rows, v, func(b []byte, n uint32) []byte { return strconv.AppendUint(b, uint64(n), 10) })
	case []uint16:
		return appendEach(rows, v, func(b []byte, n uint16) []byte { return strconv.AppendUint(b, uint64(n), 10) })
	case []uint8:
		return appendEach(rows, v, func(b []byte, n uint8) []byte { return strconv.AppendUint(b, uint64(n), 10) })
	case []int8:
		return appendEach(rows, v, func(b []byte, n int8) []byte { return strconv.AppendInt(b, int64(n), 10) })
	case []int64:
		return appendEach(rows, v, func(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) })
	case []bool:
		return appendEach(rows, v, strconv.AppendBool)
	case []time.Time:
		return appendEach(rows, v, appendTime)
	case []*time.Time:
		return appendEach(rows, v, func(b []byte, t *time.Time) []byte {
			if t == nil {
				return b
			}
			return appendTime(b, *t)
		})
	case []*decimal.Decimal:
		return appendEach(rows, v, func(b []byte, d *decimal.Decimal) []byte {
			if d == nil {
				return b
			}
			return appendDecimal(b, *d)
		})
	case [][]string:
		return appendEach(rows, v, func(b []byte, list []string) []byte {
			return appendList(b, list, func(b []byte, s string) []byte { return append(b, s...) })
		})
	case [][]uint32:
		return appendEach(rows, v, func(b []byte, list []uint32) []byte {
			return appendList(b, list, func(b []byte, n uint32) []byte { return strconv.AppendUint(b, uint64(n), 10) })
		})
	case RowValues:
		n := 0
		err := v(func(value any) error {
			rows[n] = append(append(rows[n], value.(string)...), columnEnd)
			n++
			return nil
		})
		if err == nil && n != len(rows) {
			err = fmt.Errorf("%d values for %d rows", n, len(rows))
		}
		return err
	}
	return fmt.Errorf("values of type %T have no text", values)
}

func appendEach[T any](rows [][]byte, values []T, text func([]byte, T) []byte) error {
	if len(values) != len(rows) {
		return fmt.Errorf("%d values for %d rows", len(values), len(rows))
	}
	for i, value := range values {
		rows[i] = append(text(rows[i], value), columnEnd)
	}
	return nil
}

// appendDecimal appends a decimal as its String does. Those of few digits, which nearly all are,
// take no big integers.
func appendDecimal(b []byte, d decimal.Decimal) []byte {
	places := -int(d.Exponent())
	if places < 0 || places > catalogue.MaxDecimals || d.NumDigits() > catalogue.MaxDigits {
		return append(b, d.String()...)
	}
	v := catalogue.Value{Coefficient: d.CoefficientInt64(), Scale: uint8(places)}
	for v.Scale > 0 && v.Coefficient%10 == 0 {
		v.Coefficient, v.Scale = v.Coefficient/10, v.Scale-1
	}
	return v.AppendText(b)
}

func appendTime(b []byte, t time.Time) []byte { return strconv.AppendInt(b, t.UnixMilli(), 10) }

func appendList[T any](b []byte, list []T, text func([]byte, T) []byte) []byte {
	b = strconv.AppendInt(b, int64(len(list)), 10)
	for _, element := range list {
		b = text(append(b, elementEnd), element)
	}
	return b
}

// columnText returns SQL for the text of a column of a type.
func columnText(name, of string) string {
	switch {
	case strings.HasPrefix(of, "Nullable("):
		return "ifNull(" + columnText(name, inner(of)) + ", '')"
	case strings.HasPrefix(of, "LowCardinality("):
		return columnText("CAST("+name+", '"+inner(of)+"')", inner(of))
	case strings.HasPrefix(of, "Array("):
		return "concat(toString(length(" + name + ")), arrayStringConcat(arrayMap(element -> concat(char(30), toString(element)), " + name + ")))"
	case strings.HasPrefix(of, "Enum8("):
		return "toString(toInt8(" + name + "))"
	case strings.HasPrefix(of, "DateTime64("):
		return "toString(toUnixTimestamp64Milli(" + name + "))"
	case of == "Date32":
		return "toString(toUnixTimestamp64Milli(toDateTime64(" + name + ", 3, 'UTC')))"
	case of == "String":
		return name
	}
	return "toString(" + name + ")"
}

// inner returns what the outermost parentheses of a type hold.
func inner(of string) string {
	_, rest, _ := strings.Cut(of, "(")
	return strings.TrimSuffix(rest, ")")
}
