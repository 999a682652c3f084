package decode_test

import (
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/decode"
)

func BenchmarkCSV(b *testing.B) {
	const rows = 10_000
	text := "indicator,period,value,unit,stage\n" + strings.Repeat("hnte_valid,2021,120,家,estimate\n", rows)
	b.ReportAllocs()
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := decode.CSV(strings.NewReader(text), district); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
}
