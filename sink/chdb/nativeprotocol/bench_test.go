package nativeprotocol

import (
	"testing"

	"github.com/citytally/citytally/sink/chdb/enginetest"
	"github.com/citytally/citytally/sink/chdb/limits"
)

func BenchmarkSelectOne(b *testing.B) {
	conn := enginetest.Dial(b, startNative(b, limits.Clients{}), nil)
	for b.Loop() {
		enginetest.Scan[uint8](b, conn, "SELECT 1")
	}
}

func BenchmarkSelectRows(b *testing.B) {
	conn := enginetest.Dial(b, startNative(b, limits.Clients{}), nil)
	for b.Loop() {
		rows, err := conn.Query(b.Context(), "SELECT number, toString(number % 1000) FROM numbers(1000000)")
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
		}
		if err := rows.Err(); err != nil {
			b.Fatal(err)
		}
		if err := rows.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkColumnarInsert(b *testing.B) {
	const rows = 500_000
	conn := enginetest.Dial(b, startNative(b, limits.Clients{}), nil)
	enginetest.Execute(b, conn, "CREATE OR REPLACE TABLE bench (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
	numbers, names := make([]uint64, rows), make([]string, rows)
	for i := range rows {
		numbers[i], names[i] = uint64(i), "320812/hnte_valid/2021"
	}
	for b.Loop() {
		batch, err := conn.PrepareBatch(b.Context(), "INSERT INTO bench")
		if err != nil {
			b.Fatal(err)
		}
		for i, column := range []any{numbers, names} {
			if err := batch.Column(i).Append(column); err != nil {
				b.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
