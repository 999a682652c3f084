package grid

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/configs/catalogue"
)

// Summary is what a worksheet holds besides values.
type Summary struct {
	// HiddenRows and HiddenColumns count what is hidden, FirstHidden is the first such row.
	HiddenRows, HiddenColumns, FirstHidden int
	// Rows counts the rows with values.
	Rows int
	// Formulas counts formulas; FirstFormula is the first one's cell.
	Formulas     int
	FirstFormula string
}

// Summarize looks through a sheet, and refuses one that has too much in it, or rows and
// cells out of order, before any of it is read.
func (w *Workbook) Summarize(s *Sheet) (Summary, error) {
	var sum Summary
	content, err := s.part.Open()
	if err != nil {
		return sum, brokenWorkbook()
	}
	defer content.Close()
	scanner := newSheetScanner(content)
	cells, last := 0, 0
	for {
		err := scanner.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || scanner.number <= last || scanner.number > excelize.TotalRows {
			return sum, brokenWorkbook()
		}
		if last = scanner.number; slices.ContainsFunc(scanner.cells, func(c cellInfo) bool { return c.value }) {
			sum.Rows++
		}
		if scanner.hidden && len(scanner.cells) > 0 {
			if sum.HiddenRows++; sum.FirstHidden == 0 {
				sum.FirstHidden = scanner.number
			}
		}
		if err := w.checkRow(scanner, &sum); err != nil {
			return sum, err
		}
		// A cell far to the right costs as much as all those before it.
		if n := len(scanner.cells); n > 0 {
			cells += max(n, scanner.cells[n-1].column)
		}
		if cells > w.limits.Cells {
			return sum, tooLarge("工作表的单元格超过 %d 个，请分成几个文件", "the sheet has more than %d cells; split it into several files", w.limits.Cells)
		}
	}
	s.merges, sum.HiddenColumns = scanner.merges, scanner.hiddenColumns
	return sum, nil
}

// checkRow checks the cells of the row that the scanner is at.
func (w *Workbook) checkRow(scanner *sheetScanner, sum *Summary) error {
	before := -1
	for i := range scanner.cells {
		c := &scanner.cells[i]
		switch {
		case c.column <= before, c.kind == "s" && c.value && (c.bytes > 9 || c.text >= len(w.texts)):
			return brokenWorkbook()
		case c.column >= w.limits.Columns && c.value:
			return tooLarge("工作表的列超过 %d 列", "the sheet has more than %d columns", w.limits.Columns)
		case c.bytes > w.limits.CellBytes*6: // escaped characters take up to six bytes
			return tooLarge("单元格 %s 超过 %d 字节", "cell %s has more than %d bytes", ColumnName(c.column)+strconv.Itoa(scanner.number), w.limits.CellBytes)
		case c.formula:
			if sum.Formulas++; sum.Formulas == 1 {
				sum.FirstFormula = ColumnName(c.column) + strconv.Itoa(scanner.number)
			}
		}
		before = c.column
	}
	return nil
}

// SheetRows hands out the rows of a worksheet. Close releases it.
type SheetRows struct {
	book    *Workbook
	scanner *sheetScanner
	content io.Closer
	number  int
	ahead   bool // the scanner stands at a row that the rows have not come to
	ended   bool
	merges  map[int][]merge // by their first row
	open    []merge
	above   map[int]string // the texts of merged ranges, by column
	cells   []string
	problem error // why the scanner has ended before the rows have

}

// Rows returns the rows of a sheet that has been summarized.
func (w *Workbook) Rows(s *Sheet) (*SheetRows, error) {
	content, err := s.part.Open()
	if err != nil {
		return nil, brokenWorkbook()
	}
	g := &SheetRows{book: w, scanner: newSheetScanner(content), content: content, merges: map[int][]merge{}, above: map[int]string{}}
	g.scanner.collect = true
	for _, m := range s.merges {
		if m.lastRow > m.row && m.column <= w.limits.Columns {
			g.merges[m.row] = append(g.merges[m.row], m)
		}
	}
	return g, nil
}

// Close releases what the rows are read from.
func (g *SheetRows) Close() error { return g.content.Close() }

// Next returns the next row. Rows that the workbook leaves out are rows without cells.
func (g *SheetRows) Next() (Row, error) {
	g.number++
	infos := g.infos()
	switch {
	case g.problem != nil:
		return Row{}, brokenWorkbook()
	case g.ended:
		return Row{}, io.EOF
	}
	r := Row{Number: g.number, Cells: g.cells[:0]}
	for _, info := range infos {
		if !info.value && !info.formula {
			continue
		}
		for len(r.Cells) <= info.column && info.column < g.book.limits.Columns {
			r.Cells = append(r.Cells, "")
		}
		if info.column < len(r.Cells) {
			r.Cells[info.column] = g.stored(info)
		}
		g.cell(&r, info)
	}
	g.fillMerged(&r)
	g.cells = r.Cells
	return r, nil
}

// stored returns the value of a cell as it is stored.
func (g *SheetRows) stored(info cellInfo) string {
	switch {
	case info.kind == "s" && info.bytes > 0 && info.text < len(g.book.texts):
		return g.book.texts[info.text]
	case info.kind == "inlineStr":
		return unescapeText(g.scanner.text[info.from:info.to])
	}
	return g.scanner.text[info.from:info.to]
}

// infos returns what the XML says of the row's cells.
func (g *SheetRows) infos() []cellInfo {
	for !g.ended && (!g.ahead || g.scanner.number < g.number) {
		if err := g.scanner.next(); err != nil {
			g.ended = true
			if !errors.Is(err, io.EOF) {
				g.problem = err
			}
		}
		g.ahead = true
	}
	if g.ended || g.scanner.number != g.number {
		return nil
	}
	return g.scanner.cells
}

// cell turns what is stored in a cell into the text that a person sees in it, with all its digits.
func (g *SheetRows) cell(r *Row, info cellInfo) {
	i := info.column
	if info.formula && (!info.value || i >= len(r.Cells) || r.Cells[i] == "" && info.kind != "str") {
		g.fault(r, i, "公式没有计算结果（文件由程序生成，未经 Excel 计算）；请用 Excel 打开并保存，或粘贴为数值", "the formula has no result, since no spreadsheet has computed it; open the file in Excel and save it, or paste the value")
		return
	}
	if i >= len(r.Cells) || r.Cells[i] == "" {
		return
	}
	raw := r.Cells[i]
	format := g.book.formats.of(info.style)
	if format.struck && isNumber(raw) {
		g.fault(r, i, fmt.Sprintf("%s 上有删除线，看不出这个数是否作废；作废的请删去，有效的请去掉删除线", raw), fmt.Sprintf("%s is struck through, and it is not certain whether it still counts; delete it, or take the line away", raw))
		return
	}
	switch info.kind {
	case "s", "str", "inlineStr":
		if (raw[0] >= '0' && raw[0] <= '9' || raw[0] == '-') && isNumber(raw) && !isPeriod(raw) {
			r.Texts = append(r.Texts, i)
		}
		return
	case "e":
		return
	case "b":
		g.fault(r, i, "内容是逻辑值 TRUE 或 FALSE，不是数；请改为数值或文本", "it holds TRUE or FALSE and no figure; write a number or a text")
		return
	case "d":
		r.Cells[i], _, _ = strings.Cut(raw, "T")
		return
	}
	switch {
	case format.time:
		g.fault(r, i, fmt.Sprintf("存的是 %s，单元格却是时间格式，看不出填的是时间还是数；请把单元格格式改为“常规”或“数值”并核对", raw), fmt.Sprintf("it holds %s and is formatted as a time, so that it is not certain whether a time or a figure is meant; format the cell as General or Number, and check it", raw))
	case format.date != "":
		serial, err := strconv.ParseFloat(raw, 64)
		if err != nil || serial < 1 || serial > 300_000 {
			return
		}
		if day, err := excelize.ExcelDateToTime(serial, g.book.date1904); err == nil {
			r.Cells[i] = day.Format(format.date)
		}
	case format.percent:
		if text, ok := plainNumber(raw, 2); ok {
			r.Cells[i] = text + "%"
		}
	case format.scaled:
		g.fault(r, i, fmt.Sprintf("存的是 %s，数字格式却把它缩小显示，看不出填的是哪个数；请改用普通数字格式并核对", raw), fmt.Sprintf("it holds %s and its format shows a thousandth or ten-thousandth of it, so that it is not certain which is meant; use a plain format", raw))
	default:
		if text, ok := plainNumber(raw, 0); ok {
			r.Cells[i] = text + format.behind
		}
	}
}

func isNumber(text string) bool {
	reading, err := catalogue.ParseValue(text)
	return err == nil && !reading.Missing && reading.Unit == ""
}

func isPeriod(text string) bool {
	_, err := catalogue.ParsePeriod(text)
	return err == nil
}

func (g *SheetRows) fault(r *Row, i int, zh, en string) {
	if r.Faults == nil {
		r.Faults = map[int]*catalogue.Problem{}
	}
	where := ColumnName(i) + strconv.Itoa(r.Number)
	for len(r.Cells) <= i {
		r.Cells = append(r.Cells, "")
	}
	r.Faults[i] = &catalogue.Problem{ZH: "单元格 " + where + "：" + zh, EN: "cell " + where + ": " + en}
}

// fillMerged writes the text of a cell that is merged over several rows into those below, as
// a person reads it.
func (g *SheetRows) fillMerged(r *Row) {
	kept := g.open[:0]
	for _, m := range g.open {
		if m.lastRow < r.Number {
			delete(g.above, m.column)
			continue
		}
		for len(r.Cells) < m.column {
			r.Cells = append(r.Cells, "")
		}
		if i := m.column - 1; r.Cells[i] == "" && g.above[m.column] != "" {
			r.Cells[i] = g.above[m.column]
			if r.Merged == nil {
				r.Merged = map[int]bool{}
			}
			r.Merged[i] = true
		}
		kept = append(kept, m)
	}
	g.open = kept
	for _, m := range g.merges[r.Number] {
		if text := r.Cell(m.column - 1); text != "" {
			g.above[m.column] = text
			g.open = append(g.open, m)
		}
	}
}
