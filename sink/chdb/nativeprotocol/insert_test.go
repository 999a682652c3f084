package nativeprotocol

import (
	"context"
	"errors"
	"net"
	"testing"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// Every type goes in through clickhouse-go and comes out again as it was.
func TestTypesRoundTrip(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for name, compression := range enginetest.Compressions() {
		t.Run(name, func(t *testing.T) {
			conn := enginetest.Dial(t, address, func(o *clickhouse.Options) { o.Compression = compression })
			enginetest.RoundTrip(t, conn, "types_"+name, 1000)
		})
	}
}

// A client that leaves in the middle of its rows commits none of them.
func TestAbortedInsertCommitsNothing(t *testing.T) {
	address := startNative(t, limits.Clients{})
	enginetest.Execute(t, enginetest.Dial(t, address, nil), "CREATE TABLE aborted (n UInt64) ENGINE = MergeTree ORDER BY n")
	ways := map[string]func(net.Conn, driver.Batch) error{
		"abort":      func(_ net.Conn, b driver.Batch) error { return b.Abort() },
		"disconnect": func(c net.Conn, _ driver.Batch) error { return c.Close() },
		"cancel packet": func(c net.Conn, _ driver.Batch) error {
			_, err := c.Write([]byte{byte(proto.ClientCodeCancel)})
			return err
		},
		"unknown packet": func(c net.Conn, _ driver.Batch) error { _, err := c.Write([]byte{99}); return err },
		"truncated block": func(c net.Conn, _ driver.Batch) error {
			_, err := c.Write([]byte{byte(proto.ClientCodeData), 0, 1, 2, 3})
			return errors.Join(err, c.Close())
		},
	}
	for name, leave := range ways {
		t.Run(name, func(t *testing.T) {
			var socket net.Conn
			conn := enginetest.Dial(t, address, func(o *clickhouse.Options) {
				o.DialContext = func(ctx context.Context, address string) (_ net.Conn, err error) {
					socket, err = new(net.Dialer).DialContext(ctx, "tcp", address)
					return socket, err
				}
			})
			batch, err := conn.PrepareBatch(t.Context(), "INSERT INTO aborted")
			if err != nil {
				t.Fatal(err)
			}
			if err := batch.Column(0).Append(make([]uint64, 3_000_000)); err != nil {
				t.Fatal(err)
			}
			if err := batch.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := leave(socket, batch); err != nil {
				t.Fatal(err)
			}
			enginetest.WaitFor(t, "the insert to end", func() bool {
				return enginetest.Query(t, "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO aborted%'") == "0\n"
			})
			if got := enginetest.Query(t, "SELECT count() FROM aborted"); got != "0\n" {
				t.Errorf("%s rows committed", got)
			}
			_ = batch.Abort() // most ways have broken it already
		})
	}
}
