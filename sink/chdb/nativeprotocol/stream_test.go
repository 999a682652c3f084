package nativeprotocol

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// A result far larger than what the test may hold streams through.
func TestLargeResultStreams(t *testing.T) {
	conn := enginetest.Dial(t, startNative(t, limits.Clients{}), nil)
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

// An insert far larger than what the test may hold streams through.
func TestLargeInsertStreams(t *testing.T) {
	client, err := ch.Dial(t.Context(), ch.Options{Address: startNative(t, limits.Clients{}), Compression: ch.CompressionLZ4})
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

func TestChGo(t *testing.T) {
	address := startNative(t, limits.Clients{})
	for name, compression := range map[string]ch.Compression{"none": ch.CompressionDisabled, "lz4": ch.CompressionLZ4, "zstd": ch.CompressionZSTD} {
		t.Run(name, func(t *testing.T) {
			client, err := ch.Dial(t.Context(), ch.Options{Address: address, Compression: compression, User: "writer", Password: enginetest.WriterPassword})
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
