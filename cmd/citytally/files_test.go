package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/sys/unix"
)

// Files as districts have them go in with one command, and what is wrong comes back cell by cell in the
// language of the reader. Each file is sent twice: the same content gets the same answer. Lists come last.
func TestDistrictFilesEndToEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	startRun(t, dir)
	for _, test := range []struct {
		file, area, dataset string
		code                int
		en, zh              []string
	}{
		{file: "01-gb18030.csv", en: []string{"GB18030", "2 of 2 rows"}, zh: []string{"GB18030 编码", "采用 2 行，共 2 行"}},
		{file: "02-gb18030-half-taken.csv", en: []string{"GB18030", "2 of 2 rows"}},
		{file: "04-gb18030-unit-yuan.csv", en: []string{"GB18030", "1 of 1 rows"}},
		{file: "06-chinese-header.csv", en: []string{"1 of 1 rows"}},
		{file: "07-chinese-indicator-names.csv", en: []string{"2 of 2 rows"}},
		{file: "08-wide-periods.csv", en: []string{"periods across (2021, 2022)", "4 of 4 rows"}, zh: []string{"时期作各列", "采用 4 行"}},
		{file: "10-extra-column-of-names.csv", en: []string{"1 of 1 rows", `column 2, "指标名称", is only compared with the indicators`}, zh: []string{`第 2 列 "指标名称" 只用来核对指标`}},
		{file: "11-title-and-footnote.csv", en: []string{"header in row 2", "1 of 1 rows", "a footnote or signature"}, zh: []string{"表头在第 2 行", "脚注或签署"}},
		{file: "12-trailing-commas.csv", en: []string{"1 of 1 rows"}},
		{file: "14-semicolon.csv", en: []string{"semicolon", "1 of 1 rows"}, zh: []string{"分号分隔"}},
		{file: "15-excel-months.csv", dataset: "sti-monthly", code: 4, en: []string{"6 of 7 rows", "B7", "Excel's number for the day 2022-08-01; write 2022-08"}, zh: []string{"采用 6 行，共 7 行", "B7", "Excel 的日期序号"}},
		{file: "17-values-with-misleading-messages.csv", area: "320826", code: 4,
			en: []string{"0 of 7 rows", "C2", "letter O", "C3", "write 约120", "C4", "brackets stand for minus", "C5", "space inside", "C6", "dash of another kind", "C7", "footnote mark", "C8", "write 超120"},
			zh: []string{"采用 0 行，共 7 行", "字母 O", "约120", "括号", "空格", "脚注", "超120"}},
		{file: "27-json-second-list-inherits-value.json", code: 4, en: []string{`field "observations" occurs twice`}, zh: []string{`字段 "observations" 重复出现`}},
		{file: "28-json-value-twice.json", code: 4, en: []string{`field "value" occurs twice`}, zh: []string{`字段 "value" 重复出现`}},
		{file: "30-json-no-value.json", code: 4, en: []string{"changes nothing", "report at least one figure"}, zh: []string{"不改变已报数据", "请至少填报一个数"}},
		{file: "31-json-exponent.json", en: []string{"1 of 1 rows"}},
		{file: "32-json-nan.json", code: 4, en: []string{"NaN is no value of JSON"}, zh: []string{"NaN 不是 JSON 的值"}},
		{file: "34-json-forged-message.json", code: 4, en: []string{`unknown field "malformed"`}, zh: []string{`未知字段 "malformed"`}},
		{file: "35-ndjson.ndjson", en: []string{"NDJSON", "2 of 2 rows"}},
		{file: "37-gzip.csv.gz", en: []string{"gzip", "1 of 1 rows"}, zh: []string{"gzip 压缩文件"}},
		{file: "39-long.xlsx", code: 4, en: []string{"Excel workbook", "the formula has no result"}, zh: []string{"Excel 工作簿", "公式没有计算结果"}},
	} {
		path := filepath.Join(root, "ingest", "decode", "testdata", "district", test.file)
		for lang, want := range map[string][]string{"en": test.en, "zh": test.zh} {
			code, stdout, stderr := citytally(t, "submit", "--dir", dir, "--lang", lang, "--area", cmp.Or(test.area, "320812"), "--dataset", cmp.Or(test.dataset, "sti-annual"), path)
			if code != test.code {
				t.Errorf("%s: exit code %d, want %d\n%s%s", test.file, code, test.code, stdout, stderr)
			}
			for _, text := range want {
				if !strings.Contains(stdout+stderr, text) {
					t.Errorf("%s: want %q in\n%s%s", test.file, text, stdout, stderr)
				}
			}
		}
	}

	if code, stdout, stderr := citytally(t, "submit", "--dir", dir, "--lang", "zh", "--area", "320812", "--dataset", "sti-annual", workbook(t)); code != 4 ||
		!containsAll(stdout, "表头在第 3 行", "'年 报'!C4", "12O", "字母 O", "'年 报'!A6", "地区生产总植", "填表人", "采用 1 行，共 3 行") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	missing := filepath.Join(t.TempDir(), "old.xls")
	if err := os.WriteFile(missing, []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := citytally(t, "submit", "--dir", dir, "--lang", "en", "--area", "320812", "--dataset", "sti-annual", missing); code != 4 || !containsAll(stdout+stderr, "Excel 97-2003", "save it in Excel or WPS as .xlsx") {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
	listsGoAllTheWay(t, dir)
	submitAsksOnATerminal(t, dir)
}

// On a terminal a file is shown, and sent after a yes alone; nothing is asked where nothing would be
// taken, or --yes has answered.
func submitAsksOnATerminal(t *testing.T, dir string) {
	file := csvFile(t, "indicator,period,value\ninstitute_award,2020,77\n")
	submit := func(answer, file string, more ...string) (code int, text string) {
		t.Helper()
		master, terminal := openTerminal(t)
		if _, err := master.WriteString(answer); err != nil {
			t.Fatal(err)
		}
		var out, errs bytes.Buffer
		code = run(t.Context(), append([]string{"submit", file, "--dir", dir, "--lang", "zh", "--area", "320826", "--dataset", "sti-annual"}, more...), terminal, &out, &errs)
		return code, out.String() + errs.String()
	}
	if code, text := submit("n\n", file); code != exitUsage || !containsAll(text, "试算", "新增", "是否报送") {
		t.Errorf("no: exit code %d\n%s", code, text)
	}
	code, text := submit("", csvFile(t, "indicator,period,value\ninstitute_award,2020,x\n"))
	if code != exitRefused || !strings.Contains(text, "未报送") || strings.Contains(text, "是否报送") {
		t.Errorf("nothing to send: exit code %d\n%s", code, text)
	}
	if code, text := submit("是\n", file); code != 0 || !containsAll(text, "是否报送", "新增") {
		t.Errorf("yes: exit code %d\n%s", code, text) // 新增: the no has stored nothing
	}
	if code, text := submit("", file, "--yes"); code != 0 || strings.Contains(text, "试算") {
		t.Errorf("--yes: exit code %d\n%s", code, text)
	}
}

// openTerminal returns both ends of a terminal, the second as a program sees it.
func openTerminal(t testing.TB) (master, terminal *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return master, terminal
}

// workbook is a workbook as a person keeps it: a title, merged cells, two mistakes and a signature.
func workbook(t *testing.T) string {
	t.Helper()
	f := excelize.NewFile()
	const sheet = "年 报"
	steps := []error{f.SetSheetName("Sheet1", sheet)}
	for i, row := range [][]any{
		{"清江浦区2023年科技创新年报"}, {"单位：亿元"}, {"指标", "时期", "数值"}, {"有效高新技术企业", 2023, "12O"}, {"地区生产总值", 2023, 900.5}, {"地区生产总植", 2023, 1}, {"填表人：张三"},
	} {
		steps = append(steps, f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+1), &row))
	}
	path := filepath.Join(t.TempDir(), "年报.xlsx")
	for _, err := range append(steps, f.MergeCell(sheet, "A1", "C1"), f.SaveAs(path)) {
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func containsAll(text string, parts ...string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}
