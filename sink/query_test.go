package sink

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/chdbtest"
	"github.com/citytally/citytally/sink/resultset"
)

const everyType = `SELECT * FROM (SELECT CAST(NULL, 'Nullable(Decimal(38, 12))') AS none, CAST('1.50', 'Decimal(38, 12)') AS exact,
	toUInt64(18446744073709551615) AS big, toInt32(-7) AS small, 0.1 AS float, true AS flag, '中文 "quoted", <b>' AS text,
	toDateTime64('2022-01-15 08:30:00.123', 3, 'UTC') AS at, toDate32('2021-12-31') AS day, ['a', ''] AS list,
	CAST((1, 'x', NULL), 'Tuple(n UInt8, s String, v Nullable(Decimal(38, 12)))') AS tuple, map('k', 2) AS map,
	CAST('final', 'Enum8(\'final\' = 4)') AS stage, toLowCardinality('low') AS low, [CAST((1, 'y'), 'Tuple(n UInt8, s String)')] AS tuples,
	toInt128('170141183460469231731687303715884105727') AS huge)`

func TestQueryFormats(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	answer := func(sql, format string) string {
		var b strings.Builder
		if err := s.Query(t.Context(), sql, false, &b, format); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	want := "none,exact,big,small,float,flag,text,at,day,list,tuple,map,stage,low,tuples,huge\n" +
		`,1.5,18446744073709551615,-7,0.1,true,"中文 ""quoted"", <b>",2022-01-15T08:30:00.123Z,2021-12-31,"['a', '']",` +
		`"{'n': 1, 's': 'x', 'v': NULL}",{'k': 2},final,low,"[{'n': 1, 's': 'y'}]",170141183460469231731687303715884105727` + "\n"
	if diff := cmp.Diff(want, answer(everyType, "csv")); diff != "" {
		t.Error(diff)
	}
	want = `[
{"none":null,"exact":"1.5","big":"18446744073709551615","small":-7,"float":0.1,"flag":true,"text":"中文 \"quoted\", <b>","at":"2022-01-15T08:30:00.123Z","day":"2021-12-31","list":["a",""],"tuple":{"n":1,"s":"x","v":null},"map":{"k":2},"stage":"final","low":"low","tuples":[{"n":1,"s":"y"}],"huge":"170141183460469231731687303715884105727"}
]
`
	if diff := cmp.Diff(want, answer(everyType, "json")); diff != "" {
		t.Error(diff)
	}
	got := answer("SELECT toUInt8(number) AS n, if(n = 9, '中文', 'a\\nb') AS name, if(n = 9, 'x', 'y') AS last FROM numbers(9, 2) ORDER BY n", "table")
	if diff := cmp.Diff(" n  name  last\n 9  中文  x\n10  a⏎b   y\n", got); diff != "" {
		t.Error(diff)
	}
	if got := answer("SELECT 1 AS one WHERE 0", "csv"); got != "one\n" {
		t.Errorf("no rows as CSV: %q", got)
	}
	if got := answer("SELECT 1 AS one WHERE 0", "json"); got != "[]\n" {
		t.Errorf("no rows as JSON: %q", got)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(answer("SELECT number AS n FROM numbers(100000)", "json")), &rows); err != nil || len(rows) != 100_000 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if got := answer("SELECT number AS n FROM numbers(2500)", "table"); strings.Count(got, "\n") != 2501 || !strings.HasSuffix(got, "2499\n") {
		t.Errorf("a long table has %d lines", strings.Count(got, "\n"))
	}
}

func TestQueryErrors(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var b strings.Builder
	if err := s.Query(t.Context(), "SELECT 1", false, &b, "xml"); !errors.Is(err, resultset.ErrFormat) {
		t.Errorf("format xml: %v", err)
	}
	for sql, code := range map[string]int32{
		"SELECT * FROM nowhere": codeUnknownTable,
		"SELEC 1":               62,
		"SELECT throwIf(number = 7) FROM numbers(9)": 395,
	} {
		if err := s.Query(t.Context(), sql, false, &b, "csv"); !hasCode(err, code) {
			t.Errorf("%s: %v, want code %d", sql, err, code)
		}
	}
	if err := s.Query(t.Context(), "CREATE TABLE extra (n UInt8) ENGINE = Memory", true, &b, "table"); err != nil {
		t.Errorf("a statement without an answer: %v", err)
	}
}

func TestReaderMayReadAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	_, _, totals := everything(t)
	put(t, s, &totalsBlock{}, 1, totals...)
	reader := openStore(t, engine.start(t).DSN(chdbtest.Reader), s.database)
	if rows, err := reader.Report(t.Context(), "2021"); err != nil || len(rows) != 2 {
		t.Errorf("report: %v, %v", rows, err)
	}
	if err := reader.Query(t.Context(), "DROP TABLE totals_data", true, &strings.Builder{}, "csv"); err == nil {
		t.Error("a reader dropped a table")
	}
}
