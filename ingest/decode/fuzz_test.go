package decode_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
)

// checkAnyFile reads a file of any content. It is read with every observation in its place, or refused
// with a short message in both languages.
func checkAnyFile(t *testing.T, content []byte, o decode.Options) {
	o.Limits = decode.Limits{Observations: 2000, Unpacked: 1 << 20, Limits: grid.Limits{Workbook: 4 << 20, Cells: 100_000, Elements: 50_000}}
	got, err := decode.Read(content, o)
	if err != nil {
		p, ok := errors.AsType[*catalogue.Problem](err)
		if !ok || p.ZH == "" || p.EN == "" || len(p.ZH) > 4000 || len(p.EN) > 4000 {
			t.Fatalf("want a short problem in both languages, got %.500v", err)
		}
		return
	}
	if len(got.Submissions) == 0 || got.Understanding.ZH == "" || got.Understanding.EN == "" {
		t.Fatalf("want a submission and what was understood, got %+v", got)
	}
	for i := range got.Submissions {
		s := &got.Submissions[i]
		for n := range s.Observations {
			o := &s.Observations[n]
			if o.Row < 0 || o.Malformed != "" && (o.Problem == "" || o.ProblemZH == "" || len(o.Malformed) > 210) {
				t.Fatalf("observation %+v", o)
			}
		}
		body, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		back, err := event.DecodeSubmission(body)
		if err != nil || back.ID() != s.ID() {
			t.Fatalf("the message reads as %+v, %v", back, err)
		}
	}
}

// FuzzRead reads any bytes.
func FuzzRead(f *testing.F) {
	for _, file := range single() {
		if len(file.content) < 1<<15 {
			f.Add(file.content)
		}
	}
	for _, path := range files(f, "testdata/district/*") {
		content, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	o := options(f)
	f.Fuzz(func(t *testing.T, content []byte) { checkAnyFile(t, content, o) })
}

// FuzzSheet reads a workbook with any XML as its sheet, its texts and its styles.
func FuzzSheet(f *testing.F) {
	const texts = `<sst ` + mainNamespace + `><si><t>gdp</t></si><si><r><t>20</t></r><r><t>22</t></r></si></sst>`
	const styles = `<styleSheet ` + mainNamespace + `><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="9"/></cellXfs></styleSheet>`
	f.Add(goodRows, texts, styles)
	f.Add(headerRow(1)+`<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" s="2"><f>A1</f><v>0.5</v></c></row>`, texts, styles)
	f.Add(headerRow(1)+`<row hidden="1"><c t="str"><v>gdp</v></c><c s="1"><v>44621</v></c><c t="b"><v>1</v></c></row><row><c t="e"><v>#REF!</v></c></row></sheetData><mergeCells><mergeCell ref="A2:A3"/></mergeCells><sheetData>`, texts, styles)
	o := options(f)
	f.Fuzz(func(t *testing.T, rows, texts, styles string) {
		checkAnyFile(t, rawBook(rows, "xl/sharedStrings.xml", texts, "xl/styles.xml", styles), o)
	})
}

// FuzzTable reads any text as a table with each separator.
func FuzzTable(f *testing.F) {
	for _, table := range tables {
		f.Add(table.text, uint8(0))
		f.Add(strings.ReplaceAll(table.text, ",", "\t"), uint8(1))
	}
	o := options(f)
	f.Fuzz(func(t *testing.T, text string, period uint8) {
		o := o
		o.Period = []string{"", "2022", "2022-06"}[period%3]
		checkAnyFile(t, []byte(text), o)
	})
}

// FuzzJSON reads any text in a submission's document and in a line of NDJSON.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{`{"indicator":"gdp","period":"2022","value":1e3}`, `{"indicator":"地区生产总值","period":"2022年","value":null,"cell":"C4","row":7}`, `{"value":"1"}`, `[]`, `NaN`} {
		f.Add(text)
	}
	o := options(f)
	f.Fuzz(func(t *testing.T, text string) {
		checkAnyFile(t, []byte(`{"columns":{"value":"C"},"observations":[`+text+`]}`), o)
		checkAnyFile(t, []byte(`{"indicator":"gdp","period":"2021","value":"1"}`+"\n"+text), o)
	})
}
