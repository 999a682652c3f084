package decode

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/ingest/event"
)

// column is a column of a CSV file; set puts one of its cells into a row.
type column struct {
	name string
	set  func(r *row, cell string)
}

// header is the columns of a CSV file, in the file's order.
type header []column

// has reports whether the header has a column of the name.
func (h header) has(name string) bool {
	return slices.ContainsFunc(h, func(c column) bool { return c.name == name })
}

// The columns that a file has to have, and those that it may have.
var (
	requiredColumns = header{
		{"indicator", func(r *row, cell string) { r.Indicator = cell }},
		{"period", func(r *row, cell string) { r.Period = cell }},
		{"value", func(r *row, cell string) { r.Value = event.Text(cell) }},
	}
	optionalColumns = header{
		{"unit", func(r *row, cell string) { r.Unit = cell }},
		{"stage", func(r *row, cell string) { r.Stage = cell }},
		{"status", func(r *row, cell string) { r.Status = cell }},
		{"qualifier", func(r *row, cell string) { r.Qualifier = cell }},
		{"note", func(r *row, cell string) { r.Note = cell }},
		{"area", func(r *row, cell string) { r.area = cell }},
		{"dataset", func(r *row, cell string) { r.dataset = cell }},
	}
	knownColumns  = slices.Concat(requiredColumns, optionalColumns)
	wantedColumns = requiredColumns.String() + "[," + optionalColumns.String() + "]"
)

// String returns the names of the columns, separated by commas.
func (h header) String() string {
	names := make([]string, len(h))
	for i := range h {
		names[i] = h[i].name
	}
	return strings.Join(names, ",")
}

// parseHeader reads the header line and reports everything that is wrong with
// it at once.
func parseHeader(r record) (header, error) {
	switch {
	case strings.HasPrefix(r.text, "\xFF\xFE") || strings.HasPrefix(r.text, "\xFE\xFF"):
		return nil, newProblem(NotUTF8, "UTF-16", "文件是 UTF-16 编码，请另存为“CSV UTF-8（逗号分隔）”", `the file is UTF-16; save it as "CSV UTF-8 (comma delimited)"`)
	case strings.HasPrefix(r.text, "PK\x03\x04") || strings.HasPrefix(r.text, "\xD0\xCF\x11\xE0"):
		return nil, newProblem(NotCSV, event.Excerpt(r.text, 40), "这是 Excel 工作簿（或压缩包），不是 CSV；请在 Excel 中另存为“CSV UTF-8（逗号分隔）”",
			`this is an Excel workbook (or a ZIP archive), not CSV; save it in Excel as "CSV UTF-8 (comma delimited)"`)
	case !utf8.ValidString(r.text):
		return nil, newProblem(NotUTF8, event.Excerpt(r.text, 40), "文件不是 UTF-8 编码，请另存为“CSV UTF-8（逗号分隔）”", `the file is not UTF-8; save it as "CSV UTF-8 (comma delimited)"`)
	case r.problem != nil:
		return nil, newProblem(BadColumns, event.Excerpt(r.text, 100), "表头："+r.problem.ZH+"；应为 "+wantedColumns, "header: "+r.problem.EN+"; want "+wantedColumns)
	}
	var columns header
	var zh, en []string
	for i, cell := range r.fields {
		name := strings.ToLower(strings.TrimSpace(cell))
		switch {
		case name == "":
			zh = append(zh, fmt.Sprintf("第 %d 列没有列名", i+1))
			en = append(en, fmt.Sprintf("column %d has no name", i+1))
		case !knownColumns.has(name):
			zh = append(zh, fmt.Sprintf("第 %d 列 %q 不是规定的列", i+1, event.Excerpt(strings.TrimSpace(cell), 60)))
			en = append(en, fmt.Sprintf("column %d, %q, is unknown", i+1, event.Excerpt(strings.TrimSpace(cell), 60)))
		case columns.has(name):
			zh = append(zh, fmt.Sprintf("第 %d 列 %q 重复", i+1, name))
			en = append(en, fmt.Sprintf("column %d, %q, occurs twice", i+1, name))
		}
		if known := slices.IndexFunc(knownColumns, func(c column) bool { return c.name == name }); known >= 0 {
			columns = append(columns, knownColumns[known])
		}
		if len(zh) == maxHeaderProblems {
			break
		}
	}
	if len(r.fields) == 1 && strings.ContainsAny(r.text, ";\t，") {
		zh, en = append(zh, "各列须用半角逗号分隔"), append(en, "columns are separated by commas")
	}
	for _, required := range requiredColumns {
		if !columns.has(required.name) {
			zh = append(zh, fmt.Sprintf("缺少列 %q", required.name))
			en = append(en, fmt.Sprintf("column %q is missing", required.name))
		}
	}
	if len(zh) > 0 {
		return nil, newProblem(BadColumns, event.Excerpt(r.text, 100),
			"表头有误："+strings.Join(zh, "；")+"。应为 "+wantedColumns,
			"the header is wrong: "+strings.Join(en, "; ")+"; want "+wantedColumns)
	}
	return columns, nil
}

// maxHeaderProblems bounds the mistakes that are listed; a wide file could have hundreds.
const maxHeaderProblems = 8
