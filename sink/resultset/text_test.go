package resultset

import (
	"errors"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
)

func TestValues(t *testing.T) {
	at := time.Date(2022, 1, 15, 8, 30, 0, 0, time.UTC)
	var none *decimal.Decimal
	for _, test := range []struct {
		value      any
		dbType     string
		text, json string
	}{
		{none, "Nullable(Decimal(38, 12))", "", "null"},
		{decimal.RequireFromString("1.50"), "Decimal(38, 12)", "1.5", `"1.5"`},
		{uint64(maxExactInteger), "UInt64", "9007199254740991", "9007199254740991"},
		{uint64(maxExactInteger + 1), "UInt64", "9007199254740992", `"9007199254740992"`},
		{int64(-maxExactInteger - 1), "Int64", "-9007199254740992", `"-9007199254740992"`},
		{big.NewInt(7), "Int128", "7", `"7"`},
		{at, "DateTime('UTC')", "2022-01-15T08:30:00Z", `"2022-01-15T08:30:00Z"`},
		{at, "Nullable(Date32)", "2022-01-15", `"2022-01-15"`},
		{[]string{"a", ""}, "Array(String)", "['a', '']", `["a",""]`},
		{map[string]uint8{"b": 2, "a": 1}, "Map(String, UInt8)", "{'a': 1, 'b': 2}", `{"a":1,"b":2}`},
		{"<中文>", "String", "<中文>", `"<中文>"`},
		{true, "Bool", "true", "true"},
	} {
		if got := cellText(reflect.ValueOf(test.value), test.dbType); got != test.text {
			t.Errorf("%v as text: want %s, got %s", test.value, test.text, got)
		}
		if got := string(appendJSON(nil, reflect.ValueOf(test.value), test.dbType)); got != test.json {
			t.Errorf("%v as JSON: want %s, got %s", test.value, test.json, got)
		}
	}
}

// What a district wrote steers no terminal, and is computed by no spreadsheet. JSON has it as it is.
func TestForeignTextIsHarmless(t *testing.T) {
	for text, want := range map[string]struct{ table, csv string }{
		"a\x1b[31m\u202e\u0085b\nc": {"a␛[31m��b⏎c\n", "\"a\x1b[31m\u202e\u0085b\nc\"\n"},
		"=cmd|'/C calc'!A0":         {"=cmd|'/C calc'!A0\n", "'=cmd|'/C calc'!A0\n"},
		"@SUM(1)":                   {"@SUM(1)\n", "'@SUM(1)\n"},
		"-2+3":                      {"-2+3\n", "'-2+3\n"},
		"-2.5":                      {"-2.5\n", "-2.5\n"},
		"+8.63":                     {"+8.63\n", "+8.63\n"},
		"清江浦":                       {"清江浦\n", "清江浦\n"},
	} {
		var table, csv strings.Builder
		values := []reflect.Value{reflect.ValueOf(text)}
		for _, err := range []error{
			(&tableFormat{w: &table, types: []string{"String"}, right: []bool{false}, widths: []int{0}}).row(values),
			func() error {
				p := newCSV(&csv)
				p.types = []string{"String"}
				return errors.Join(p.row(values), p.finish())
			}(),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if table.String() != want.table || csv.String() != want.csv {
			t.Errorf("%q: want %q and %q, got %q and %q", text, want.table, want.csv, table.String(), csv.String())
		}
	}
}

func TestDisplayWidth(t *testing.T) {
	for text, want := range map[string]int{"": 0, "gdp": 3, "淮安": 4, "ＡＢ": 4, "a中": 3} {
		if got := displayWidth(text); got != want {
			t.Errorf("%q: want %d, got %d", text, want, got)
		}
	}
}
