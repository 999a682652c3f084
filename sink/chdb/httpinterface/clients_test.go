package httpinterface

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// dialHTTP connects clickhouse-go over HTTP.
func dialHTTP(t testing.TB, base string, change func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	return enginetest.Dial(t, strings.TrimPrefix(base, "http://"), func(o *clickhouse.Options) {
		o.Protocol = clickhouse.HTTP
		if change != nil {
			change(o)
		}
	})
}

// TestClickhouseGo writes and reads every type with the unmodified Go client, by each of its enginetest.Compressions().
func TestClickhouseGo(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	methods := map[string]*clickhouse.Compression{
		"none": nil, "lz4": {Method: clickhouse.CompressionLZ4}, "zstd": {Method: clickhouse.CompressionZSTD, Level: 3},
		"gzip": {Method: clickhouse.CompressionGZIP, Level: 1}, "deflate": {Method: clickhouse.CompressionDeflate, Level: 1},
		"br": {Method: clickhouse.CompressionBrotli, Level: 1},
	}
	for name, method := range methods {
		t.Run(name, func(t *testing.T) {
			conn := dialHTTP(t, base, func(o *clickhouse.Options) {
				o.Compression = method
				o.Auth = clickhouse.Auth{Username: "writer", Password: enginetest.WriterPassword, Database: "default"}
				o.Settings = clickhouse.Settings{"enable_http_compression": 1}
			})
			enginetest.RoundTrip(t, conn, "http_types_"+name, 500)
		})
	}
}

func TestClickhouseGoBehaviour(t *testing.T) {
	base := startHTTP(t, limits.Clients{})
	for name, method := range enginetest.Compressions() {
		t.Run(name, func(t *testing.T) {
			conn := dialHTTP(t, base, func(o *clickhouse.Options) {
				o.Compression = method
				o.Settings = clickhouse.Settings{"max_threads": 1}
			})
			if err := conn.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
			if version, err := conn.ServerVersion(); err != nil || version.Version.Major < 26 {
				t.Errorf("version %v, %v", version, err)
			}
			codes := map[string]int32{"SELECT * FROM nosuch": 60, "SELEC 1": 62, "SELECT throwIf(1)": 395, "DROP TABLE nosuch": 60}
			for sql, code := range codes {
				var exception *clickhouse.Exception
				rows, err := conn.Query(t.Context(), sql)
				if err == nil {
					err = errors.Join(rows.Err(), rows.Close())
				}
				if !errors.As(err, &exception) || exception.Code != code {
					t.Errorf("%s: %v, want code %d", sql, err, code)
				}
			}
			late, err := conn.Query(t.Context(), "SELECT throwIf(number = 9000000, 'late') FROM numbers(10000000)")
			if err == nil {
				for late.Next() {
				}
				err = errors.Join(late.Err(), late.Close())
			}
			var exception *clickhouse.Exception
			if !errors.As(err, &exception) || exception.Code != 395 {
				t.Errorf("late exception: %v, want code 395", err)
			}
			sum := uint64(0)
			many, err := conn.Query(t.Context(), "SELECT number FROM numbers({n:UInt64})", clickhouse.Named("n", "300000"))
			if err != nil {
				t.Fatal(err)
			}
			for many.Next() {
				var n uint64
				if err := many.Scan(&n); err != nil {
					t.Fatal(err)
				}
				sum += n
			}
			if err := errors.Join(many.Err(), many.Close()); err != nil || sum != 300000*299999/2 {
				t.Errorf("sum %d, %v", sum, err)
			}
			empty, err := conn.Query(t.Context(), "SELECT 1 AS a, toDateTime(0, 'Asia/Shanghai') AS b WHERE 0")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{"a", "b"}, empty.Columns()); diff != "" || empty.Next() {
				t.Error("empty answer: ", diff)
			}
			if err := empty.Close(); err != nil {
				t.Error(err)
			}
			outside, err := ext.NewTable("outside", ext.Column("a", "UInt8"))
			if err != nil {
				t.Fatal(err)
			}
			if err := outside.Append(uint8(9)); err != nil {
				t.Fatal(err)
			}
			ctx := clickhouse.Context(t.Context(), clickhouse.WithExternalTable(outside))
			var a uint8
			if err := conn.QueryRow(ctx, "SELECT a FROM outside").Scan(&a); err != nil || a != 9 {
				t.Errorf("external table: %d, %v", a, err)
			}
			ctx, leave := context.WithCancel(t.Context())
			mark := "'" + name + " leaves'"
			gone := make(chan error, 1)
			go func() { gone <- conn.Exec(ctx, "SELECT count() FROM system.numbers WHERE "+mark+" != ''") }()
			enginetest.WaitFor(t, "the query to run", func() bool { return enginetest.Running(t, name+" leaves") })
			leave()
			if err := <-gone; !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled query: %v", err)
			}
			enginetest.WaitFor(t, "the query to end", func() bool { return !enginetest.Running(t, name+" leaves") })
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		conn := dialHTTP(t, base, func(o *clickhouse.Options) { o.Auth = clickhouse.Auth{Username: "writer", Password: "x"} })
		var exception *clickhouse.Exception
		if err := conn.Ping(t.Context()); !errors.As(err, &exception) || exception.Code != 516 {
			t.Errorf("%v, want code 516", err)
		}
	})
}
