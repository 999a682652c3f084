package decode_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
	utf "golang.org/x/text/encoding/unicode"

	"github.com/citytally/citytally/ingest/decode"
)

// corpusFile is a small file as a district may have it.
type corpusFile struct {
	name       string
	content    []byte
	parameters string // as in a query: period=2022 sheet=表1 area=320800 charset=gb18030
}

func (f *corpusFile) options(t testing.TB) decode.Options {
	o := options(t)
	o.File = f.name
	for _, parameter := range strings.Fields(f.parameters) {
		key, value, _ := strings.Cut(parameter, "=")
		switch key {
		case "period":
			o.Period = value
		case "sheet":
			o.Sheet = value
		case "area":
			o.Area = value
		case "own":
			o.Own, o.Area = value, ""
		case "dataset":
			o.Dataset = value
		case "charset":
			o.Charset = value
		default:
			t.Fatalf("unknown parameter %q", parameter)
		}
	}
	return o
}

// tables are written in every encoding and with every delimiter.
var tables = map[string]struct{ text, parameters string }{
	"long":           {"indicator,period,value,unit,note\nhnte_valid,2022,121,家,备注一\ngdp,2022,850.2,亿元,\nrd_expenditure,2022,近30,亿元,\n", ""},
	"long-zh":        {"指标,报告期,数值,计量单位,备注\n有效高新技术企业,2022年,121,家,备注一\n地区生产总值,2022年,850.2,亿元,\n", ""},
	"periods-across": {"指标名称,单位,2021年,2022年\n地区生产总值,亿元,813.41,850.2\n有效高新技术企业,家,87,95\n", ""},
	"indicators":     {"报告期,地区生产总值（亿元）,有效高新技术企业（家）\n2021年,813.41,87\n2022年,850.2,95\n", ""},
	"area-matrix":    {"地区,地区生产总值（亿元）,高企\n清江浦区,850.2,95\n淮阴区,600.5,80\n", "area= period=2022"},
	"areas-across":   {"指标,单位,清江浦区,淮阴区,涟水县\n地区生产总值,亿元,850.2,600.5,580\n", "area= period=2022"},
	"titled":         {"清江浦区科技创新年报,,,\n单位：亿元,,,\n,,,\n指标,时期,数值,备注\n地区生产总值,2022,850.2,初步\n注：数据为初步核算,,,\n填表人：张三,,,\n", ""},
}

var encodings = []struct {
	name   string
	encode func(string) []byte
}{
	{"utf8", func(s string) []byte { return []byte(s) }},
	{"utf8bom", func(s string) []byte { return []byte("\uFEFF" + s) }},
	{"gb18030", func(s string) []byte { b, _ := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(s)); return b }},
	{"utf16lebom", func(s string) []byte { return utf16(s, utf.LittleEndian, utf.UseBOM) }},
	{"utf16bebom", func(s string) []byte { return utf16(s, utf.BigEndian, utf.UseBOM) }},
	{"utf16le", func(s string) []byte { return utf16(s, utf.LittleEndian, utf.IgnoreBOM) }},
}

func utf16(s string, order utf.Endianness, bom utf.BOMPolicy) []byte {
	b, _ := utf.UTF16(order, bom).NewEncoder().Bytes([]byte(s))
	return b
}

// varied returns the tables in every encoding, with every delimiter.
func varied() (all []corpusFile) {
	for _, name := range []string{"long", "long-zh", "periods-across", "indicators", "area-matrix", "areas-across", "titled"} {
		for _, e := range encodings {
			for _, d := range [][2]string{{",", ".csv"}, {"\t", ".tsv"}, {";", ".txt"}, {"|", ".psv"}} {
				delimiter, extension := d[0], d[1]
				text := strings.ReplaceAll(tables[name].text, ",", delimiter)
				if delimiter == ";" {
					text = strings.ReplaceAll(text, "\n", "\r\n")
				}
				all = append(all, corpusFile{name + "." + e.name + extension, e.encode(text), tables[name].parameters})
			}
		}
	}
	return all
}

func gz(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(content)
	_ = w.Close()
	return b.Bytes()
}

func zipped(files ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, _ := w.Create(files[i])
		_, _ = f.Write([]byte(files[i+1]))
	}
	_ = w.Close()
	return b.Bytes()
}

// book makes a workbook.
func book(build func(f *excelize.File)) []byte {
	f := excelize.NewFile()
	build(f)
	b, err := f.WriteToBuffer()
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func rows(f *excelize.File, sheet string, table ...[]any) {
	for i, r := range table {
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &r); err != nil {
			panic(err)
		}
	}
}

func style(f *excelize.File, sheet, cell, format string, id int) {
	s := &excelize.Style{NumFmt: id}
	if format != "" {
		s = &excelize.Style{CustomNumFmt: &format}
	}
	n, err := f.NewStyle(s)
	if err != nil {
		panic(err)
	}
	_ = f.SetCellStyle(sheet, cell, cell, n)
}

// sheetNamed makes a workbook with one sheet of a name.
func sheetNamed(name string, table ...[]any) []byte {
	return book(func(f *excelize.File) {
		_ = f.SetSheetName("Sheet1", name)
		rows(f, name, table...)
	})
}

var header = []any{"indicator", "period", "value"}

// everyArea repeats a line for each area whose figures add up to the city's.
func everyArea(format string) (lines string) {
	for _, area := range []string{"清江浦区", "淮阴区", "淮安区", "洪泽区", "涟水县", "盱眙县", "金湖县", "经开区"} {
		lines += fmt.Sprintf(format, area)
	}
	return lines
}

// single are files with something particular about each.
func single() []corpusFile {
	csv := "indicator,period,value\ngdp,2022,850.2\n"
	xlsx := book(func(f *excelize.File) { rows(f, "Sheet1", header, []any{"gdp", 2022, 850.2}) })
	compound := append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 600)...)
	text := func(name, content, parameters string) corpusFile {
		return corpusFile{name, []byte(content), parameters}
	}
	gb := encodings[2].encode
	return []corpusFile{
		// Containers.
		text("empty.csv", "", ""), text("blank.csv", " \n\n", ""), {"csv.gz", gz([]byte(csv)), ""}, {"csv.zip", zipped("figures.csv", csv), ""}, {"gb.zip", zipped("数据.csv", string(gb(tables["long-zh"].text))), ""},
		{"with-mac-files.zip", zipped("figures.csv", csv, "__MACOSX/._figures.csv", "x"), ""}, {"two.zip", zipped("a.csv", csv, "b.csv", csv), ""}, {"nothing.zip", zipped(), ""},
		{"cut.gz", gz([]byte(csv))[:20], ""}, {"nested.gz", gz(gz(gz([]byte(csv)))), ""}, {"xlsx.gz", gz(xlsx), ""}, {"xlsx.zip", zipped("表.xlsx", string(xlsx)), ""}, {"named-xlsx.csv", xlsx, ""}, {"cut.xlsx", xlsx[:len(xlsx)/2], ""},
		{"old.xls", compound, ""}, {"wps.et", compound, ""}, {"encrypted.xlsx", slices.Concat(compound, utf16("EncryptedPackage", utf.LittleEndian, utf.IgnoreBOM)), ""}, {"letter.doc", slices.Concat(compound, utf16("WordDocument", utf.LittleEndian, utf.IgnoreBOM)), ""},
		{"table.ods", zipped("mimetype", "application/vnd.oasis.opendocument.spreadsheet", "content.xml", "<x/>"), ""}, {"letter.docx", zipped("[Content_Types].xml", "<x/>", "word/document.xml", "<x/>"), ""}, {"table.xlsb", zipped("[Content_Types].xml", "<x/>", "xl/workbook.bin", "x"), ""},
		text("page.xls", "<html><table><tr><td>indicator</td></tr></table></html>", ""), text("2003.xls", `<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"/>`, ""), text("page.mht", "MIME-Version: 1.0\n", ""),
		text("report.pdf", "%PDF-1.7\n", ""), text("photo.png", "\x89PNG\r\n\x1a\n", ""), text("table.rar", "Rar!\x1a\x07", ""), text("data.xml", "<?xml version=\"1.0\"?><data/>", ""), text("binary.csv", "a\x00\x00b\x00,\x01\x00\x00", ""),
		// Encodings.
		text("mixed.csv", "indicator,period,value,note\nhnte_valid,2022,1,备注说明\ngdp,2022,2,"+string(gb("备注"))+"\n", ""),
		text("bom-but-gb.csv", "\uFEFFindicator,period,value,note\ngdp,2022,1,"+string(gb("备注"))+"\n", ""), text("latin1.csv", "indicator,period,value,note\ngdp,2022,1,caf\xe9\n", ""),
		text("odd-byte.csv", "indicator,period,value,note\ngdp,2022,1,\xff\n", ""), {"big5.csv", []byte("indicator,period,value,note\ngdp,2022,1,\xb3\xc6\xb5\xf9\xbb\xa1\xa9\xfa\xa4\xa4\xb0\xea\n"), ""},
		{"yuan.csv", gb("indicator,period,value,unit\ninstitute_award,2022,300000,元\n"), ""}, {"two-ways.csv", gb("indicator,period,value,note\ngdp,2022,1,煤\n"), ""}, {"two-ways-said.csv", gb("indicator,period,value,note\ngdp,2022,1,煤\n"), "charset=gb18030"},
		text("two-ways-utf8.csv", "indicator,period,value,note\ngdp,2022,1,ú\n", "charset=utf-8"), text("middle-dot.csv", "indicator,period,value,note\ngdp,2022,1,Huai·an\n", ""), {"cut-utf16.csv", utf16(csv, utf.LittleEndian, utf.UseBOM)[:31], ""},
		// Headers.
		text("mac.csv", strings.ReplaceAll(csv, "\n", "\r"), ""), text("full-width-header.csv", "ＩＮＤＩＣＡＴＯＲ，period\n", ""), text("pipes.csv", "indicator|period|value\ngdp|2022|1\n", ""),
		text("markdown.md", "| 指标 | 时期 | 数值 |\n|------|:----:|-----:|\n| 地区生产总值 | 2022年 | 850.2 |\n| 有效高新技术企业 | 2022年 | 95 |\n", ""),
		text("pipes-in-notes.csv", "indicator,period,value,note\ngdp,2022,1,甲|乙\n", ""),
		text("unknown-column.csv", "indicator,period,value,colour\ngdp,2022,1,red\n", ""), text("near-column.csv", "indicator,period,value,untis\ngdp,2022,1,家\n", ""), text("two-periods.csv", "indicator,period,年份,value\ngdp,2022,2022,1\n", ""),
		text("year-month.csv", "年份,月份,指标,数值\n2022,3,技术合同成交额,5\n2022年,4月,技术合同成交额,6\n2022,三季度,技术合同成交额,7\n", "dataset=sti-monthly"), text("year-alone.csv", "年份,指标,数值\n2022,地区生产总值,850\n", ""),
		text("no-period.csv", "指标,数值\n地区生产总值,850\n", ""), text("no-period-said.csv", "指标,数值\n地区生产总值,850\n", "period=2022"), text("title-period.csv", "2022年科技创新年报,\n指标,数值\n地区生产总值,850\n", ""),
		text("title-period-confirmed.csv", "2022年科技创新年报,\n指标,数值\n地区生产总值,850\n", "period=2022"), text("title-period-other.csv", "2021年科技创新年报,\n指标,数值\n地区生产总值,850\n", "period=2022"), text("清江浦区2022年.csv", "指标,数值\n地区生产总值,850\n", "period=2021"),
		text("title-area-other.csv", "淮阴区科技创新年报,,\n指标,时期,数值\n地区生产总值,2022,850\n", ""), text("unit-in-header.csv", "指标,时期,数值（万元）\n研发机构绩效奖励经费,2022,30\n地区生产总值,2022,8502000\n", ""),
		text("unit-in-title.csv", "单位：万元,,\n指标,时期,数值\n研发机构绩效奖励经费,2022,30\n有效高新技术企业,2022,95\n", ""), text("unit-in-name.csv", "指标,时期,数值\n地区生产总值（万元）,2022,8502000\n", ""),
		text("two-row-header.csv", "指标,单位,2022年,,2023年,\n,,一季度,二季度,一季度,二季度\n地区生产总值,亿元,200,210,220,230\n", "dataset=sti-quarterly"), text("units-under-header.csv", "时期,地区生产总值,有效高新技术企业\n,亿元,家\n2022,850.2,95\n", ""),
		text("id-and-name-differ.csv", "indicator,指标名称,period,value\ngdp,有效高新技术企业,2022,95\n", ""), text("without-header.csv", "gdp,2022,850.2\nhnte_valid,2022,95\n", ""), text("prose.txt", "Dear Sir or Madam,\nplease find attached\n", ""),
		text("value-and-periods.csv", "indicator,value,2021,2022\ngdp,1,2,3\n", ""), text("period-twice.csv", "指标,2022,2022年\n地区生产总值,1,2\n", ""), text("month-days-header.csv", "指标,2022/1/1,2022/2/1\n技术合同成交额,1,2\n", "dataset=sti-monthly"),
		text("yearless-months.csv", "指标,1月,2月,1-2月\n技术合同成交额,1,2,3\n", "dataset=sti-monthly period=2022"), text("yearless-months-unsaid.csv", "指标,1月,2月\n技术合同成交额,1,2\n", "dataset=sti-monthly"),
		text("growth-beside.csv", "指标,单位,2022年,同比增长（%）\n地区生产总值,亿元,850.2,5.1\n", ""), text("unknown-indicator-across.csv", "时期,地区生产总值,高企培育数\n2022,850.2,12\n", ""), text("unnamed-figures.csv", "指标,2021,2022,\n地区生产总值,1,2,3\n", ""),
		text("current-and-previous.csv", "指标,单位,本期,上年同期,同比\n地区生产总值,亿元,850.2,813.41,4.5\n", "period=2022"), text("numbered.csv", "序号,指标,时期,数值\n1,地区生产总值,2022,850.2\n2,有效高新技术企业,2022,95\n", ""),
		text("stock-year-end.csv", "指标,2021年末,2022年末\n有效高新技术企业,87,95\n", ""), text("label-unnamed.csv", ",2021,2022\n地区生产总值,813.41,850.2\n", ""), text("area-label-unnamed.csv", "区县\\指标,地区生产总值\n清江浦区,850\n淮阴区,600\n合计,1450\n", "area= period=2022"),
		text("unit-is-body.csv", "单位,地区生产总值\n清江浦区,850\n淮阴区,600\n", "area= period=2022"), text("header-repeated.csv", csv+csv, ""), text("several-areas.csv", "area,indicator,period,value\n320812,gdp,2022,1\n淮阴区,gdp,2022,2\n", "area="),
		// Units that stand outside of the figures.
		text("unit-list-in-title.csv", "季报,\n单位：万元、家,\n指标,2022\n技术合同成交额,31000\n有效高新技术企业,95\n", ""), text("unit-of-money-in-title.csv", "金额单位：人民币万元,\n指标,2022\n技术合同成交额,31000\n", ""), text("unit-spaced-in-title.csv", "单位:万元  家  %,\n指标,2022\n技术合同成交额,31000\n", ""),
		text("unit-in-brackets-in-title.csv", "科技季报（万元）,\n指标,2022\n技术合同成交额,31000\n", ""), text("unit-in-label-header.csv", "指标（金额：万元）,2022\n技术合同成交额,31000\n", ""), text("unit-in-file-name（万元）.csv", "指标,2022\n技术合同成交额,31000\n", ""),
		text("unit-in-footnote.csv", "指标,2022\n技术合同成交额,31000\n研发机构绩效奖励经费,30\n有效高新技术企业,95\n注：金额单位为万元。,\n", ""), text("unit-of-some-in-footnote.csv", "指标,2022\n技术合同成交额,31000\n注：产值单位为万元。,\n", ""),
		text("unit-of-one-in-footnote.csv", "单位：亿元,\n指标,2022\n地区生产总值,850.2\n技术合同成交额,31000\n注：技术合同成交额单位为万元。,\n", ""), text("unit-alone-below.csv", "指标,2022\n技术合同成交额,31000\n单位：万元,\n", ""), text("units-contradict.csv", "单位：亿元,\n指标,2022\n技术合同成交额,31000\n注：单位：万元,\n", ""),
		text("unit-mentioned.csv", "指标,2022\n技术合同成交额,31000\n研发机构绩效奖励经费,30\n注：产值为万元口径,\n", ""), text("amount-mentioned.csv", "指标,2022\n技术合同成交额,3.1\n注：规上企业指年主营业务收入2000万元及以上的亿元企业,\n", ""),
		text("unit-in-headings.csv", "指标,2022\n一、产值类（万元）,\n（一）工业,\n规模以上工业总产值,823000\n二、技术市场（单位：万元）,\n技术合同成交额,31000\n", ""), text("unit-of-a-heading-before.csv", "指标,2022\n一、产值类（万元）,\n规模以上工业总产值,823000\n二、其他,\n有效高新技术企业,95\n地区生产总值,850.2\n", ""),
		text("unit-of-another-currency.csv", "单位：万美元,\n指标,2022\n技术合同成交额,31000\n有效高新技术企业,95\n", ""), text("unit-cells-merged-before.csv", "指标,单位,2022\n技术合同成交额,万元,31000\n规模以上工业总产值,,823000\n", ""),
		text("unit-cell-empty-under-title.csv", "季报,,单位：万元\n指标,单位,2022\n技术合同成交额,,31000\n规模以上工业总产值,亿元,82.3\n", ""), text("unit-row.csv", "报告期,技术合同成交额,有效高新技术企业\n单位,万元,家\n2022,31000,95\n", ""), text("unit-row-of-periods.csv", "指标,2021,2022\n单位,万元,万元\n技术合同成交额,31000,33000\n", ""),
		text("unit-outside.json", `{"地区":"清江浦区","报告期":"2022年","金额单位":"万元","明细":[{"指标":"技术合同成交额","数值":31000},{"指标":"有效高新技术企业","数值":95}]}`, ""), text("unit-in-name-outside.json", `{"报表名称":"科技年报（单位：万元）","报告期":"2022年","rows":[{"指标":"技术合同成交额","数值":31000}]}`, ""),
		text("dhis2-comment.json", `{"dataSet":"sti-annual","period":"2022","orgUnit":"320812","dataValues":[{"dataElement":"gdp","value":"850.2"},{"dataElement":"tech_contract_value","value":"31000","comment":"万元"}]}`, ""),
		// Parts of a district beside its figures, and columns that say nothing of them.
		text("streets.csv", "镇街,技术合同成交额（万元）,新招引高科技项目（个）\n清江街道,3000,1\n长西街道,2000,0\n清江浦区,9800,2\n其他,4800,1\n", "period=2022"), text("one-street.csv", "镇街,技术合同成交额（万元）\n清江街道,3000\n", "period=2022"),
		text("park.csv", "园区名称,技术合同成交额（万元）\n清江浦经济开发区,3000\n", "period=2022"), text("enterprises.csv", "指标,企业,2022\n技术合同成交额,甲公司,0.035\n", ""), text("unknown-names.csv", "指标,报告期,数值,分组\n技术合同成交额,2022,1,甲组\n技术合同成交额,2022,2,乙组\n", ""),
		text("texts-beside.csv", "序号,指标,数据来源,责任部门,报告期,数值,填报人\n1,技术合同成交额,技术市场,科技局,2022,3.1,张三\n2,地区生产总值,统计局,统计局,2022,850.2,李四\n", ""),
		text("action-words.csv", "指标,报告期,数值,操作\n技术合同成交额,2022,3.1,\n地区生产总值,2022,,撤回\n全社会研发投入,2022,,作废\n有效高新技术企业,2022,,改\n", ""),
		// Stages that stand outside of the figures.
		text("stage-in-title.csv", "清江浦区2022年科技指标快报（初步数）,\n指标,2022\n地区生产总值,850.2\n", ""), text("stage-in-footnote.csv", "指标,2022\n地区生产总值,850.2\n注：以上为快报数，最终以年报为准。,\n", ""), text("2022年科技快报.csv", "指标,2021,2022\n地区生产总值,813.41,850.2\n", ""),
		text("stage-of-some.csv", "指标,2022\n地区生产总值,850.2\n注：地区生产总值为初步核算数。,\n", ""), text("stages-contradict.csv", "2022年快报,\n指标,2022\n地区生产总值,850.2\n注：以上为预计数。,\n", ""), text("stage-of-a-row.csv", "2022年快报,,\n指标,2022,阶段\n地区生产总值,850.2,年报\n有效高新技术企业,95,\n", ""),
		// How long the entities of a list count.
		text("list-validity.csv", "统一社会信用代码,发证日期,证书有效期\n91320812666660001C,2019-12-02,2019-12-02至2022-12-01\n91320812666660002F,2023-12-06,三年\n91320812666660002F,2023/12/6,2023.12.6-2026.12.5\n91320812666660001C,,三年\n91320812666660001C,2019-12-02,见证书\n91320812666660001C,2019-12-02,2022-12-01\n91320812666660001C,2019-12-02,长期\n", "dataset=hnte-list period=2022"),
		text("list-validity-unknown.csv", "统一社会信用代码,是否在有效期\n91320812666660001C,是\n", "dataset=hnte-list period=2022"),
		// Rows.
		text("headings.csv", "指标,单位,2022年\n一、重点指标,,\n地区生产总值,亿元,850.2\n二、企业,,\n其中：有效高新技术企业,家,95\n", ""), text("footnotes.csv", csv+"注：初步数,,\n审核人：李四,,\n2023年1月5日,,\n", ""),
		text("empty-cells.csv", "指标,2021,2022\n地区生产总值,,850\n有效高新技术企业,-,—\n", ""), text("thousands-unquoted.csv", "indicator,period,value,note\ngdp,2022,1,200,\n", ""), text("thousands-quoted.csv", "indicator,period,value\nindustrial_output,2022,\"1,200.5\"\n", ""),
		text("trailing-comma.csv", "indicator,period,value\ngdp,2022,850.2,\n", ""), text("short-row.csv", "indicator,period,value,note\ngdp,2022,850.2\n", ""), text("stray-quote.csv", "indicator,period,value\ngdp,2022,8\"5\nhnte_valid,2022,95\n", ""),
		text("line-break-in-cell.csv", "indicator,period,value,note\ngdp,2022,1,\"two\nlines\"\nhnte_valid,2022,2,\n", ""), text("unnamed-column-filled.csv", "indicator,period,value,\ngdp,2022,1,\nhnte_valid,2022,2,x\n", ""),
		text("near-indicator.csv", "indicator,period,value\nhnte_vald,2022,95\n地区生产总植,2022,850\n", ""), text("odd-periods.csv", "indicator,period,value\ngdp,2022.1,1\ngdp,22-Jun,2\ngdp,2022-03-01,3\ngdp,三季度,4\n", ""),
		// Totals, and the headers of bureaus of statistics.
		text("city-row.csv", "地区,地区生产总值（亿元）,有效高新技术企业（家）\n全市,1450.7,175\n清江浦,850.2,95\n其中：某某镇,100,5\n小计,850.2,95\n", "period=2022"),
		text("city-row-long.csv", "地区,指标,报告期,数值\n淮安市,地区生产总值,2022,1450.7\n合 计,地区生产总值,2022,1450.7\n清江浦区,地区生产总值,2022,850.2\n清江浦区,合计,2022,945.2\n", ""),
		text("city-column.csv", "指标,单位,全市,淮安市,清江浦区\n地区生产总值,亿元,1450.7,1450.7,850.2\n", "period=2022"),
		text("short-areas.csv", "区县,地区生产总值\n清江浦,850.2\n江苏省淮安市涟水县,580\n淮安经开区,300\n高新区,20\n洪泽,210\n淮安,5\n", "area= period=2022"),
		text("month-and-to-date.csv", "清江浦区主要科技指标（2022年3月）,,,,\n指标名称,单位,本月,1-本月累计,同比±%\n技术合同成交额,亿元,5.2,14.1,12.3\n", "dataset=sti-monthly period=2022-03"),
		text("month-unsaid.csv", "清江浦区主要科技指标（2022年3月）,,,,\n指标名称,单位,本月,1-本月累计,同比±%\n技术合同成交额,亿元,5.2,14.1,12.3\n", "dataset=sti-monthly"),
		text("month-of-a-year.csv", "指标名称,单位,本月,累计\n技术合同成交额,亿元,5.2,14.1\n", "dataset=sti-monthly period=2022"),
		text("to-date-two-rows.csv", "2022年1—3月,,,,,\n指标名称,单位,本月止累计,,本月,\n,,绝对额,同比增长（%）,绝对额,同比增长（%）\n技术合同成交额,亿元,14.1,12.3,5.2,3.1\n", "dataset=sti-monthly period=2022-03"),
		text("month-other-title.csv", "2022年4月,,\n指标名称,本月,累计\n技术合同成交额,5.2,14.1\n", "dataset=sti-monthly period=2022-03"),
		text("quarter-and-to-date.csv", "指标,计量单位,本季,累计,上年同期,同比（±%）\n地区生产总值,亿元,210,410,390,5.1\n", "dataset=sti-quarterly period=2022-Q2"),
		text("each-with-growth.csv", "指标,本季,同比增长,本季止累计,累计同比增长,上年同期累计\n地区生产总值,210,5.2,410,5.1,390.1\n", "dataset=sti-quarterly period=2022-Q2"),
		// Figures of the year to date, by words of the title, the header, the name or the period.
		text("to-date-title.csv", "清江浦区科技指标（1-9月累计）,,\n指标,单位,数值\n技术合同成交额,亿元,8.8\n有效高新技术企业,家,152\n", "dataset=sti-monthly period=2022-09"),
		text("to-date-until.csv", "清江浦区科技指标（截至9月底累计数）,,\n指标,单位,数值\n技术合同成交额,亿元,8.8\n", "dataset=sti-monthly period=2022-Q3"),
		text("to-date-other-month.csv", "清江浦区科技指标（截至8月底）,,\n指标,单位,数值\n技术合同成交额,亿元,8.8\n", "dataset=sti-monthly period=2022-09"),
		text("to-date-progress.csv", "清江浦区2022年技术合同累计进度,,,\n指标,单位,7月,8月,9月\n技术合同成交额,万元,68000,77800,88000\n有效高新技术企业,家,150,151,152\n", "dataset=sti-monthly period=2022"),
		text("to-date-quarters.csv", "清江浦区各季度累计数,,\n指标,单位,2022年一季度,2022年二季度\n规模以上工业总产值,亿元,75.1,154.1\n", "dataset=sti-quarterly"),
		text("to-date-years.csv", "清江浦区主要指标（1—9月）,,\n指标,单位,2021年,2022年\n技术合同成交额,亿元,8.1,8.8\n", "dataset=sti-quarterly"),
		text("to-date-some.csv", "清江浦区2022年9月指标（本月及累计）,,\n指标,单位,数值\n技术合同成交额,亿元,8.8\n", "dataset=sti-monthly period=2022-09"),
		text("to-date-month-alone.csv", "清江浦区技术合同累计进度,,\n指标,单位,本月\n技术合同成交额,亿元,0.9\n", "dataset=sti-monthly period=2022-09"),
		text("to-date-columns.csv", "技术合同累计进度,,,\n指标,单位,9月,1-9月\n技术合同成交额,亿元,0.9,8.8\n", "dataset=sti-monthly period=2022"),
		text("to-date-month-end.csv", "指标,单位,2022年9月末,截至2022年8月,2022年三季度累计,2021年末\n技术合同成交额,亿元,8.8,7.7,8.8,11\n有效高新技术企业,家,152,151,,139\n", "dataset=sti-monthly"),
		text("to-date-names.csv", "指标,报告期,数值,单位\n技术合同成交额累计,2022年9月,8.8,亿元\n规模以上工业总产值,2022年9月止,9,亿元\n", "dataset=sti-monthly"),
		text("to-date-name-across.csv", "月份,技术合同成交额（累计，万元）\n2022年7月,68000\n2022年8月,77800\n", "dataset=sti-monthly"),
		text("deadline-title.csv", "科技月报（截止日期：10月15日）,,\n指标,单位,数值\n技术合同成交额,亿元,0.9\n", "dataset=sti-monthly period=2022-09"),
		// Headers of bulletins and of two rows.
		text("absolute.csv", "指  标,单 位,绝对数,比上年增长（%）\n地区生产总值,亿元,850.2,4.5\n", "period=2022"), text("done.csv", "项目,完成,完成率\n地区生产总值（亿元）,850.2,98%\n", "period=2022"),
		text("amount.csv", "指标,报告期,金额（万元）\n技术合同成交额,2022年三季度,31000\n", "dataset=sti-quarterly"), text("areas-with-unit.csv", "指标,清江浦区（万元）,淮阴区（万元）\n技术合同成交额,31000,20000\n", "area= period=2022"),
		text("two-rows-end.csv", "地区,地区生产总值,,有效高新技术企业,位次\n,绝对值（万元）,增幅%,期末数,\n清江浦区,8502000,4.5,95,1\n", "period=2022"),
		text("two-rows-quarter.csv", "指标,单位,三季度,,,1-3季度,,\n,,绝对值,同期,增幅,绝对值,同期,增幅\n地区生产总值,亿元,231.4,219.9,5.3,662.2,629.9,5.1\n", "dataset=sti-quarterly period=2022-Q3"),
		text("two-rows-unknown.csv", "指标,单位,三季度,\n,,绝对值,规上数\n地区生产总值,亿元,231.4,219.9\n", "dataset=sti-quarterly period=2022-Q3"),
		text("period-stages.csv", "指标,单位,2021年年报,2022年快报,2023年（预计）,2022年增长率(%),2022年位次\n地区生产总值,亿元,813.4,850.2,890,4.5,1\n", ""), text("adjusted.csv", "指标,单位,2021年调整数,2022年\n地区生产总值,亿元,813.4,850.2\n", ""),
		text("title-year-rows.csv", "清江浦区2022年分月台账,,\n月份,技术合同成交额（万元）,新招引高科技项目（个）\n1月,9800,1\n1-2月,18200,2\n合计,28000,3\n", "dataset=sti-monthly"),
		text("ditto.csv", "指标,计量单位,2022年\n地区生产总值,亿元,850.2\n全社会研发投入,〃,16.3\n技术合同成交额,同上,同上\n", ""), text("side-by-side.csv", "指标,单位,2022年,指标,单位,2022年\n地区生产总值,亿元,850.2,有效高新技术企业,家,95\n", ""),
		text("total-below-number.csv", "序号,指标,2022年\n1,地区生产总值,850.2\n合计,,\n", ""), text("period-outside.json", `{"data":{"报告期":"2022年","rows":[{"指标名称":"技术合同成交额","计量单位":"万元","本年":"118,900","上年":101250}]}}`, ""),
		text("barred.txt", "|序号|指标|单位|2021年|2022年|增减|\n|1|有效高新技术企业|家|139|152x|13|\n", ""),
		text("two-stages.csv", "指标,单位,2022年快报,2022年年报\n地区生产总值,亿元,850,850.2\n有效高新技术企业,家,95,\n", ""), text("rows-without-year.csv", "月份,技术合同成交额（万元）,新招引高科技项目（个）\n1月,9800,1\n2月,,\n", "dataset=sti-monthly"),
		text("bulletin.csv", "地区,地区生产总值,,有效高新技术企业,\n,绝对额（亿元）,同比增长（%）,总量（家）,增速（%）\n全市,1450.7,4,175,3\n清江浦区,850.2,4.5,95,9.2\n", "period=2022"),
		text("plan.csv", "项目,计量单位,2022年实际,2022年计划,完成计划%,比上年增长%\n地区生产总值,亿元,850.2,840,101.2,5.1\n", ""),
		text("national-form.csv", "表    号：,淮科统01表,,\n制定机关：,淮安市科技局,,\n综合机关名称：,清江浦区统计局,2022年,计量单位：亿元\n指标名称,代码,本年实际,上年实际\n甲,乙,1,2\n地区生产总值,01,850.2,813.41\n", "period=2022"),
		text("line-codes.csv", "指标代码,指标名称,计量单位,报告期,数值\n01,地区生产总值,亿元,2022,850.2\n02,有效高新技术企业,家,2022,95\n", ""),
		text("numbered-notes.csv", "指标,报告期,数值\n地区生产总值,2022,850.2\n填表说明：,,\n1.本表由各区统计局填报,,\n2、数据为初步核算数,,\n注：,,\n（1）高企指有效期内,,\n", ""),
		text("second-table.csv", "指标,报告期,数值\n地区生产总值,2022,850.2\n,,\n指标,2021,2022\n有效高新技术企业,87,95\n", ""),
		text("totals-differ.csv", "地区,地区生产总值（亿元）,科技型中小企业数（家）\n全市,4550.4,581\n清江浦区,850.2,95\n淮阴区,600.5,80\n淮安区,580.1,80\n洪泽区,420.4,80\n涟水县,580,80\n盱眙县,520,80\n金湖县,400,80\n淮安经济技术开发区,500,5\n其中：淮安高新技术产业开发区,20,1\n", "area= period=2022"),
		text("totals-rounded.csv", "地区,地区生产总值（亿元）\n清江浦区,850.2\n淮阴区,600.5\n淮安区,580.1\n洪泽区,420.4\n涟水县,580\n盱眙县,520\n金湖县,400\n经开区,500\n合计,4451.4\n", "area= period=2022"),
		text("totals-differ-long.csv", "地区,指标,报告期,数值\n"+everyArea("%s,科技型中小企业数,2022,10\n")+"淮安市,科技型中小企业数,2022,90\n", "period=2022"),
		text("totals-differ-columns.csv", "指标,单位,合计,清江浦区,淮阴区,淮安区,洪泽区,涟水县,盱眙县,金湖县,经开区\n科技型中小企业数,家,81,10,10,10,10,10,10,10,10\n地区生产总值,万元,800,100,100,100,100,100,100,100,100\n", "area= period=2022"),
		text("totals-of-some.csv", "地区,科技型中小企业数\n清江浦区,10\n淮阴区,10\n合计,30\n", "area= period=2022"), text("totals-of-about.csv", "地区,指标,报告期,数值\n"+everyArea("%s,科技型中小企业数,2022,近10\n")+"全市,科技型中小企业数,2022,90\n", "area="),
		// Words beside a period, and headers of two lines that name two things.
		text("reported-and-verified.csv", "指标,单位,2025年（上报数）,2025年（核定数）\n地区生产总值,亿元,850.2,848.1\n", ""), text("verified.csv", "指标,单位,2025年（核定数）\n地区生产总值,亿元,848.1\n", ""),
		text("month-alone.csv", "指标,单位,3月当月,1-3月累计\n技术合同成交额,亿元,5.2,14.1\n注：累计数为1-3月。,,,\n", "dataset=sti-monthly period=2022"), text("line-breaks-in-header.csv", "\"指标\n名称\",单位,\"2022年\n（实际）\"\n地区生产总值,亿元,850.2\n", ""),
		text("indicators-over-years.csv", "地区,地区生产总值（亿元）,,有效高新技术企业（家）,\n,2021年,2022年,2021年,2022年\n清江浦区,813.41,850.2,87,95\n", ""), text("years-over-indicators.csv", "地区,2021年,,2022年,\n,地区生产总值（亿元）,有效高新技术企业,地区生产总值（亿元）,有效高新技术企业\n清江浦区,813.41,87,850.2,95\n", "period=2023"),
		text("year-before-name.csv", "地区,2021年地区生产总值（亿元）,2022年地区生产总值（亿元）,地区生产总值增速\n清江浦区,813.41,850.2,5\n", ""), text("areas-over-years.csv", "指标,清江浦区,,淮阴区,\n,2021年,2022年,2021年,2022年\n地区生产总值,813.41,850.2,580,600.5\n", "area="),
		text("last-year-over-indicators.csv", "地区,上年,,本年,\n,地区生产总值（亿元）,有效高新技术企业,地区生产总值（亿元）,有效高新技术企业\n清江浦区,813.41,87,850.2,95\n", "period=2022"), text("groups-over-indicators.csv", "时期,经济指标,,企业,\n,地区生产总值（亿元）,技术合同成交额（亿元）,有效高新技术企业,科技型中小企业数\n2022年,850.2,31,95,96\n", ""),
		text("period-in-rows-and-columns.csv", "时期,2021年地区生产总值,2022年地区生产总值\n2022年,813.41,850.2\n", ""), text("quarters-over-indicators.csv", "地区,一季度,,上半年,\n,地区生产总值（亿元）,技术合同成交额,地区生产总值（亿元）,技术合同成交额\n清江浦区,200,5,410,11\n", "dataset=sti-quarterly period=2022"),
		text("rows-of-changes.csv", "指标,单位,2021年,2022年\n地区生产总值,亿元,813.41,850.2\n同比增长,%,5.2,5.1\n有效高新技术企业增速（%）,,3,4\n", ""), text("names-with-marks.csv", "指标,单位,2022年\n地区生产总值①,亿元,850.2\n有效高新技术企业[1],家,95\n① 为快报数,,\n", ""),
		text("enterprise-form.csv", "统一社会信用代码：,,,\n表号：,B103,,\n指标名称,指标代码,本期,上年同期\n一、研发投入,,,\n全社会研发投入,01,30.5,28.1\n", "period=2022"),
		text("year-headings.csv", "报告期,指标,数值,单位\n2021年,,,\n1月,地区生产总值,70.1,亿元\n2月,地区生产总值,60.2,亿元\n2022年,,,\n1月,地区生产总值,75.1,亿元\n", "dataset=sti-monthly period=2022-03"),
		text("year-headings-wide.csv", "时期,地区生产总值（亿元）,高企（家）\n2021年,,\n1月,70.1,3\n2022年,,\n1月,75.1,5\n", "dataset=sti-monthly period=2022-03"),
		text("year-of-first-month.csv", "时期,地区生产总值（亿元）,高企（家）\n2021年1月,70.1,3\n2月,60.2,4\n2022年1月,75.1,5\n2月,76.1,5\n", "dataset=sti-monthly period=2022-03"),
		text("year-headings-between-indicators.csv", "指标,1月,2月\n2021年,,\n地区生产总值（亿元）,70.1,60.2\n2022年,,\n地区生产总值（亿元）,71.1,61.2\n", "dataset=sti-monthly period=2022-03"),
		text("target-and-done.csv", "指标,单位,目标值,完成值\n地区生产总值,亿元,900,850.2\n", "period=2022"), text("target-and-done-of-year.csv", "指标,2022年目标值,2022年完成值\n地区生产总值（亿元）,900,850.2\n", ""),
		text("target-alone.csv", "指标,单位,计划数\n地区生产总值,亿元,900\n", "period=2022"), text("own-and-city.csv", "指标,单位,本区,全市\n地区生产总值,亿元,850.2,4500\n", "period=2022"),
		text("years-of-two-digits.csv", "指标,单位,20年,21年\n地区生产总值,亿元,800,820\n", ""), text("dotted-span.csv", "指标,单位,2022.1-9\n地区生产总值,亿元,850.2\n", ""),
		text("words-for-amounts.csv", "指标,时期,数值,单位\n有效高新技术企业数量,2022,121,家\n地区生产总值总量,2022,850,亿元\n地区生产总值数量,2022,850,亿元\n", ""),
		text("name-with-situation.csv", "时期,高企总数,地区生产总值情况（亿元）\n2022,121,850\n", ""),
		text("month-and-to-date-of-rows.csv", "指标,报告期,本月数,累计数,累计同比增长\n技术合同成交额,2022年3月,5.2,14.1,9\n技术合同成交额,2022年4月,6,20.1,8\n", "dataset=sti-monthly"), text("month-and-to-date-of-rows-said.csv", "指标,报告期,当月,累计\n技术合同成交额,2022年3月,5.2,14.1\n", "dataset=sti-monthly period=2022-04"),
		text("to-date-of-rows-title.csv", "技术合同累计进度,,\n指标,报告期,当月\n技术合同成交额,2022年3月,5.2\n", "dataset=sti-monthly"), text("quarter-of-rows-of-months.csv", "指标,报告期,本季,累计\n地区生产总值,2022年2月,200,410\n", "dataset=sti-quarterly"),
		// Lists of projects and contracts.
		text("projects.csv", "序号,项目名称,承担单位,2022年投入（万元）\n1,智能制造示范,甲公司,1200\n2,新材料中试,乙公司,800\n", ""), text("project-names.csv", "项目名称,2022年\n智能制造示范,1200\n新材料中试,800\n生物医药园,700\n", ""),
		text("contracts.csv", "合同编号,合同名称,卖方名称,买方名称,成交额（万元）\nA1,技术开发,甲公司,乙公司,100\n", "period=2022"), text("items.csv", "项目,2022年\n地区生产总植,850.2\n有效高新技术企业,95\n高企培育数,12\n", ""),
		// Figures that may be of another area, period or unit than the request says.
		text("headings-of-areas.csv", "指标,2022年\n清江浦区,\n地区生产总值,850.2\n淮阴区,\n有效高新技术企业,80\n", ""), text("tables-of-areas.csv", "清江浦区,,\n指标,2021,2022\n地区生产总值,813.41,850.2\n淮阴区,,\n指标,2021,2022\n地区生产总值,580,600.5\n", "area="),
		text("headings-of-years.csv", "指标,数值\n2021年,\n地区生产总值,813.41\n2022年,\n有效高新技术企业,95\n", "period=2022"), text("area-written-once.csv", "地区,指标,时期,数值\n清江浦区,地区生产总值,2022年,850.2\n,有效高新技术企业,2022年,95\n淮阴区,地区生产总值,2022年,600.5\n,有效高新技术企业,2022年,80\n", "own=320812"),
		text("period-written-once.csv", "时期,指标,数值\n2021年,地区生产总值,813.41\n,有效高新技术企业,87\n2022年,地区生产总值,850.2\n,有效高新技术企业,95\n", "period=2022"),
		text("units-of-column-and-row.csv", "指标,单位,2022年（亿元）\n地区生产总值,万元,850.2\n有效高新技术企业,家,95\n", ""), text("units-of-name-and-row.csv", "指标,单位,报告期,数值\n地区生产总值（万元）,亿元,2022,8502000\n", ""),
		text("to-date-below.csv", "指标,单位,2022年3月\n技术合同成交额,亿元,5.2\n注：本表数据为1-3月累计数。,,\n", "dataset=sti-monthly"), text("to-date-below-whole.csv", "清江浦区2022年3月科技月报,,\n指标,单位,数值\n技术合同成交额,亿元,5.2\n注：为年初累计数,,\n", "dataset=sti-monthly period=2022-03"),
		text("to-date-below-other.csv", "清江浦区2022年3月科技月报,,\n指标,单位,数值\n技术合同成交额,亿元,5.2\n注：授权专利为历年累计数,,\n", "dataset=sti-monthly period=2022-03"), text("淮阴区.csv", "指标,2022年\n地区生产总值,600.5\n", ""),
		{"sheet-of-other-area.xlsx", sheetNamed("淮阴区", []any{"指标", "数值"}, []any{"地区生产总值", 600.5}), "period=2022"}, {"sheet-of-other-year.xlsx", sheetNamed("2021年", []any{"指标", "数值"}, []any{"地区生产总值", 813.41}), "period=2022"},
		{"sheet-to-date.xlsx", sheetNamed("1-9月累计", []any{"指标", "单位", "数值"}, []any{"技术合同成交额", "亿元", 8.8}), "dataset=sti-monthly period=2022-09"}, {"sheet-of-year-unsaid.xlsx", sheetNamed("2021年", []any{"指标", "数值"}, []any{"地区生产总值", 813.41}), ""},
		{"sheet-per-area.xlsx", book(func(f *excelize.File) {
			for _, name := range []string{"清江浦区", "淮阴区"} {
				_, _ = f.NewSheet(name)
				rows(f, name, []any{"指标", "数值"}, []any{"地区生产总值", 850.2})
			}
			_ = f.DeleteSheet("Sheet1")
		}), "own=320812 period=2022"},
		// Titles that say which months a table covers, or another period than its figures.
		text("quarters-below-span.csv", "2022年1-9月主要指标,,,,\n指标,单位,2022年一季度,2022年二季度,2022年三季度\n地区生产总值,亿元,195,200,205\n", "dataset=sti-quarterly"), text("months-below-span.csv", "2022年1-9月分月情况,,,,\n指标,单位,2022年7月,2022年8月,2022年9月\n技术合同成交额,亿元,0.5,0.6,0.7\n", "dataset=sti-monthly"),
		text("months-below-until.csv", "截至2022年9月底,,,,\n指标,单位,2022年7月,2022年8月,2022年9月\n技术合同成交额,亿元,0.5,0.6,0.7\n", "dataset=sti-monthly"), text("quarter-below-span.csv", "2022年1-9月主要指标,,\n指标,单位,2022年三季度\n地区生产总值,亿元,205\n", "dataset=sti-quarterly"),
		text("quarter-alone-below-span.csv", "2022年1-9月主要指标,,\n指标,单位,2022年三季度当季\n地区生产总值,亿元,205\n", "dataset=sti-quarterly"), text("quarters-of-rows-below-span.csv", "2022年1-9月主要指标,,,\n指标,报告期,数值,单位\n地区生产总值,2022年二季度,200,亿元\n地区生产总值,2022年三季度,205,亿元\n", "dataset=sti-quarterly"),
		text("month-of-rows-below-span.csv", "2022年1-9月主要指标,,,\n指标,报告期,数值,单位\n技术合同成交额,2022年9月,0.6,亿元\n", "dataset=sti-monthly"), text("year-below-quarter.csv", "2022年三季度清江浦区主要经济指标,,\n指标,单位,2022年\n地区生产总值,亿元,625.1\n", ""),
		text("year-below-quarter-said.csv", "2022年三季度清江浦区主要经济指标,,\n指标,单位,2022年\n地区生产总值,亿元,625.1\n", "period=2022"), text("year-below-half.csv", "2022年上半年清江浦区主要经济指标,,\n指标,单位,2022年\n地区生产总值,亿元,625.1\n", "dataset=sti-quarterly"),
		text("year-below-half-said.csv", "2022年上半年清江浦区主要经济指标,,\n指标,单位,2022年\n地区生产总值,亿元,625.1\n", "period=2022"), text("year-below-month.csv", "2022年9月清江浦区主要经济指标,,\n指标,单位,2022年\n地区生产总值,亿元,625.1\n", ""),
		text("year-below-other-year.csv", "2021年清江浦区主要经济指标,,\n指标,单位,2022年\n地区生产总值,亿元,625.1\n", ""), text("year-above-note.csv", "指标,单位,2022年\n地区生产总值,亿元,625.1\n注：数据为2022年前三季度,,\n", ""),
		text("year-above-note-of-base.csv", "指标,单位,2022年\n地区生产总值,亿元,625.1\n注：增速按2020年不变价计算,,\n填报日期：2023年1月8日,,\n", ""), text("清江浦区2022年三季度.csv", "指标,单位,2022年\n地区生产总值,亿元,625.1\n", ""),
		{"sheet-of-month.xlsx", sheetNamed("9月", []any{"指标", "单位", "2022年"}, []any{"地区生产总值", "亿元", 625.1}), ""}, {"unnamed-last-column.xlsx", sheetNamed("Sheet1", []any{"指标", "单位", "2022年"}, []any{"地区生产总值", "亿元", 850.2, 852}, []any{"有效高新技术企业", "家", 95, 96, "复核"}), ""},
		{"unnamed-remark.xlsx", sheetNamed("Sheet1", []any{"指标", "单位", "2022年"}, []any{"地区生产总值", "亿元", 850.2}, []any{"有效高新技术企业", "家", 95, "复核"}), ""}, {"unnamed-last-of-long.xlsx", sheetNamed("Sheet1", []any{"指标", "报告期", "数值"}, []any{"地区生产总值", "2022年", 850.2, 852}, []any{"有效高新技术企业", "2022年", 95}), ""},
		{"merged-header-open.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", []any{"指标", "单位", "2022年三季度", nil, "2022年二季度", nil}, []any{nil, nil, "累计", "本季", "累计"}, []any{"地区生产总值", "亿元", 625.1, 215.5, 409.6, 208.2})
			_ = f.MergeCell("Sheet1", "C1", "D1")
			_ = f.MergeCell("Sheet1", "E1", "F1")
		}), "dataset=sti-quarterly"},
		// The city's whole table, sent by one district.
		text("city-table.csv", "地区,地区生产总值（亿元）,科技型中小企业数（家）\n全市,4451.2,575\n清江浦区,850.2,95\n淮阴区,600.5,80\n淮安区,,\n某某街道,5,1\n", "own=320812 period=2022"),
		text("city-table-long.csv", "地区,指标,报告期,数值\n"+everyArea("%s,科技型中小企业数,2022,10\n")+"淮安市,科技型中小企业数,2022,90\n", "own=320804"),
		text("city-table-columns.csv", "指标,单位,全市,清江浦区,淮阴区,淮安区\n地区生产总值,亿元,4451.2,850.2,600.5,\n科技型中小企业数,家,575,95,80,\n", "own=320812 period=2022"),
		text("city-rows.json", `{"data":[{"地区":"清江浦区","指标":"gdp","时期":"2022","数值":850.2},{"地区":"淮阴区","指标":"gdp","时期":"2022","数值":600.5}]}`, "own=320812"),
		text("only-others.csv", "地区,指标,报告期,数值\n淮阴区,地区生产总值,2022,600.5\n", "own=320812"),
		// What other programs write.
		text("typed-text.csv", "indicator,period,value\ngdp,'2022,'850.2\nhnte_valid,=\"2022\",=\"95\"\n", ""), text("accounts.csv", "期间,科目代码,科目名称,借方金额,贷方金额,余额\n202203,6602.01,研发费用,12000.00,,12000.00\n", ""),
		text("utf7.csv", "+YwdoBw-,+YqVUSmcf-,+ZXBQPA-\ngdp,2022,850.2\n", ""), text("ctrl-z.csv", csv+"\x1a", ""), {"sheet.numbers", zipped("Index/Document.iwa", "x", "Metadata/Properties.plist", "x"), ""},
		text("sep.csv", "sep=;\nindicator;period;value\ngdp;2022;850.2\n", ""), text("r-write-csv.csv", "\"\",\"indicator\",\"period\",\"value\"\n\"1\",\"gdp\",\"2022\",850.2\n\"2\",\"hnte_valid\",\"2022\",NA\n", ""),
		text("pandas.csv", ",indicator,period,value\n0,gdp,2022,850.2\n1,hnte_valid,2022,NaN\n", ""), text("r-write-table.txt", "\"indicator\" \"period\" \"value\"\n\"1\" \"gdp\" \"2022\" 850.2\n", ""), text("columns.prn", "指标                报告期    数值\n地区生产总值        2022      850.2\n", ""),
		text("dhis2.csv", "dataelement,period,orgunit,categoryoptioncombo,value,storedby,deleted\ngdp,2022,320812,HllvX50cXC0,850.2,admin,false\nhnte_valid,2022,320812,HllvX50cXC0,95,admin,true\n", ""),
		text("dingtalk-stars.csv", "*指标名称,*报告期,*数值（必填）,备注（选填）\n地区生产总值,2022,850.2,\n", ""), text("dingtalk-form.csv", "提交人,提交时间,指标,报告期,数值,审批状态\n张三,2023-01-05 10:22,地区生产总值,2022,850.2,已通过\n", ""),
		text("spss.sav", "$FL2@(#) SPSS DATA FILE", ""), {"sas.sas7bdat", append(make([]byte, 12), "\xC2\xEA\x81\x60\xB3\x14\x11\xCF\x00"...), ""}, text("stata.dta", "<stata_dta><header>", ""), {"r.rds", gz([]byte("X\n\x00\x00\x00\x03\x00\x04")), ""}, text("data.parquet", "PAR1\x15\x04", ""), text("data.db", "SQLite format 3\x00", ""), text("utf32.csv", "\xFF\xFE\x00\x00i\x00\x00\x00", ""),
		{"two-tables-below.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 1}, nil, []any{"表2"}, []any{"指标", "2021", "2022"}, []any{"有效高新技术企业", 87, 95})
		}), ""},
		{"month-merged.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", []any{"淮安市清江浦区2022年3月科技创新月报"}, []any{"指标名称", "计量单位", "本月", nil, "1—本月", nil}, []any{nil, nil, "本期", "同比±%", "累计", "同比±%"}, []any{"技术合同成交额", "亿元", 5.2, 3.1, 14.1, 12.3})
			for _, m := range [][2]string{{"A1", "F1"}, {"A2", "A3"}, {"B2", "B3"}, {"C2", "D2"}, {"E2", "F2"}} {
				_ = f.MergeCell("Sheet1", m[0], m[1])
			}
		}), "dataset=sti-monthly period=2022-03"},
		// JSON.
		text("list.json", `[{"indicator":"地区生产总值","period":"2022年","value":850.2}]`, ""), text("one.json", `{"indicator":"gdp","period":"2022","value":"1"}`, ""), text("lines.ndjson", "{\"indicator\":\"gdp\",\"period\":\"2022\",\"value\":1e2}\n\n{\"area\":\"淮阴区\",\"indicator\":\"gdp\",\"period\":\"2022\",\"value\":null}\n{\"indicator\":\"gdp\",\"period\":\"2021\",\"value\":NaN}\n", ""),
		{"gb.json", gb(`{"observations":[{"indicator":"地区生产总值","period":"2022","value":1,"unit":"亿元"}]}`), ""}, text("python.json", `{"observations":[{"indicator":"gdp","period":"2022","value":None}]}`, ""), text("huge-exponent.json", `{"observations":[{"indicator":"gdp","period":"2022","value":1e400}]}`, ""),
		text("wrong-kinds.json", `{"observations":[{"indicator":"gdp","period":2022,"value":true}]}`, ""), text("chinese-quotes.json", `{“observations”:[]}`, ""), text("cut.json", `{"observations":[{"indicator":"gdp"`, ""),
		// JSON as other programs write it.
		text("chinese-keys.json", `[{"指标":"地区生产总值","地区":"清江浦区","时期":"2022年","数值":850.20,"单位":"亿元","备注":"初步"},{"指标":"有效高新技术企业","地区":"清江浦区","时期":2022,"数值":"95","单位":"家"}]`, ""),
		text("chinese-keys-data.json", `{"code":200,"msg":"ok","data":[{"指标名称":"地区生产总值","报告期":"2022","数值":8.502e2,"计量单位":"亿元","录入人":"张三"}]}`, ""),
		text("rows-with-period.json", `{"rows":[{"指标":"地区生产总值","数值":850.2},{"指标":"有效高新技术企业","数值":null}],"报告期":"2022年","地区":"清江浦区","单位":"亿元"}`, ""),
		text("records-nested.json", `{"result":{"total":1,"records":[{"indicator":"gdp","period":"2022","value":850.2,"area":"320812"}]}}`, ""),
		text("wide-object.json", `{"list":[{"时期":"2021年","地区生产总值（亿元）":813.41,"有效高新技术企业":87},{"时期":"2022年","地区生产总值（亿元）":850.2,"有效高新技术企业":{"值":95}}]}`, ""),
		text("one-object.json", "{\n  \"指标\": \"地区生产总值\",\n  \"时期\": \"2022年\",\n  \"数值\": 850.2\n}\n", ""),
		text("pretty-observation.json", "{\n  \"indicator\": \"gdp\",\n  \"period\": \"2022\",\n  \"value\": 850.2\n}\n", ""),
		text("chinese-keys.ndjson", "{\"指标\":\"地区生产总值\",\"时期\":\"2022\",\"数值\":850.2}\n{\"指标\":\"地区生产总值\",\"时期\":\"2021\",\"数值\":NaN}\n{\"指标\":\"有效高新技术企业\",\"时期\":\"2022\",\"数值\":95,\"数值\":96}\n", ""),
		text("dhis2.json", `{"dataSet":"sti-annual","completeDate":"2023-01-05","period":"2022","orgUnit":"320812","dataValues":[{"dataElement":"gdp","categoryOptionCombo":"HllvX50cXC0","value":"850.2","storedBy":"admin","created":"2023-01-05T10:00:00.000+0000","lastUpdated":"2023-01-05T10:00:00.000+0000","comment":"初步","followup":false},{"dataElement":"hnte_valid","categoryOptionCombo":"HllvX50cXC0","value":"95","deleted":true}]}`, ""),
		text("dhis2-sets.json", `{"dataValueSets":[{"period":"2021","orgUnit":"320812","dataValues":[{"dataElement":"gdp","value":"813.41"}]},{"period":"2022","orgUnit":"320812","dataValues":[{"dataElement":"gdp","value":"850.2"}]}]}`, ""),
		text("dhis2-values.json", `{"dataValues":[{"dataElement":"gdp","period":"2022","orgUnit":"320812","value":"850.2"}]}`, ""),
		text("two-lists.json", `{"data":[{"指标":"gdp","时期":"2022","数值":1}],"history":[{"指标":"gdp","时期":"2021","数值":2}]}`, ""), text("outside-differs.json", `{"period":"2022","data":[{"indicator":"gdp","period":"2021","value":1},{"indicator":"hnte_valid","period":"2022年","value":95}]}`, ""),
		text("period-twice.json", `[{"指标":"gdp","时期":"2022","报告期":"2021","数值":1}]`, ""), text("near-key.json", `[{"indicator":"gdp","period":"2022","valeu":1}]`, ""), text("value-and-periods.json", `[{"指标":"gdp","数值":1,"2021年":2}]`, ""), text("no-value.json", `{"data":[{"指标":"地区生产总值","时期":"2022"}]}`, ""),
		text("rows.json", `[["指标","报告期","数值"],["地区生产总值","2022年",850.20],["有效高新技术企业","2022年",null],["技术合同成交额","2022年",[1]]]`, ""), text("rows-wide.json", `{"单位":"万元","data":[["指标","2021年","2022年"],["技术合同成交额",28000,31000]]}`, ""),
		text("pandas-split.json", `{"columns":["indicator","period","value"],"index":[0,1],"data":[["gdp","2022",850.2],["hnte_valid","2022",9.5e1]]}`, ""), text("rows-twice.json", `{"a":[["gdp",1]],"b":[["gdp",2]]}`, ""), text("rows-other-period.json", `{"报告期":"2021年","rows":[["指标","数值"],["地区生产总值",813.41]]}`, "period=2022"),
		text("rows-without-header.json", `[["gdp","2022",850.2]]`, ""), text("rows-cut.json", `[["gdp","2022",`, ""),
		text("cut-rows.json", `{"data":[{"指标":"gdp","时期":"2022","数值":1},`, ""), text("numbers.json", `[1,2,3]`, ""), text("page.json", `{"code":401,"message":"token expired"}`, ""),
		// SDMX-CSV.
		text("sdmx1.csv", "DATAFLOW,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS,UNIT_MEASURE,UNIT_MULT\nCITY:STI_ANNUAL(1.0),320812,gdp,2022,850.2,A,元,8\n", "dataset="),
		text("sdmx2.csv", "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,INDICATOR,TIME_PERIOD,OBS_VALUE,OBS_STATUS\ndataflow,CITY:STI_ANNUAL(1.0),I,A,320812,gdp,2022,850.2,A\ndataflow,CITY:STI_ANNUAL(1.0),D,A,320812,gdp,2021,,\n", "dataset="),
		text("sdmx-labels.csv", "STRUCTURE;STRUCTURE_ID;REF_AREA: Area;INDICATOR: Indicator;TIME_PERIOD: Time;OBS_VALUE: Value\ndataflow;CITY:OTHER(1.0);320812: Qingjiangpu;gdp: GDP;2022-A1;850.2\n", ""),
		// Workbooks.
		{"long.xlsx", xlsx, ""},
		{"floats.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 850.2}, []any{"gdp", "2021", 0.1 + 0.2}, []any{"gdp", "2020", 1e-7}, []any{"gdp", "2019", 123456789012345678.0})
		}), ""},
		{"percent.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"sti_contribution_rate", "2022", 0.651})
			style(f, "Sheet1", "C2", "", 10)
		}), ""},
		{"formats-of-years-and-times.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", []any{"指标", "单位", 2022, 2023}, []any{"地区生产总值", "亿元", 850.2, 900.1}, []any{"有效高新技术企业", "家", 0.5, 3})
			style(f, "Sheet1", "C1", `0"年预计"`, 0)
			style(f, "Sheet1", "D1", `0"年（快报）"`, 0)
			style(f, "Sheet1", "C3", "h:mm", 0)
		}), ""},
		{"dates.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"tech_contract_value", 44621, 1}, []any{"tech_contract_value", 44652, 2}, []any{"tech_contract_value", 44682, 3}, []any{"tech_contract_value", 44713, 44713})
			style(f, "Sheet1", "B2", `yyyy"年"m"月"`, 0)
			style(f, "Sheet1", "B3", "", 17)
			style(f, "Sheet1", "B4", "yyyy-mm-dd", 0)
			style(f, "Sheet1", "B5", `[$-804]yyyy"年"m"月";@`, 0)
			style(f, "Sheet1", "C5", "m/d/yyyy", 0)
		}), "dataset=sti-monthly"},
		{"formats.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 8502000}, []any{"gdp", "2021", 813410}, []any{"rd_expenditure", "2022", -5})
			style(f, "Sheet1", "C2", `0"万元"`, 0)
			style(f, "Sheet1", "C3", `#,##0,`, 0)
			style(f, "Sheet1", "C4", `#,##0.00_);(#,##0.00)`, 0)
		}), ""},
		{"formulas.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", nil}, []any{"gdp", "2021", "#REF!"}, []any{"hnte_valid", "2022", "95"})
			_ = f.SetCellFormula("Sheet1", "C2", "1+1")
		}), ""},
		{"hidden.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 1}, []any{"gdp", "2021", 2})
			_ = f.SetRowVisible("Sheet1", 3, false)
			_, _ = f.NewSheet("旧")
			rows(f, "旧", header, []any{"gdp", "2022", 9})
			_ = f.SetSheetVisible("旧", false)
			_, _ = f.NewSheet("说明")
			rows(f, "说明", []any{"填报说明"})
		}), ""},
		{"comments-and-struck.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 850.2}, []any{"hnte_valid", "2022", 95})
			_ = f.AddComment("Sheet1", excelize.Comment{Cell: "C2", Author: "张三", Text: "应为 855.1"})
			_ = f.AddComment("Sheet1", excelize.Comment{Cell: "C3", Author: "citytally", Text: "a finding"})
			struck, _ := f.NewStyle(&excelize.Style{Font: &excelize.Font{Strike: true}})
			_ = f.SetCellStyle("Sheet1", "C3", "C3", struck)
		}), ""},
		{"merged.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", []any{"清江浦区科技创新年报"}, []any{"时期", "指标", "数值"}, []any{2022, "地区生产总值", 850}, []any{nil, "有效高新技术企业", 95}, []any{2021, "地区生产总值", 813}, []any{nil, "有效高新技术企业", nil})
			_ = f.MergeCell("Sheet1", "A1", "C1")
			_ = f.MergeCell("Sheet1", "A3", "A4")
			_ = f.MergeCell("Sheet1", "A5", "A6")
			_ = f.MergeCell("Sheet1", "C5", "C6")
		}), ""},
		{"two-row-header.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", []any{"指标", "单位", "2022年", nil, "2023年"}, []any{nil, nil, "一季度", "二季度", "一季度"}, []any{"地区生产总值", "亿元", 200, 210, 220})
			_ = f.MergeCell("Sheet1", "A1", "A2")
			_ = f.MergeCell("Sheet1", "B1", "B2")
			_ = f.MergeCell("Sheet1", "C1", "D1")
		}), "dataset=sti-quarterly"},
		{"two-tables.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 1})
			_, _ = f.NewSheet("表2")
			rows(f, "表2", header, []any{"gdp", "2021", 2})
		}), ""},
		{"two-tables-said.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", header, []any{"gdp", "2022", 1})
			_, _ = f.NewSheet("表2")
			rows(f, "表2", header, []any{"gdp", "2021", 2})
		}), "sheet=表2"},
		{"no-such-sheet.xlsx", xlsx, "sheet=表9"},
		{"no-table.xlsx", book(func(f *excelize.File) { rows(f, "Sheet1", []any{"你好"}, []any{"地区生产总值", 5}) }), ""},
		{"empty.xlsx", book(func(*excelize.File) {}), ""},
		{"matrix.xlsx", book(func(f *excelize.File) {
			rows(f, "Sheet1", []any{"地区", "地区生产总值（亿元）", "有效高新技术企业（家）"}, []any{"清江浦区", 850.2, 95}, []any{"淮阴区", 600.5, nil}, []any{"全市合计", 1450.7, 95})
		}), "area= period=2022"},
	}
}

func query(parameters string) string {
	if parameters == "" {
		return ""
	}
	return " ?" + parameters
}

const corpusPage = `# Files, and what becomes of them

Every file that ` + "`TestCorpus`" + ` writes and reads, %d of them, of the kinds that districts have: the file and what the request
adds to it; what it was understood to be, or why it is refused, in both languages; the figures with their cells, as
they go to be judged; what was passed over. A figure that cannot be read is MALFORMED. The test writes this page anew
with -update.

` + "```" + `
%s` + "```" + `
`

// TestCorpus writes down what became of every file of the corpus, as a page of the documentation. The tables written
// in many encodings and with many delimiters give the same figures each time.
func TestCorpus(t *testing.T) {
	var b strings.Builder
	n := 0
	want := map[string]string{}
	for _, f := range varied() {
		n++
		name, _, _ := strings.Cut(f.name, ".")
		got, err := decode.Read(f.content, f.options(t))
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		figures := ""
		for _, s := range got.Submissions {
			for _, o := range s.Observations {
				figures += "   " + s.Area + " " + line(&s, &o) + "\n"
			}
		}
		if want[name] == "" {
			want[name] = figures
			fmt.Fprintf(&b, "== %s (%d encodings, separated by commas, tabs, semicolons and vertical bars)%s\n   %s\n   %s\n%s", name, len(encodings), query(f.parameters), got.Understanding.EN, got.Understanding.ZH, figures)
		}
		if figures != want[name] {
			t.Errorf("%s: got\n%swant\n%s", f.name, figures, want[name])
		}
	}
	for _, f := range append(single(), laidOut(t)...) {
		n++
		describe(&b, f.name, query(f.parameters), f.content, f.options(t))
	}
	if n < 150 {
		t.Errorf("the corpus has %d files, want 150", n)
	}
	golden(t, "../../cmd/citytally/docs/files.md", fmt.Sprintf(corpusPage, n, b.String()))
}
