package nativeprotocol

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func TestLeavesNothingBehind(t *testing.T) {
	enginetest.Open(t)
	before := goleak.IgnoreCurrent()
	address, stop := startNativeUntil(t, limits.Clients{})
	options := &clickhouse.Options{Addr: []string{address}, Compression: enginetest.Compressions()["zstd"]}
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

func TestStopsGracefully(t *testing.T) {
	t.Run("waits for a short query", func(t *testing.T) {
		address, stop := startNativeUntil(t, limits.Clients{StopGrace: 20 * time.Second})
		conn := enginetest.Dial(t, address, nil)
		got := make(chan error, 1)
		go func() { got <- conn.Exec(t.Context(), "SELECT sleep(0.5) AS short_query") }()
		enginetest.WaitFor(t, "the query to run", func() bool {
			return enginetest.Query(t, "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sleep(0.5) AS short%'") != "0\n"
		})
		stop()
		if err := <-got; err != nil {
			t.Error(err)
		}
	})
	t.Run("kills a long one", func(t *testing.T) {
		address, stop := startNativeUntil(t, limits.Clients{StopGrace: 10 * time.Millisecond})
		conn := enginetest.Dial(t, address, nil)
		got := make(chan error, 1)
		go func() {
			got <- conn.Exec(t.Context(), "SELECT sum(sleepEachRow(0.1)) AS long_query FROM numbers(1000) SETTINGS max_block_size = 1")
		}()
		enginetest.WaitFor(t, "the query to run", func() bool {
			return enginetest.Query(t, "SELECT count() FROM system.processes WHERE query LIKE '%AS long_query FROM numbers%' AND query NOT LIKE '%processes%'") != "0\n"
		})
		stop()
		if err := <-got; err == nil {
			t.Error("the query ran on")
		}
	})
}
