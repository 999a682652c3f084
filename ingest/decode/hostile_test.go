package decode_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/decode/grid"
)

const (
	mainNamespace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	textRow       = `<row r="%[1]d"><c r="A%[1]d" t="inlineStr"><is><t>%[2]s</t></is></c><c r="B%[1]d" t="inlineStr"><is><t>%[3]s</t></is></c><c r="C%[1]d"%[4]s></c></row>`
)

// rawBook is a workbook of parts as they are given: the sheet's rows, and other parts by
// name.
func rawBook(rows string, others ...string) []byte {
	return rawSheet(`<worksheet `+mainNamespace+`><sheetData>`+rows+`</sheetData></worksheet>`, others...)
}

func rawSheet(sheet string, others ...string) []byte {
	const relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	parts := []string{
		"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + relations + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml", `<workbook ` + mainNamespace + ` xmlns:r="` + relations + `"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="` + relations + `/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="` + relations + `/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" Type="` + relations + `/styles" Target="styles.xml"/></Relationships>`,
		"xl/worksheets/sheet1.xml", sheet,
	}
	return zipped(append(parts, others...)...)
}

func headerRow(n int) string {
	return fmt.Sprintf(textRow, n, "indicator", "period", ` t="inlineStr"><is><t>value</t></is></c><c r="D1" t="inlineStr"><is><t>note</t></is`)
}

func figureRow(n int, value string) string {
	return fmt.Sprintf(textRow, n, "gdp", "2022", value)
}

var goodRows = headerRow(1) + figureRow(2, "><v>850.2</v")

// gzipOf compresses n bytes without holding them.
func gzipOf(n int64, fill byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	chunk := bytes.Repeat([]byte{fill}, 1<<20)
	for ; n > 0; n -= int64(len(chunk)) {
		_, _ = w.Write(chunk)
	}
	_ = w.Close()
	return b.Bytes()
}

// lyingZip is an archive whose entry unpacks to more than it says.
func lyingZip(name, content string, says int) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	var packed bytes.Buffer
	raw, _ := w.CreateRaw(&zip.FileHeader{
		Name: name, CRC32: crc32.ChecksumIEEE([]byte(content)), CompressedSize64: uint64(len(content)), UncompressedSize64: uint64(says),
	})
	packed.WriteString(content)
	_, _ = io.Copy(raw, &packed)
	_ = w.Close()
	return b.Bytes()
}

// TestHostileFilesThenAGoodOne sends files that cost much or lie about themselves. Each is
// refused or read in bounded time and memory, and a good file is read after it.
func TestHostileFilesThenAGoodOne(t *testing.T) {
	csv := "indicator,period,value\ngdp,2022,850.2\n"
	entities := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">`, 9) + `]>`
	tests := map[string]struct {
		content []byte
		code    string // "" is read
	}{
		"gzip bomb":                   {gzipOf(256<<20, ' '), decode.TooLarge},
		"gzip bomb in a gzip":         {gz(gzipOf(256<<20, ' ')), decode.TooLarge},
		"an observation of many keys": {[]byte(`{"observations":[{"indicator":"gdp","period":"2022"` + strings.Repeat(`,"k":1`, 1_000_000) + `}]}`), decode.TooLarge},
		"zip bomb":                    {zipped("a.csv", strings.Repeat(" ", 100<<20)), decode.TooLarge},
		"zip entry lying":             {lyingZip("a.csv", csv+strings.Repeat("gdp,2021,1\n", 1000), len(csv)), decode.BadFile},
		"zip with a path":             {zipped("../../etc/passwd.csv", csv), ""},
		"zip with 10,000 entries":     {zipped(manyEntries(10_000)...), decode.Ambiguous},
		"sheet bomb":                  {rawBook(strings.Repeat(" ", 100<<20)), decode.TooLarge},
		"entities in a sheet":         {rawSheet(entities + `<worksheet ` + mainNamespace + `><sheetData>` + goodRows + figureRow(3, "><v>&b;</v") + `</sheetData></worksheet>`), decode.BadFile},
		"entities in texts":           {rawBook(goodRows, "xl/sharedStrings.xml", entities+`<sst `+mainNamespace+`><si><t>&b;</t></si></sst>`), decode.BadFile},
		"huge dimension":              {rawSheet(`<worksheet ` + mainNamespace + `><dimension ref="A1:XFD1048576"/><sheetData>` + goodRows + `</sheetData></worksheet>`), ""},
		"16,384 columns":              {rawBook(`<row r="1">` + strings.Repeat(`<c><v>1</v></c>`, 16384) + `</row>`), decode.TooLarge},
		"empty cells far right":       {rawBook(goodRows + emptyFarRight(3, 100_000)), decode.TooLarge},
		"last row of all":             {rawBook(goodRows + figureRow(1_048_576, "><v>1</v")), ""},
		"rows without end":            {rawBook(headerRow(1) + manyRows(210_000)), decode.TooManyRows},
		"row beyond the last":         {rawBook(goodRows + figureRow(99_999_999, "><v>1</v")), decode.BadFile},
		"rows out of order":           {rawBook(headerRow(1) + figureRow(3, "><v>1</v") + figureRow(2, "><v>2</v")), decode.BadFile},
		"row twice":                   {rawBook(goodRows + figureRow(2, "><v>2</v")), decode.BadFile},
		"cells out of order":          {rawBook(goodRows + `<row r="3"><c r="C3"><v>1</v></c><c r="A3"><v>2</v></c></row>`), decode.BadFile},
		"rows never end":              {rawSheet(`<worksheet ` + mainNamespace + `><sheetData>` + goodRows), decode.BadFile},
		"broken in the middle":        {rawBook(goodRows + `<row r="3"><c r="A3"></row></c>` + figureRow(4, "><v>1</v")), decode.BadFile},
		"broken cell at the end":      {rawBook(headerRow(1) + figureRow(2, "><v>1</w")), decode.BadFile},
		"rows in two parts":           {rawBook(goodRows + `</sheetData><sheetData>` + figureRow(3, "><v>1</v")), ""},
		"text that there is not":      {rawBook(goodRows + figureRow(3, ` t="s"><v>7</v`)), decode.BadFile},
		"text with a negative place":  {rawBook(goodRows+figureRow(3, ` t="s"><v>-1</v`), "xl/sharedStrings.xml", `<sst `+mainNamespace+`><si><t>1</t></si></sst>`), decode.BadFile},
		"very long text place":        {rawBook(goodRows + figureRow(3, ` t="s"><v>99999999999999999999</v`)), decode.BadFile},
		"many texts":                  {rawBook(goodRows, "xl/sharedStrings.xml", `<sst `+mainNamespace+`>`+strings.Repeat("<si/>", 2_000_000)+`</sst>`), decode.TooLarge},
		"one text in every cell":      {rawBook(manyTexts(headerRow(1), 2000), "xl/sharedStrings.xml", `<sst `+mainNamespace+`><si><t>`+strings.Repeat("A", 8<<20)+`</t></si></sst>`), decode.TooLarge},
		"long texts in many cells":    {rawBook(manyTexts(headerRow(1), 20_000), "xl/sharedStrings.xml", `<sst `+mainNamespace+`><si><r><t>`+strings.Repeat("A", 30<<10)+`</t></r></si></sst>`), ""},
		"two tables of texts":         {rawBook(manyTexts(headerRow(1), 2), "xl/SharedStrings.xml", `<sst `+mainNamespace+`><si><t>A</t></si></sst>`, "xl/sharedStrings.xml", `<sst `+mainNamespace+`><si><t>B</t></si></sst>`), decode.BadFile},
		"many styles":                 {rawBook(goodRows, "xl/styles.xml", `<styleSheet `+mainNamespace+`><cellXfs>`+strings.Repeat("<xf/>", 2_000_000)+`</cellXfs></styleSheet>`), decode.TooLarge},
		"deep nesting in texts":       {rawBook(goodRows, "xl/sharedStrings.xml", `<sst `+mainNamespace+`>`+strings.Repeat("<si>", 400_000)+`</sst>`), decode.BadFile},
		"deep nesting in a sheet":     {rawBook(goodRows + strings.Repeat("<row><c>", 400_000)), decode.BadFile},
		"very long tag":               {rawBook(goodRows + `<row r="3" x="` + strings.Repeat("x", 8<<20) + `"></row>`), ""},
		"very long cell":              {rawBook(goodRows + figureRow(3, "><v>"+strings.Repeat("1", 1<<20)+"</v")), decode.TooLarge},
		"merged over everything":      {rawSheet(`<worksheet ` + mainNamespace + `><sheetData>` + goodRows + `</sheetData><mergeCells>` + strings.Repeat(`<mergeCell ref="A1:XFD1048576"/>`, 100_000) + `</mergeCells></worksheet>`), ""},
		"one long line":               {[]byte(strings.Repeat("x", 8<<20)), decode.BadColumns},
		"a million columns":           {[]byte(strings.Repeat(",", 1<<20)), decode.BadColumns},
		"quotation marks":             {[]byte(csv + strings.Repeat(`"`, 4<<20)), ""},
		"quotation marks in lines":    {[]byte(csv + strings.Repeat("\"\n", 1<<17)), ""},
		"newlines":                    {[]byte(csv + strings.Repeat("\n", 8<<20)), ""},
		"carriage returns":            {[]byte(strings.Repeat("\r", 8<<20) + "x"), decode.Empty},
		"titles":                      {[]byte(strings.Repeat("title\n", 1<<20)), decode.BadColumns},
		"brackets":                    {[]byte(strings.Repeat("[", 8<<20)), decode.BadJSON},
		"braces":                      {[]byte(strings.Repeat(`{"a":`, 1<<20)), decode.BadJSON},
		"NDJSON of braces":            {[]byte(`{"indicator":"gdp"}` + "\n" + strings.Repeat("{\n", 1<<17)), ""},
		"high bytes":                  {bytes.Repeat([]byte{0xc3, 0xa9}, 4<<20), decode.Ambiguous},
		"GB18030 of four bytes":       {bytes.Repeat([]byte{0x81, 0x30, 0x81, 0x30}, 1<<20), decode.BadEncoding},
		"UTF-16 of zeros":             {make([]byte, 8<<20), decode.WrongFormat},
		"period of megabytes":         {[]byte("indicator,period,value\ngdp," + strings.Repeat("2", 60<<10) + ",1\n"), ""},
		"a million words":             {distinctWords(200_000), decode.BadColumns},
		"footnotes":                   {[]byte(csv + strings.Repeat("注：单位：万元，2022年快报数\n", 200_000)), decode.TooLarge},
		"different footnotes":         {[]byte(csv + numbered("注%d：单位：万元，2022年快报数\n", 150_000)), decode.TooLarge},
		"footnotes of no bearing":     {[]byte(csv + numbered("注%d：见附件\n", 300_000)), decode.TooLarge},
		"headers again and again":     {[]byte(strings.Repeat("指标,2021年,2022年\n", 300_000)), decode.TooLarge},
		"headers of other tables":     {[]byte(csv + strings.Repeat("指标,2021,5\n", 300_000)), decode.TooLarge},
		"headings with units":         {[]byte("指标,2021年\n" + strings.Repeat("一、综合（万元）\ngdp,1\n", 200_000)), decode.TooLarge},
		"years between rows":          {[]byte("指标,报告期,数值\ngdp,3月,5\n" + strings.Repeat("2021年\n2022年\n", 300_000)), decode.TooLarge},
		"totals":                      {[]byte("地区,指标,2021年\n" + numbered("合计,gdp,%d.5\n", 300_000)), decode.TooLarge},
		"parts of no area":            {[]byte("地区,指标,2021年\n" + numbered("其中：%d街道,gdp,5\n", 200_000)), decode.TooLarge},
		"indicator of many letters":   {[]byte("indicator,period,value\n" + strings.Repeat(strings.Repeat("x", 30<<10)+",2022,1\n", 100)), ""},
	}
	good := options(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := options(t)
			o.Limits = decode.Limits{Unpacked: 8 << 20, Limits: grid.Limits{Workbook: 64 << 20}}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			began := time.Now()
			_, err := decode.Read(test.content, o)
			took := time.Since(began)
			runtime.ReadMemStats(&after)
			p, _ := errors.AsType[*catalogue.Problem](err)
			switch {
			case test.code == "" && err != nil:
				t.Errorf("want it read, got %.300v", err)
			case test.code != "" && (p == nil || p.Code != test.code):
				t.Errorf("want %s, got %.300v", test.code, err)
			case p != nil && (len(p.EN) > 4000 || len(p.ZH) > 4000):
				t.Errorf("the message has %d and %d bytes", len(p.EN), len(p.ZH))
			}
			if allocated := (after.TotalAlloc - before.TotalAlloc) >> 20; allocated > 600 {
				t.Errorf("%d MiB were allocated", allocated)
			}
			if took > 20*time.Second {
				t.Errorf("took %v", took)
			}
			if got, err := decode.Read([]byte(csv), good); err != nil || len(got.Submissions[0].Observations) != 1 {
				t.Errorf("the good file after it: %v", err)
			}
		})
	}
}

// distinctWords is a table in whose every cell there is another word.
func distinctWords(rows int) []byte {
	var b strings.Builder
	b.WriteString("indicator,period,value,unit,note\n")
	for n := range rows {
		fmt.Fprintf(&b, "name%d,when%[1]d,what%[1]d,of%[1]d,why%[1]d\n", n)
	}
	return []byte(b.String())
}

// numbered repeats a line with a number in it.
func numbered(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, i)
	}
	return b.String()
}

func manyEntries(n int) (files []string) {
	for i := range n {
		files = append(files, fmt.Sprintf("%d.csv", i), "x")
	}
	return files
}

func manyRows(n int) string {
	var b strings.Builder
	for i := 2; i < n+2; i++ {
		fmt.Fprintf(&b, `<row r="%d"><c r="A%[1]d"><v>1</v></c></row>`, i)
	}
	return b.String()
}

// manyTexts has the first text of the table of texts in eight cells of each row.
func manyTexts(header string, rows int) string {
	var b strings.Builder
	b.WriteString(header)
	for n := 2; n < rows+2; n++ {
		fmt.Fprintf(&b, `<row r="%d">`, n)
		for column := range "ABCDEFGH" {
			fmt.Fprintf(&b, `<c r="%c%d" t="s"><v>0</v></c>`, 'A'+column, n)
		}
		b.WriteString("</row>")
	}
	return b.String()
}

func emptyFarRight(from, rows int) string {
	var b strings.Builder
	for n := from; n < from+rows; n++ {
		fmt.Fprintf(&b, `<row r="%d"><c r="XFD%[1]d" s="1"/></row>`, n)
	}
	return b.String()
}
