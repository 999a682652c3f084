package enginetest

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Compressions are the ways a client may compress its blocks, over both protocols.
func Compressions() map[string]*clickhouse.Compression {
	return map[string]*clickhouse.Compression{
		"none": {Method: clickhouse.CompressionNone},
		"lz4":  {Method: clickhouse.CompressionLZ4},
		"zstd": {Method: clickhouse.CompressionZSTD},
	}
}

// Dial connects clickhouse-go to address as the user "default" over the native protocol with LZ4, closed when the test
// ends. A change that is not nil alters these options.
func Dial(t testing.TB, address string, change func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	options := &clickhouse.Options{
		Addr:        []string{address},
		Auth:        clickhouse.Auth{Username: "default"},
		Compression: &clickhouse.Compression{Method: clickhouse.CompressionLZ4},
		DialTimeout: 10 * time.Second,
	}
	if change != nil {
		change(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// Execute runs statements that answer nothing.
func Execute(t testing.TB, conn driver.Conn, queries ...string) {
	t.Helper()
	for _, query := range queries {
		if err := conn.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

// Scan reads the one value a query yields.
func Scan[T any](t testing.TB, conn driver.Conn, query string, args ...any) (value T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}
