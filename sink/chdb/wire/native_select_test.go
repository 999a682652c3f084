package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"
)

func TestNativeSelect(t *testing.T) {
	address := startNative(t, Config{})
	for name, compression := range compressions {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, address, func(o *clickhouse.Options) { o.Compression = compression })
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
func TestNativeHeader(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), nil)
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

func TestNativeExceptions(t *testing.T) {
	address := startNative(t, Config{})
	conn := dial(t, address, nil)
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
	if got := scan[uint8](t, conn, "SELECT 1"); got != 1 {
		t.Error("the connection does not go on after exceptions")
	}
}

func TestNativeLogin(t *testing.T) {
	address := startNative(t, Config{})
	for _, c := range []struct {
		user, password, database string
		code                     int32
	}{
		{"default", "", "", 0},
		{"", "", "system", 0},
		{"writer", testPassword, "system", 0},
		{"writer", "wrong", "", 516},
		{"nobody", "", "", 516},
		{"reader", readerPassword, "", 0},
		{"default", "", "no such database", 81},
	} {
		conn := dial(t, address, func(o *clickhouse.Options) {
			o.Auth = clickhouse.Auth{Username: c.user, Password: c.password, Database: c.database}
		})
		err := conn.Ping(t.Context())
		var exception *clickhouse.Exception
		switch {
		case c.code == 0 && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.code != 0 && (!errors.As(err, &exception) || exception.Code != c.code):
			t.Errorf("%+v: got %v", c, err)
		}
	}
	reader := dial(t, address, func(o *clickhouse.Options) { o.Auth = clickhouse.Auth{Username: "reader", Password: readerPassword} })
	if got := scan[uint8](t, reader, "SELECT 1"); got != 1 {
		t.Errorf("got %d", got)
	}
	limited := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1000}))
	if err := reader.Exec(limited, "SELECT 1"); err != nil {
		t.Errorf("a reader may change such settings: %v", err)
	}
	writing := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"readonly": 0}))
	for _, ctx := range []context.Context{t.Context(), writing} {
		if err := reader.Exec(ctx, "CREATE TABLE by_reader (n UInt8) ENGINE = Memory"); err == nil {
			t.Error("a reader created a table")
		}
	}
	execute(t, dial(t, address, nil), "CREATE TABLE not_for_reader (n UInt8) ENGINE = MergeTree ORDER BY n")
	var exception *clickhouse.Exception
	if _, err := reader.PrepareBatch(t.Context(), "INSERT INTO not_for_reader"); !errors.As(err, &exception) || exception.Code != 164 {
		t.Errorf("a reader inserts: %v", err)
	}
	table, err := ext.NewTable("readers", ext.Column("n", "UInt8"))
	if err != nil {
		t.Fatal(err)
	}
	if err := table.Append(uint8(3)); err != nil {
		t.Fatal(err)
	}
	if err := reader.Exec(clickhouse.Context(t.Context(), clickhouse.WithExternalTable(table)), "SELECT n FROM readers"); !errors.As(err, &exception) || exception.Code != 164 {
		t.Errorf("a reader's external table: %v", err)
	}
}

func TestNativeServerInfo(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), nil)
	info, err := conn.ServerVersion()
	if err != nil {
		t.Fatal(err)
	}
	e := testEngine(t)
	if want := fmt.Sprintf("%d.%d.%d.", info.Version.Major, info.Version.Minor, info.Version.Patch); !strings.HasPrefix(e.Version(), want) {
		t.Errorf("version %q, want %q", want, e.Version())
	}
	if info.Revision != serverRevision || info.Timezone.String() != e.Timezone() || info.Name != "ClickHouse" {
		t.Errorf("got %+v", info)
	}
}

func TestNativeSettings(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	setting := func(settings clickhouse.Settings, name string) string {
		t.Helper()
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(settings))
		var value string
		if err := conn.QueryRow(ctx, "SELECT value FROM system.settings WHERE name = ?", name).Scan(&value); err != nil {
			t.Fatal(err)
		}
		return value
	}
	standard := setting(nil, "max_block_size")
	if got := setting(clickhouse.Settings{"max_block_size": 123, "max_threads": 1}, "max_block_size"); got != "123" {
		t.Errorf("with the query: %s", got)
	}
	if got := setting(clickhouse.Settings{"max_threads": 2}, "max_block_size"); got != standard {
		t.Errorf("after the query: %s, want %s", got, standard)
	}
	execute(t, conn, "SET max_block_size = 456")
	if got := setting(nil, "max_block_size"); got != "456" {
		t.Errorf("after SET: %s", got)
	}
	if got := setting(clickhouse.Settings{"max_block_size": "789"}, "max_block_size"); got != "789" {
		t.Errorf("with the query over SET: %s", got)
	}
	if got := setting(nil, "max_block_size"); got != "456" {
		t.Errorf("after the query over SET: %s", got)
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"no_such_setting": 1}))
	var exception *clickhouse.Exception
	if err := conn.Exec(ctx, "SELECT 1"); !errors.As(err, &exception) || exception.Code != 115 {
		t.Errorf("unknown setting: %v", err)
	}
	ctx = clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_threads = 1, readonly": 1}))
	if err := conn.Exec(ctx, "SELECT 1"); !errors.As(err, &exception) || exception.Code != 115 {
		t.Errorf("a setting that is SQL: %v", err)
	}
}

func TestNativeParameters(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), nil)
	nasty := "it's \\ a\ttab, 户\n\"`"
	ctx := clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{
		"n": "42", "list": "['a', 'b']", "table": "system.one", "day": "2021-12-31"}))
	var got string
	query := "SELECT concat(toString({n:UInt32}), {list:Array(String)}[2], toString({day:Date})) FROM system.one"
	if err := conn.QueryRow(ctx, query).Scan(&got); err != nil || got != "42b2021-12-31" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := conn.QueryRow(t.Context(), "SELECT ?", nasty).Scan(&got); err != nil || got != nasty {
		t.Errorf("got %q, %v", got, err)
	}
	quoted := "it's \\ 户\"`"
	ctx = clickhouse.Context(t.Context(), clickhouse.WithParameters(clickhouse.Parameters{"s": strings.ReplaceAll(quoted, `\`, `\\`)}))
	if err := conn.QueryRow(ctx, "SELECT {s:String}").Scan(&got); err != nil || got != quoted {
		t.Errorf("got %q, %v", got, err)
	}
}

// A result far larger than what the test may hold streams through.
func TestNativeLargeResultStreams(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), nil)
	const rows, wide = 400_000, 500
	result, err := conn.Query(t.Context(), fmt.Sprintf("SELECT number, repeat('x', %d) FROM numbers(%d) SETTINGS max_block_size = 1000", wide, rows))
	if err != nil {
		t.Fatal(err)
	}
	defer result.Close()
	var before, now runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	count, most := uint64(0), uint64(0)
	for result.Next() {
		if count%100_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
		count++
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	if count != rows {
		t.Errorf("%d rows, want %d", count, rows)
	}
	if limit := before.HeapAlloc + rows*wide/4; most > limit {
		t.Errorf("the heap grew to %d MB, of a result of %d MB", most>>20, rows*wide>>20)
	}
}

func TestNativeCancelKillsTheQuery(t *testing.T) {
	address := startNative(t, Config{})
	for _, query := range []string{
		"SELECT sum(sleepEachRow(0.1)) AS cancelled_scan FROM numbers(1000) SETTINGS max_block_size = 1",
		"INSERT INTO FUNCTION null('n UInt8') SELECT sleepEachRow(0.1) AS cancelled_insert FROM numbers(1000) SETTINGS max_block_size = 1",
	} {
		conn := dial(t, address, nil)
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { failed <- conn.Exec(ctx, query) }()
		running := func() bool {
			return direct(t, "SELECT count() FROM system.processes WHERE query LIKE '%AS cancelled_%' AND query NOT LIKE '%processes%'") != "0\n"
		}
		waitFor(t, "the query to run", running)
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", query, err)
		}
		waitFor(t, "the query to be killed", func() bool { return !running() })
	}
}

func TestNativeParallelQueries(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), func(o *clickhouse.Options) { o.MaxOpenConns = 8 })
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

func TestNativeExternalTable(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), func(o *clickhouse.Options) { o.MaxOpenConns = 1 })
	table, err := ext.NewTable("areas", ext.Column("code", "String"), ext.Column("n", "LowCardinality(String)"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		if err := table.Append(fmt.Sprint(320800+i), fmt.Sprint(i%2)); err != nil {
			t.Fatal(err)
		}
	}
	ctx := clickhouse.Context(t.Context(), clickhouse.WithExternalTable(table))
	for range 2 { // the table is gone after each
		var count uint64
		if err := conn.QueryRow(ctx, "SELECT count() FROM areas WHERE n = '1'").Scan(&count); err != nil || count != 5 {
			t.Errorf("got %d, %v", count, err)
		}
	}
	if err := conn.Exec(t.Context(), "SELECT * FROM areas"); err == nil {
		t.Error("the external table outlived its query")
	}
}

func TestNativeProgress(t *testing.T) {
	conn := dial(t, startNative(t, Config{}), nil)
	execute(t, conn, "CREATE TABLE progress ENGINE = MergeTree ORDER BY number AS SELECT number FROM numbers(500000)")
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

func TestNativeChGo(t *testing.T) {
	address := startNative(t, Config{})
	for name, compression := range map[string]ch.Compression{"none": ch.CompressionDisabled, "lz4": ch.CompressionLZ4, "zstd": ch.CompressionZSTD} {
		t.Run(name, func(t *testing.T) {
			client, err := ch.Dial(t.Context(), ch.Options{Address: address, Compression: compression, User: "writer", Password: testPassword})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			do := func(q ch.Query) {
				t.Helper()
				if err := client.Do(t.Context(), q); err != nil {
					t.Fatalf("%.80s: %v", q.Body, err)
				}
			}
			table := "chgo_" + name
			do(ch.Query{Body: "CREATE TABLE " + table + " (n UInt64, s LowCardinality(String), j JSON) ENGINE = MergeTree ORDER BY n"})
			var (
				n proto.ColUInt64
				s = proto.NewLowCardinality(new(proto.ColStr))
				j proto.ColJSONStr
			)
			blocks := 0
			do(ch.Query{
				Body:  "INSERT INTO " + table + " VALUES",
				Input: proto.Input{{Name: "n", Data: &n}, {Name: "s", Data: s}, {Name: "j", Data: &j}},
				OnInput: func(context.Context) error {
					n.Reset()
					s.Reset()
					j.Reset()
					if blocks++; blocks > 5 {
						return io.EOF
					}
					for i := range 10_000 {
						n.Append(uint64(i))
						s.Append(fmt.Sprint(i % 3))
						j.Append(`{"a":1}`)
					}
					return nil
				},
			})
			var sum, count proto.ColUInt64
			do(ch.Query{
				Body:       "SELECT sum(n) AS sum, countIf(j.a = 1 AND s = {s:String}) AS count FROM " + table,
				Result:     proto.Results{{Name: "sum", Data: &sum}, {Name: "count", Data: &count}},
				Parameters: ch.Parameters(map[string]any{"s": "1"}),
			})
			if sum.Row(0) != 5*49_995_000 || count.Row(0) != 5*3333 {
				t.Errorf("got %d and %d", sum.Row(0), count.Row(0))
			}
			if err := client.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// An insert far larger than what the test may hold streams through.
func TestNativeLargeInsertStreams(t *testing.T) {
	client, err := ch.Dial(t.Context(), ch.Options{Address: startNative(t, Config{}), Compression: ch.CompressionLZ4})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Do(t.Context(), ch.Query{Body: "CREATE TABLE large (s String) ENGINE = Null"}); err != nil {
		t.Fatal(err)
	}
	const blocks, rows, wide = 100, 4000, 500
	var (
		column      proto.ColStr
		memory      runtime.MemStats
		first, most uint64
		sent        int
	)
	err = client.Do(t.Context(), ch.Query{
		Body:  "INSERT INTO large VALUES",
		Input: proto.Input{{Name: "s", Data: &column}},
		OnInput: func(context.Context) error {
			column.Reset()
			if sent++; sent > blocks {
				return io.EOF
			}
			for range rows {
				column.Append(strings.Repeat("x", wide))
			}
			if sent%20 == 1 {
				runtime.GC()
				runtime.ReadMemStats(&memory)
				if first == 0 {
					first = memory.HeapAlloc
				}
				most = max(most, memory.HeapAlloc)
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if most > first+blocks*rows*wide/4 {
		t.Errorf("the heap grew from %d to %d MB, for an insert of %d MB", first>>20, most>>20, blocks*rows*wide>>20)
	}
}

func TestNativeLeavesNothingBehind(t *testing.T) {
	testEngine(t)
	before := goleak.IgnoreCurrent()
	address, stop := startNativeUntil(t, Config{})
	options := &clickhouse.Options{Addr: []string{address}, Compression: compressions["zstd"]}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	idle, err := net.Dial("tcp", address) // never greets
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if err := errors.Join(conn.Close(), idle.Close()); err != nil {
		t.Error(err)
	}
	goleak.VerifyNone(t, before)
}

func TestNativeStopsGracefully(t *testing.T) {
	t.Run("waits for a short query", func(t *testing.T) {
		address, stop := startNativeUntil(t, Config{Grace: 20 * time.Second})
		conn := dial(t, address, nil)
		got := make(chan error, 1)
		go func() { got <- conn.Exec(t.Context(), "SELECT sleep(0.5) AS short_query") }()
		waitFor(t, "the query to run", func() bool {
			return direct(t, "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleep(0.5) AS short%'") != "0\n"
		})
		stop()
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
	t.Run("kills a long one", func(t *testing.T) {
		address, stop := startNativeUntil(t, Config{Grace: 10 * time.Millisecond})
		conn := dial(t, address, nil)
		got := make(chan error, 1)
		go func() {
			got <- conn.Exec(t.Context(), "SELECT sum(sleepEachRow(0.1)) AS long_query FROM numbers(1000) SETTINGS max_block_size = 1")
		}()
		waitFor(t, "the query to run", func() bool {
			return direct(t, "SELECT count() FROM system.processes WHERE query LIKE '%AS long_query FROM numbers%' AND query NOT LIKE '%processes%'") != "0\n"
		})
		stop()
		if err := <-got; err == nil {
			t.Error("the query ran on")
		}
	})
}
