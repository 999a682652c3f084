package resultset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"
)

// jsonFormat writes an array of objects, one object on each line.
type jsonFormat struct {
	w       io.Writer
	keys    [][]byte
	types   []string
	written bool
}

func (p *jsonFormat) header(columns []driver.ColumnType) error {
	for i := range columns {
		p.keys = append(p.keys, append(jsonString(columns[i].Name()), ':'))
		p.types = append(p.types, columns[i].DatabaseTypeName())
	}
	_, err := io.WriteString(p.w, "[")
	return err
}

func (p *jsonFormat) row(values []reflect.Value) error {
	line := []byte(",\n{")
	if !p.written {
		line = []byte("\n{")
	}
	p.written = true
	for i := range values {
		if i > 0 {
			line = append(line, ',')
		}
		line = append(line, p.keys[i]...)
		line = appendJSON(line, values[i], p.types[i])
	}
	_, err := p.w.Write(append(line, '}'))
	return err
}

func (p *jsonFormat) finish() error {
	text := "]\n"
	if p.written {
		text = "\n]\n"
	}
	_, err := io.WriteString(p.w, text)
	return err
}

// appendJSON appends a value as JSON from which every reader gets the exact value.
func appendJSON(b []byte, v reflect.Value, dbType string) []byte {
	v = indirect(v)
	if !v.IsValid() {
		return append(b, "null"...)
	}
	switch x := v.Interface().(type) {
	case decimal.Decimal:
		return append(b, jsonString(x.String())...)
	case time.Time:
		return append(b, jsonString(timeText(x, dbType))...)
	case bool:
		return strconv.AppendBool(b, x)
	case fmt.Stringer:
		return append(b, jsonString(x.String())...)
	}
	switch v.Kind() {
	case reflect.String:
		return append(b, jsonString(v.String())...)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32:
		return strconv.AppendInt(b, v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return strconv.AppendUint(b, v.Uint(), 10)
	case reflect.Int64:
		return appendWhole(b, v.Int())
	case reflect.Uint64:
		if v.Uint() <= maxExactInteger {
			return strconv.AppendUint(b, v.Uint(), 10)
		}
		return append(b, jsonString(strconv.FormatUint(v.Uint(), 10))...)
	case reflect.Float32, reflect.Float64:
		if math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0) {
			return append(b, jsonString(fmt.Sprint(v.Float()))...)
		}
		return strconv.AppendFloat(b, v.Float(), 'g', -1, v.Type().Bits())
	case reflect.Slice, reflect.Array:
		b = append(b, '[')
		for i := range v.Len() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, v.Index(i), dbType)
		}
		return append(b, ']')
	case reflect.Map:
		b = append(b, '{')
		for i, key := range sortedKeys(v) {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(append(b, jsonString(cellText(key, dbType))...), ':')
			b = appendJSON(b, v.MapIndex(key), dbType)
		}
		return append(b, '}')
	}
	return append(b, jsonString(fmt.Sprint(v.Interface()))...)
}

// maxExactInteger is the largest integer up to which every integer is exact in binary
// floating point, the only numbers of many readers of JSON.
const maxExactInteger = 1<<53 - 1

func appendWhole(b []byte, n int64) []byte {
	if n <= maxExactInteger && n >= -maxExactInteger {
		return strconv.AppendInt(b, n, 10)
	}
	return append(b, jsonString(strconv.FormatInt(n, 10))...)
}

func jsonString(s string) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	// Encoding a string cannot fail: bytes that are not UTF-8 are replaced.
	_ = e.Encode(s)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
