package decode_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/decode/grid"
)

// benchmark reads a file of as many figures.
func benchmark(b *testing.B, content []byte, figures int) {
	o := options(b)
	o.Limits = decode.Limits{Unpacked: 64 << 20, Limits: grid.Limits{Workbook: 512 << 20}}
	b.ReportAllocs()
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		got, err := decode.Read(content, o)
		if err != nil || len(got.Submissions[0].Observations) != figures {
			b.Fatalf("%d figures, %v", len(got.Submissions[0].Observations), err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(figures)/b.Elapsed().Seconds(), "figures/s")
}

const benchmarkRows = 10_000

func benchmarkTable(delimiter string) string {
	var text strings.Builder
	text.WriteString(strings.ReplaceAll("indicator,period,value,unit,stage\n", ",", delimiter))
	for i := range benchmarkRows {
		fmt.Fprintf(&text, strings.ReplaceAll("hnte_valid,2021,%d,家,estimate\n", ",", delimiter), i)
	}
	return text.String()
}

func BenchmarkCSV(b *testing.B) { benchmark(b, []byte(benchmarkTable(",")), benchmarkRows) }

func BenchmarkCSVInGB18030(b *testing.B) {
	benchmark(b, encodings[2].encode(benchmarkTable(",")), benchmarkRows)
}

func BenchmarkCSVWithPeriodsAcross(b *testing.B) {
	var text strings.Builder
	text.WriteString("指标,单位,2013,2014,2015,2016,2017,2018,2019,2020,2021,2022\n")
	for range benchmarkRows / 10 {
		text.WriteString("地区生产总值,亿元,1.5,2.5,3.5,4.5,5.5,6.5,7.5,8.5,9.5,10.5\n")
	}
	benchmark(b, []byte(text.String()), benchmarkRows)
}

func BenchmarkJSON(b *testing.B) {
	figure := `{"indicator":"hnte_valid","period":"2021","value":"120","unit":"家","stage":"estimate"}`
	benchmark(b, []byte(`{"observations":[`+strings.Repeat(figure+",", benchmarkRows-1)+figure+`]}`), benchmarkRows)
}

func BenchmarkNDJSON(b *testing.B) {
	benchmark(b, []byte(strings.Repeat(`{"indicator":"hnte_valid","period":"2021","value":"120","unit":"家","stage":"estimate"}`+"\n", benchmarkRows)), benchmarkRows)
}

func BenchmarkJSONOfAnotherProgram(b *testing.B) {
	figure := `{"指标":"hnte_valid","时期":"2021","数值":120,"单位":"家","阶段":"estimate"}`
	benchmark(b, []byte(`{"地区":"320812","data":[`+strings.Repeat(figure+",", benchmarkRows-1)+figure+`]}`), benchmarkRows)
}

func BenchmarkXLSX(b *testing.B) {
	content := book(func(f *excelize.File) {
		w, err := f.NewStreamWriter("Sheet1")
		if err != nil {
			b.Fatal(err)
		}
		_ = w.SetRow("A1", []any{"indicator", "period", "value", "unit", "stage"})
		for i := range benchmarkRows {
			_ = w.SetRow(fmt.Sprintf("A%d", i+2), []any{"hnte_valid", "2021", i, "家", "estimate"})
		}
		if err := w.Flush(); err != nil {
			b.Fatal(err)
		}
	})
	benchmark(b, content, benchmarkRows)
}
