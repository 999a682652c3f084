package template

import (
	"bytes"
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
)

const (
	// titleRows stand above the header.
	titleRows = 3
	// maxSheetName is how many characters the name of a sheet may have.
	maxSheetName = 31
	// maxPrompt is how many characters the advice beside a cell may have.
	maxPrompt = 255
)

// Workbook returns the form as an Excel workbook of one sheet: labels are protected (without
// a password), cells to fill in are yellow, and choices drop down. A value that is not a
// plain number within the indicator's bounds is asked about, and may stay: 近200 and 60亿元
// are read too.
func (f *Form) Workbook() ([]byte, error) {
	book := excelize.NewFile()
	defer book.Close()
	w := &writer{form: f, book: book, sheet: sheetName(f.Dataset)}
	w.try(book.SetSheetName("Sheet1", w.sheet))
	w.styles()
	w.titles()
	w.table()
	if !f.list() {
		w.validations()
		w.protect()
	}
	if w.err != nil {
		return nil, fmt.Errorf("write form: %w", w.err)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		return nil, fmt.Errorf("write form: %w", err)
	}
	return b.Bytes(), nil
}

// sheetName returns a name that Excel takes.
func sheetName(d *catalogue.Dataset) string {
	name := []rune(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`[]:*?/\'`, r) {
			return ' '
		}
		return r
	}, d.NameZH))
	if len(name) == 0 {
		return d.ID[:min(len(d.ID), maxSheetName)]
	}
	return string(name[:min(len(name), maxSheetName)])
}

// writer writes a form; err is the first error.
type writer struct {
	form                        *Form
	book                        *excelize.File
	sheet                       string
	title, header, closed, open int // styles
	err                         error
}

func (w *writer) try(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *writer) styles() {
	text := 0 // what is typed stays as it is: a code of digits would lose its last ones
	if w.form.list() {
		text = 49
	}
	border := []excelize.Border{}
	for _, side := range []string{"left", "right", "top", "bottom"} {
		border = append(border, excelize.Border{Type: side, Color: "BFBFBF", Style: 1})
	}
	fill := func(colour string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	for _, s := range []struct {
		into  *int
		style excelize.Style
	}{
		{&w.title, excelize.Style{Font: &excelize.Font{Bold: true, Size: 14}}},
		{&w.header, excelize.Style{Font: &excelize.Font{Bold: true}, Fill: fill("D9E1F2"), Border: border, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}}},
		{&w.closed, excelize.Style{Fill: fill("F2F2F2"), Border: border, Alignment: &excelize.Alignment{WrapText: true, Vertical: "center"}}},
		{&w.open, excelize.Style{NumFmt: text, Fill: fill("FFFBE6"), Border: border, Protection: &excelize.Protection{Locked: false}, Alignment: &excelize.Alignment{Vertical: "center"}}},
	} {
		id, err := w.book.NewStyle(&s.style)
		w.try(err)
		*s.into = id
	}
}

func (w *writer) titles() {
	f := w.form
	advice := []string{
		fmt.Sprintf("%s　%s　%s", f.Dataset.NameZH, f.Area.NameZH, f.Period),
		"只填写黄色单元格，填好后将本文件原样上传。空着表示不报，不改动已有数据；可写 60亿元、1.8%、近200；阶段空着按报表默认；没有数据请在状态列选 O。",
		"Fill in the yellow cells only and upload this file as it is. An empty cell says nothing and changes nothing; 60亿元, 1.8% and 近200 are read; without a stage the dataset's is taken; choose status O where there is no figure.",
	}
	if other, several := f.beside(); several {
		zh, en := f.Period.Names()
		otherZH, otherEN := other.Names()
		advice[1] += fmt.Sprintf("%s和%s的数可以只填一种，两种都填时应能相互核对。", zh, otherZH)
		advice[2] += fmt.Sprintf(" Give the figure of %s, that of %s, or both where they agree.", en, otherEN)
	}
	if f.list() {
		advice[1] = "每行填一家，填好后将本文件原样上传；空行表示不报。代码列已设为文本；长期有效的有效期留空；从名单中撤出请在操作列填 D；行数不够时把前三列一并向下复制。"
		advice[2] = "One entity in each row; upload this file as it is. An empty row says nothing. The codes are kept as text; leave a bound of validity empty where there is none; action D takes an entity off the list; copy the first three columns down for more rows."
	}
	for i, text := range advice {
		w.try(w.book.SetCellStr(w.sheet, fmt.Sprintf("A%d", i+1), text))
	}
	w.try(w.book.SetCellStyle(w.sheet, "A1", "A1", w.title))
}

func (w *writer) table() {
	table := w.form.table()
	columns := w.form.columns()
	for n, row := range table {
		for i, text := range row {
			cell, err := excelize.CoordinatesToCellName(i+1, titleRows+1+n)
			w.try(err)
			style := w.closed
			switch {
			case n == 0:
				style = w.header
			case columns[i].open:
				style = w.open
			}
			if number, err := strconv.Atoi(text); err == nil {
				w.try(w.book.SetCellInt(w.sheet, cell, int64(number))) // a code as a text would be marked by Excel
			} else if text != "" {
				w.try(w.book.SetCellStr(w.sheet, cell, text))
			}
			w.try(w.book.SetCellStyle(w.sheet, cell, cell, style))
		}
	}
	for i := range columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		w.try(err)
		w.try(w.book.SetColWidth(w.sheet, name, name, columns[i].width))
	}
	w.try(w.book.SetPanes(w.sheet, &excelize.Panes{Freeze: true, XSplit: w.form.closedColumns(), YSplit: titleRows + 1, TopLeftCell: fmt.Sprintf("%c%d", 'A'+w.form.closedColumns(), titleRows+2), ActivePane: "bottomRight"}))
}

// choices are the words that drop down, by column.
var choices = []struct {
	column string
	zh, en []string
}{
	{"I", []string{"预测", "预计", "快报", "年报"}, []string{"forecast", "estimate", "flash", "final"}},
	{"J", []string{"A", "E", "P", "I", "O"}, []string{"A", "E", "P", "I", "O"}},
	{"K", []string{"近", "超", "约"}, []string{"below", "above", "about"}},
}

func (w *writer) validations() {
	rows := w.form.rows()
	first, last := titleRows+2, titleRows+1+len(rows)
	for _, c := range choices {
		words := c.zh
		if w.form.English {
			words = c.en
		}
		v := excelize.NewDataValidation(true)
		v.SetSqref(fmt.Sprintf("%s%d:%s%d", c.column, first, c.column, last))
		w.try(v.SetDropList(words))
		v.SetError(excelize.DataValidationErrorStyleStop, "citytally", w.form.choose("请从列表中选择，或留空", "choose from the list, or leave it empty"))
		w.try(w.book.AddDataValidation(w.sheet, v))
	}
	for i, r := range rows {
		v, err := w.form.bounds(r, fmt.Sprintf("H%d", first+i))
		if w.try(err); err == nil {
			w.try(w.book.AddDataValidation(w.sheet, v))
		}
	}
}

// bounds returns the check of an indicator's value cell, with advice beside it.
func (f *Form) bounds(i row, cell string) (*excelize.DataValidation, error) {
	v := excelize.NewDataValidation(true)
	v.SetSqref(cell)
	of, kind := excelize.DataValidationTypeDecimal, [2]string{"数字", "number"}
	if i.Unit().Whole() {
		of, kind = excelize.DataValidationTypeWhole, [2]string{"整数", "whole number"}
	}
	bounds := i.UnitName
	if i.Minimum != "" {
		bounds += " ≥ " + i.Minimum
	}
	if i.Maximum != "" {
		bounds += " ≤ " + i.Maximum
	}
	low, high := cmp.Or(i.Minimum, "-"+unbounded), cmp.Or(i.Maximum, unbounded)
	if err := v.SetRange(low, high, of, excelize.DataValidationOperatorBetween); err != nil {
		return nil, err
	}
	text := f.choose(i.name(f)) + "（" + i.UnitName + "）"
	for _, part := range []string{i.Meaning, i.Population, i.Source} {
		if part != "" {
			text += "\n" + part
		}
	}
	if runes := []rune(text); len(runes) > maxPrompt {
		text = string(runes[:maxPrompt-1]) + "…"
	}
	v.SetInput(i.ID, text)
	v.SetError(excelize.DataValidationErrorStyleWarning, "citytally", f.choose(
		"这里一般应为"+kind[0]+"（"+bounds+"）。确认无误可以保留。", "A "+kind[1]+" is expected here ("+bounds+"). Keep it if it is meant."))
	return v, nil
}

// unbounded is a number beyond all that is reported.
const unbounded = "1000000000000000000"

func (f *Form) choose(zh, en string) string {
	if f.English {
		return en
	}
	return zh
}

func (w *writer) protect() {
	w.try(w.book.ProtectSheet(w.sheet, &excelize.SheetProtectionOptions{
		SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true, Sort: true, AutoFilter: true,
	}))
}
