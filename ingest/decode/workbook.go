package decode

import (
	"archive/zip"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/event"
)

// workbook is an XLSX file while it is read.
type workbook struct {
	*file
	book *grid.Workbook
}

// candidate is a sheet that may hold the table.
type candidate struct {
	grid.Sheet
	summary grid.Summary
}

// passedSheet is a sheet that holds no table of the sender's, and why.
type passedSheet struct {
	name    string
	problem *catalogue.Problem
}

// readXLSX reads the one visible sheet of a workbook that holds a table, or the sheet that the
// parameter names.
func (f *file) readXLSX(data []byte, parts map[string]*zip.File) (err error) {
	book, err := grid.OpenWorkbook(data, parts, f.Limits.Limits)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	f.understanding.say("Excel 工作簿", "Excel workbook")
	w := &workbook{file: f, book: book}
	s, err := w.choose()
	if err != nil {
		return err
	}
	return w.readSheet(s)
}

// choose returns the only sheet with a table.
func (w *workbook) choose() (*candidate, error) {
	sheets, err := w.visibleSheets()
	if err != nil {
		return nil, err
	}
	var fits []candidate
	var worst *header.Failure
	var passed []passedSheet
	for _, s := range sheets {
		c := candidate{Sheet: s}
		if c.summary, err = w.book.Summarize(&c.Sheet); err != nil {
			return nil, err
		}
		failed, err := w.try(&c)
		if err != nil {
			return nil, err
		}
		if failed == nil {
			fits = append(fits, c)
			continue
		}
		if passed = append(passed, passedSheet{event.Excerpt(s.Name, 60), failed.Problem}); worst == nil || failed.Recognized > worst.Recognized {
			named := *failed
			worst = &named
			worst.Problem = newProblem(failed.Problem.Code, failed.Problem.Seen, fmt.Sprintf("工作表 %q：%s", s.Name, failed.Problem.ZH), fmt.Sprintf("sheet %q: %s", s.Name, failed.Problem.EN))
		}
	}
	switch {
	case len(fits) == 0 && worst != nil:
		return nil, worst.Problem
	case len(fits) == 0:
		return nil, newProblem(Empty, "", "工作簿里没有可见的工作表", "the workbook has no visible sheet")
	case len(fits) > 1:
		return nil, severalSheets(fits)
	}
	for _, s := range passed {
		zh, en := fmt.Sprintf("工作表 %q 里没有数据表，未读", s.name), fmt.Sprintf("sheet %q holds no table of figures and is passed over", s.name)
		if s.problem.Code == header.DefaultsDiffer {
			zh, en = fmt.Sprintf("工作表 %q 未读：%s", s.name, s.problem.ZH), fmt.Sprintf("sheet %q is passed over: %s", s.name, s.problem.EN)
		}
		w.understanding.note("SHEET_PASSED_OVER", 0, "", s.name, zh, en)
	}
	return &fits[0], nil
}

func severalSheets(fits []candidate) error {
	var names []string
	for _, s := range fits[:min(len(fits), 5)] {
		names = append(names, strconv.Quote(event.Excerpt(s.Name, 40)))
	}
	all := strings.Join(names, ", ")
	return newProblem(Ambiguous, all,
		fmt.Sprintf("工作簿里有 %d 张数据表（%s），不知道该报哪一张；请写明“工作表”（接口的参数 sheet），或分别保存后上传", len(fits), all),
		fmt.Sprintf("%d sheets of the workbook hold a table (%s) and it does not say which is meant; name one with the parameter sheet, or send them one by one", len(fits), all))
}

// visibleSheets returns the worksheets that a person sees, or the one that the parameter names.
func (w *workbook) visibleSheets() (sheets []grid.Sheet, err error) {
	var names []string
	for _, s := range w.book.Sheets() {
		names = append(names, s.Name)
		switch name := event.Excerpt(s.Name, 60); {
		case w.Sheet != "" && s.Name == w.Sheet:
			return []grid.Sheet{s}, nil
		case w.Sheet != "":
		case s.Hidden:
			w.understanding.note("SHEET_HIDDEN", 0, "", name, fmt.Sprintf("工作表 %q 是隐藏的，未读", name), fmt.Sprintf("sheet %q is hidden and is passed over", name))
		default:
			sheets = append(sheets, s)
		}
	}
	if w.Sheet != "" {
		all, asked := event.Excerpt(strings.Join(names, ", "), maxSeen), event.Excerpt(w.Sheet, 60)
		return nil, newProblem(BadParameter, asked, fmt.Sprintf("工作簿里没有名为 %q 的工作表；有 %s", asked, all), fmt.Sprintf("the workbook has no sheet %q; it has %s", asked, all))
	}
	return sheets, nil
}

func (w *workbook) try(c *candidate) (*header.Failure, error) {
	rows, err := w.book.Rows(&c.Sheet)
	if err != nil {
		return nil, err
	}
	w.sheet = c.Name
	_, failed, err := w.recognize(rows)
	return failed, errors.Join(err, rows.Close())
}

func (w *workbook) readSheet(c *candidate) (err error) {
	if c.summary.Rows > w.Limits.Observations+header.MaxTitleRows {
		return tooManyRows(w.Limits.Observations) // before they are all read
	}
	w.describe(c)
	w.sheet, w.expected = c.Name, c.summary.Rows
	rows, err := w.book.Rows(&c.Sheet)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	t, _, err := w.recognize(rows)
	if err != nil {
		return err
	}
	if t.beside != nil {
		return w.readBeside(t.beside, func() (grid.Grid, func() error, error) {
			again, err := w.book.Rows(&c.Sheet)
			if err != nil {
				return nil, nil, err
			}
			return again, again.Close, nil
		})
	}
	return t.read()
}

// describe says which sheet is read, and notes what a person does not see in it.
func (w *workbook) describe(c *candidate) {
	w.understanding.sayf("工作表 %q", "sheet %q", event.Excerpt(c.Name, 60))
	if n, first := c.summary.HiddenRows, c.summary.FirstHidden; n > 0 {
		w.understanding.note("ROWS_HIDDEN", first, "", "",
			fmt.Sprintf("有 %d 行是隐藏的（第一处在第 %d 行），也已读入", n, first), fmt.Sprintf(plural(n, "%d hidden row")+" read as well, the first is row %d", n, first))
	}
	if c.summary.HiddenColumns > 0 {
		w.understanding.note("COLUMNS_HIDDEN", 0, "", "", "有隐藏的列，也已读入", "hidden columns are read as well")
	}
	if comments := w.book.Comments(&c.Sheet); len(comments) > 0 {
		first, text := event.Excerpt(comments[0].Cell, 20), event.Excerpt(comments[0].Text, 60)
		w.understanding.note("CELL_COMMENTS", 0, "", text,
			fmt.Sprintf("有 %d 处批注（如 %s：%s），未读；批注说到数值有误的，请改正单元格里的数", len(comments), first, text), fmt.Sprintf(plural(len(comments), "%d comment")+" on cells (%s: %s) not read; where one says that a figure is wrong, correct the cell", len(comments), first, text))
	}
	if n, first := c.summary.Formulas, c.summary.FirstFormula; n > 0 {
		w.understanding.note("FORMULAS", 0, "", first,
			fmt.Sprintf("有 %d 个公式单元格（如 %s），读的是上次保存时的计算结果", n, first), fmt.Sprintf(plural(n, "%d formula")+" (%s is the first): the result of when the file was saved is read", n, first))
	}
}
