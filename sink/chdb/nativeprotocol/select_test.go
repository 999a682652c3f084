package nativeprotocol

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func TestSelect(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for name, compression := range enginetest.Compressions() {
		t.Run(name, func(t *testing.T) {
			conn := enginetest.Dial(t, address, func(o *clickhouse.Options) { o.Compression = compression })
			if err := conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			for query, want := range map[string]string{
				"SELECT toString(sum(number)) FROM numbers(1000000)":                                           "499999500000",
				"SELECT 'a', 'a' -- a comment at the end":                                                      "a a",
				"SELECT toString(1) FORMAT JSONEachRow":                                                        "1",
				"SELECT toString(toDateTime('2021-12-31 23:59:58', 'Asia/Shanghai'));":                         "2021-12-31 23:59:58",
				"WITH 'x' AS a SELECT a":                                                                       "x",
				"EXISTS TABLE system.one":                                                                      "1",
				"SELECT toString(arrayJoin([1, 2]))":                                                           "1, 2",
				"SELECT toString(number) FROM numbers(3) LIMIT 1, 1":                                           "1",
				"SELECT toString(sum(number) AS s) FROM numbers(3) GROUP BY number % 2 WITH TOTALS ORDER BY s": "1, 2",
				"SELECT '' WHERE 0":                                                                            "",
				"SHOW TABLES LIKE 'no such table'":                                                             "",
			} {
				if got := read(t, conn, query); got != want {
					t.Errorf("%s: got %q, want %q", query, got, want)
				}
			}
		})
	}
}

// read prints the rows of a query whose columns are text or small numbers.
func read(t *testing.T, conn clickhouse.Conn, query string) string {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	if len(rows.Columns()) == 0 {
		t.Errorf("%s: no header", query)
	}
	var lines []string
	for rows.Next() {
		values := make([]any, len(rows.Columns()))
		for i, column := range rows.ColumnTypes() {
			values[i] = new(string)
			if column.DatabaseTypeName() == "UInt8" {
				values[i] = new(uint8)
			}
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		var line []string
		for _, value := range values {
			switch value := value.(type) {
			case *string:
				line = append(line, *value)
			case *uint8:
				line = append(line, fmt.Sprint(*value))
			}
		}
		lines = append(lines, strings.Join(line, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(lines, ", ")
}

// Revision 0, which the engine writes, loses the zone of DateTime; an empty
// result has no block to take a header from.
func TestHeader(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
	for query, want := range map[string]string{
		"SELECT toDateTime(0, 'Asia/Shanghai') AS a":                                  "a DateTime('Asia/Shanghai')",
		"SELECT toDateTime(0, 'Asia/Shanghai') AS a WHERE 0":                          "a DateTime('Asia/Shanghai')",
		"SELECT CAST(tuple(1, 'x'), 'Tuple(a UInt8, b String)') AS a":                 "a Tuple(a UInt8, b String)",
		"SELECT toLowCardinality('x') AS `a b`, [toLowCardinality('x')] AS b WHERE 0": "a b LowCardinality(String), b Array(LowCardinality(String))",
		"SHOW TABLES LIKE 'no such table'":                                            "name String",
		"SELECT dummy FROM system.one WHERE dummy = 7 SETTINGS max_threads = 1":       "dummy UInt8",
		"DESCRIBE TABLE (SELECT 1 AS x WHERE 0) SETTINGS describe_compact_output = 1": "name String, type String",
	} {
		rows, err := conn.Query(t.Context(), query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		var header []string
		for _, column := range rows.ColumnTypes() {
			header = append(header, column.Name()+" "+column.DatabaseTypeName())
		}
		if got := strings.Join(header, ", "); got != want {
			t.Errorf("%s: header %q, want %q", query, got, want)
		}
		if err := rows.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestExceptions(t *testing.T) {
	address := startNative(t, limits.Clients{})
	conn := enginetest.Dial(t, address, nil)
	for query, want := range map[string]int32{
		"SELECT * FROM nowhere": 60,
		"SELEC 1":               62,
		"SELECT 1; SELECT 2":    62,
		"SELECT nothing":        47,
		"SELECT throwIf(number = 500000) FROM numbers(1000000)": 395,
		"SELECT 1 INTO OUTFILE '/tmp/x'":                        0, // any refusal
		"SELECT * FROM file('/etc/passwd', 'LineAsString')":     0,
		"SELECT {p:UInt8}":                                      456,
		"SELECT uniqState(1)":                                   48,
		"INSERT INTO nowhere VALUES (1)":                        60,
	} {
		rows, err := conn.Query(t.Context(), query)
		if err == nil {
			for rows.Next() {
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		var exception *clickhouse.Exception
		if !errors.As(err, &exception) {
			t.Errorf("%s: want an exception, got %v", query, err)
			continue
		}
		if want != 0 && exception.Code != want {
			t.Errorf("%s: want code %d, got %v", query, want, exception)
		}
	}
	if got := enginetest.Scan[uint8](t, conn, "SELECT 1"); got != 1 {
		t.Error("the connection does not go on after exceptions")
	}
}

func TestParallelQueries(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), func(o *clickhouse.Options) { o.MaxOpenConns = 8 })
	var group errgroup.Group
	for i := range 8 {
		group.Go(func() error {
			for j := range 20 {
				var got uint64
				want := uint64(i*1000 + j)
				if err := conn.QueryRow(t.Context(), "SELECT max(number) FROM numbers(?)", want+1).Scan(&got); err != nil {
					return err
				}
				if got != want {
					return fmt.Errorf("got %d, want %d", got, want)
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

func TestProgress(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
	enginetest.Execute(t, conn, "CREATE TABLE progress ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(500000)")
	var rows, profiled uint64
	ctx := clickhouse.Context(t.Context(),
		clickhouse.WithProgress(func(p *clickhouse.Progress) { rows += p.Rows }),
		clickhouse.WithProfileInfo(func(p *clickhouse.ProfileInfo) { profiled += p.Rows }))
	result, err := conn.Query(ctx, "SELECT number FROM progress WHERE number < 1000")
	if err != nil {
		t.Fatal(err)
	}
	for result.Next() {
	}
	if err := errors.Join(result.Err(), result.Close()); err != nil {
		t.Fatal(err)
	}
	if rows == 0 || profiled != 1000 {
		t.Errorf("read %d rows, profiled %d", rows, profiled)
	}
}

func TestCancelKillsTheQuery(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for _, query := range []string{
		"SELECT sum(sleepEachRow(0.1)) AS cancelled_scan FROM numbers(1000) SETTINGS max_block_size = 1",
		"INSERT INTO FUNCTION null('n UInt8') SELECT sleepEachRow(0.1) AS cancelled_insert FROM numbers(1000) SETTINGS max_block_size = 1",
	} {
		conn := enginetest.Dial(t, address, nil)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- conn.Exec(ctx, query) }()
		running := func() bool {
			return enginetest.Query(t, "SELECT count() FROM system.processes WHERE query LIKE '%AS cancelled_%' AND query NOT LIKE '%processes%'") != "0\n"
		}
		enginetest.WaitFor(t, "the query to run", running)
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", query, err)
		}
		enginetest.WaitFor(t, "the query to be killed", func() bool { return !running() })
	}
}
