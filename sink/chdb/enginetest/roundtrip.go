package enginetest

import (
	"fmt"
	"math/big"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/paulmach/orb"
	"github.com/shopspring/decimal"
)

// RoundTrip writes that many rows with a column of every type into a new table and reads them back, through conn alone.
func RoundTrip(t *testing.T, conn driver.Conn, table string, rows int) {
	t.Helper()
	all := samples(t)
	names, definition := columnsOf(all)
	Execute(t, conn, "CREATE TABLE "+table+" (n UInt32, "+definition+") ENGINE = MergeTree ORDER BY n")
	batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO "+table+" (n, "+strings.Join(names, ", ")+")")
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Close()
	for i := range rows {
		row := []any{uint32(i)}
		for _, s := range all {
			row = append(row, s.value(i))
		}
		if err := batch.Append(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := batch.Send(); err != nil {
		t.Fatal(err)
	}
	compareRows(t, conn, table, all, rows)
}

// sample is a column of the table: its type, and what row i holds.
type sample struct {
	name, chType string
	value        func(i int) any
}

func samples(t *testing.T) []sample {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2021, 12, 31, 0, 0, 0, 0, time.UTC)
	moment := time.Date(2021, 12, 31, 23, 59, 58, 0, shanghai)
	big256 := new(big.Int).Lsh(big.NewInt(3), 200)
	optional := func(i int, s string) *string {
		if i%3 == 0 {
			return nil
		}
		return &s
	}
	return []sample{
		{"i8", "Int8", func(i int) any { return int8(-i % 100) }},
		{"i16", "Int16", func(i int) any { return int16(-i) }},
		{"i32", "Int32", func(i int) any { return int32(-i) }},
		{"i64", "Int64", func(i int) any { return int64(-i) << 33 }},
		{"i128", "Int128", func(i int) any { return *big.NewInt(int64(-i)) }},
		{"i256", "Int256", func(i int) any { return *new(big.Int).Neg(big256) }},
		{"u8", "UInt8", func(i int) any { return uint8(i % 256) }},
		{"u16", "UInt16", func(i int) any { return uint16(i) }},
		{"u32", "UInt32", func(i int) any { return uint32(i) }},
		{"u64", "UInt64", func(i int) any { return uint64(i) << 40 }},
		{"u128", "UInt128", func(i int) any { return *big.NewInt(int64(i)) }},
		{"u256", "UInt256", func(i int) any { return *big256 }},
		{"f32", "Float32", func(i int) any { return float32(i) / 4 }},
		{"f64", "Float64", func(i int) any { return float64(i) / 3 }},
		{"d32", "Decimal(9, 2)", func(i int) any { return decimal.New(int64(i), -2) }},
		{"d64", "Decimal(18, 6)", func(i int) any { return decimal.New(-int64(i), -6) }},
		{"d128", "Decimal(38, 10)", func(i int) any { return decimal.New(int64(i), -10) }},
		{"d256", "Decimal(76, 20)", func(i int) any { return decimal.New(int64(i), -20) }},
		{"s", "String", func(i int) any { return strings.Repeat("户", i%7) + fmt.Sprint(i) }},
		{"fs", "FixedString(4)", func(i int) any { return fmt.Sprintf("%04d", i%10000) }},
		{"lc", "LowCardinality(String)", func(i int) any { return fmt.Sprint("area", i%5) }},
		{"lcn", "LowCardinality(Nullable(String))", func(i int) any { return optional(i, fmt.Sprint("n", i%4)) }},
		{"ns", "Nullable(String)", func(i int) any { return optional(i, fmt.Sprint(i)) }},
		{"date", "Date", func(i int) any { return day.AddDate(0, 0, i%100) }},
		{"date32", "Date32", func(i int) any { return day.AddDate(-100, 0, i%100) }},
		{"dt", "DateTime('Asia/Shanghai')", func(i int) any { return moment.Add(time.Duration(i) * time.Second) }},
		{"dt64", "DateTime64(6, 'Asia/Shanghai')", func(i int) any { return moment.Add(time.Duration(i) * time.Microsecond) }},
		{"ndt", "Nullable(DateTime('Asia/Shanghai'))", func(i int) any { m := moment.Add(time.Duration(i) * time.Minute); return &m }},
		{"id", "UUID", func(i int) any { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, i)) }},
		{"e8", "Enum8('final' = 1, 'estimate (a)' = 2)", func(i int) any { return []string{"final", "estimate (a)"}[i%2] }},
		{"e16", "Enum16('x' = -300, 'y' = 300)", func(i int) any { return []string{"x", "y"}[i%2] }},
		{"a", "Array(Int32)", func(i int) any { return make([]int32, i%4) }},
		{"alc", "Array(LowCardinality(String))", func(i int) any { return strings.Split(strings.Repeat("a,b,", i%3)+"c", ",") }},
		{"aan", "Array(Array(Nullable(String)))", func(i int) any { return [][]*string{{optional(i, "x")}, {}} }},
		{"tup", "Tuple(String, UInt8)", func(i int) any { return []any{fmt.Sprint(i), uint8(i % 256)} }},
		{"ntup", "Tuple(a String, b Array(UInt8))", func(i int) any { return map[string]any{"a": fmt.Sprint(i), "b": []uint8{1, 2}} }},
		{"m", "Map(LowCardinality(String), Array(UInt64))", func(i int) any { return map[string][]uint64{"k": {uint64(i)}} }},
		{"b", "Bool", func(i int) any { return i%2 == 0 }},
		{"ip4", "IPv4", func(i int) any { return net.IPv4(10, 0, byte(i>>8), byte(i)) }},
		{"ip6", "IPv6", func(i int) any { return net.ParseIP("2001:db8::1") }},
		{"geo", "Point", func(i int) any { return orb.Point{float64(i), 1} }},
		{"j", "JSON(a UInt32)", func(i int) any { return fmt.Sprintf(`{"a":%d,"b":{"c":"x"},"d":[1,2]}`, i) }},
		{"dyn", "Dynamic", func(i int) any {
			return clickhouse.NewDynamicWithType([]any{int64(i), "text"}[i%2], []string{"Int64", "String"}[i%2])
		}},
		{"v", "Variant(Array(String), String, UInt64)", func(i int) any { return clickhouse.NewVariantWithType(uint64(i), "UInt64") }},
	}
}

func columnsOf(samples []sample) (names []string, definition string) {
	var columns []string
	for _, s := range samples {
		names = append(names, s.name)
		columns = append(columns, s.name+" "+s.chType)
	}
	return names, strings.Join(columns, ", ")
}

func compareRows(t *testing.T, conn driver.Conn, table string, all []sample, want int) {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT * FROM "+table+" ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for i, column := range rows.ColumnTypes()[1:] {
		if got, want := strings.ReplaceAll(column.DatabaseTypeName(), " ", ""), strings.ReplaceAll(all[i].chType, " ", ""); got != want {
			t.Errorf("column %s has type %s, want %s", column.Name(), got, want)
		}
	}
	n := 0
	for ; rows.Next(); n++ {
		targets := make([]any, len(rows.ColumnTypes()))
		for i, column := range rows.ColumnTypes() {
			targets[i] = reflect.New(column.ScanType()).Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		for i, s := range all {
			got := fmt.Sprintf("%v", printable(reflect.ValueOf(targets[i+1]).Elem().Interface()))
			if want := fmt.Sprintf("%v", printable(s.value(n))); got != want && s.name != "j" {
				t.Fatalf("row %d, column %s: %s", n, s.name, cmp.Diff(want, got))
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n != want {
		t.Errorf("%d rows, want %d", n, want)
	}
}

// printable makes values of one meaning print alike.
func printable(v any) any {
	switch v := v.(type) {
	case *string:
		if v == nil {
			return "NULL"
		}
		return *v
	case big.Int:
		return v.String()
	case *time.Time:
		return v.Format(time.RFC3339Nano)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	case [][]*string:
		var out [][]any
		for _, inner := range v {
			line := []any{}
			for _, s := range inner {
				line = append(line, printable(s))
			}
			out = append(out, line)
		}
		return out
	case clickhouse.Dynamic:
		return v.Any()
	case interface{ Any() any }:
		return v.Any()
	}
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	return v
}
