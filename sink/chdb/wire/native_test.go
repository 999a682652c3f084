package wire

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// startNative serves the shared engine's native protocol until the test ends.
func startNative(t testing.TB, cfg Config) (address string) {
	t.Helper()
	address, stop := startNativeUntil(t, cfg)
	t.Cleanup(stop)
	return address
}

// startNativeUntil serves until stop is called, which returns once the server
// has stopped.
func startNativeUntil(t testing.TB, cfg Config) (address string, stop func()) {
	t.Helper()
	e := testEngine(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger = zerolog.Nop()
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- ServeNative(ctx, l, e, cfg) }()
	return l.Addr().String(), func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	}
}

// compressions are the ways a client may pack its blocks.
var compressions = map[string]*clickhouse.Compression{
	"none": {Method: clickhouse.CompressionNone},
	"lz4":  {Method: clickhouse.CompressionLZ4},
	"zstd": {Method: clickhouse.CompressionZSTD},
}

// dial connects clickhouse-go; change, if any, alters its options.
func dial(t testing.TB, address string, change func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	options := &clickhouse.Options{
		Addr:        []string{address},
		Auth:        clickhouse.Auth{Username: "default"},
		Compression: compressions["lz4"],
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

func execute(t testing.TB, conn driver.Conn, queries ...string) {
	t.Helper()
	for _, query := range queries {
		if err := conn.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

// scan reads the one value a query yields.
func scan[T any](t testing.TB, conn driver.Conn, query string, args ...any) (value T) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return value
}

// direct runs a statement on the engine itself.
func direct(t testing.TB, query string) string {
	t.Helper()
	s, err := testEngine(t).Session(t.Context(), engine.User{}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	result, err := s.Query(t.Context(), query, "TSVRaw")
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return string(result.Data)
}
