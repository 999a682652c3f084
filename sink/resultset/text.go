package resultset

import (
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// cellText returns a value as text: NULL as "", times as RFC 3339 or a date, arrays and
// tuples in brackets.
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

// innerText is cellText for values in brackets, where NULL is written out and strings are
// quoted.
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

// indirect follows pointers and interfaces to the value; NULL becomes the zero Value. It
// stops at a *big.Int, whose String method has a pointer receiver.
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
	// The type of a date is Date or Date32, perhaps within Nullable.
	if strings.Contains(dbType, "Date") && !strings.Contains(dbType, "DateTime") {
		return t.Format(time.DateOnly)
	}
	return t.Format(time.RFC3339Nano)
}
