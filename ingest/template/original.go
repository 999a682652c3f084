package template

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
)

// open begins the workbook of a verdict: the file as it was sent, or one with the submission's
// figures.
func (w *verdictWriter) open(original []byte, s *event.Submission) error {
	if len(s.Observations) <= MaxMarked {
		if w.openWorkbook(original, s) || w.openText(original, s) {
			return nil
		}
	}
	w.book, w.sheet = excelize.NewFile(), cmp.Or(sheetOf(s.Sheet), "1")
	w.try(w.book.SetSheetName("Sheet1", w.sheet))
	w.figures(s)
	return w.err
}

// maxUnpacked bounds the parts of a workbook that is marked, which has been read once before.
const maxUnpacked = 64 << 20

// openWorkbook opens the original where it is a workbook with the submission's sheet.
func (w *verdictWriter) openWorkbook(original []byte, s *event.Submission) (ok bool) {
	if s.Sheet == "" || !bytes.HasPrefix(original, []byte("PK\x03\x04")) {
		return false
	}
	defer func() {
		if recover() != nil { // the library takes some broken workbooks amiss
			ok = false
		}
	}()
	book, err := excelize.OpenReader(bytes.NewReader(original), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return false
	}
	if i, err := book.GetSheetIndex(s.Sheet); err != nil || i < 0 {
		_ = book.Close() // nothing of it is on disk
		return false
	}
	w.book, w.sheet = book, s.Sheet
	return true
}

// openText writes the original's cells into a workbook where it is a text table in which the
// submission's first figure stands where it says.
func (w *verdictWriter) openText(original []byte, s *event.Submission) bool {
	if len(original) == 0 || len(s.Columns) == 0 || len(s.Observations) == 0 {
		return false
	}
	decoded, err := charset.Decode(original, charset.Hints{})
	if err != nil {
		return false
	}
	for _, delimiter := range []byte(grid.Delimiters) {
		book := excelize.NewFile()
		if writeCells(book, grid.NewDelimited(decoded.Text, delimiter, grid.Limits{})) == nil && holdsFigure(book, s) {
			w.book, w.sheet = book, "Sheet1"
			return true
		}
		_ = book.Close() // nothing of it is on disk
	}
	return false
}

// writeCells writes the rows of a text table into a workbook's first sheet.
func writeCells(book *excelize.File, rows *grid.Delimited) error {
	for {
		r, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		cells := r.Cells
		if r.Problem != nil {
			cells = []string{r.Text}
		}
		for i, text := range cells {
			if text != "" {
				if err := book.SetCellStr("Sheet1", fmt.Sprintf("%s%d", grid.ColumnName(i), r.Number), text); err != nil {
					return err
				}
			}
		}
	}
}

// holdsFigure reports whether a workbook has the first figure of a submission in its place.
func holdsFigure(book *excelize.File, s *event.Submission) bool {
	i := slices.IndexFunc(s.Observations, func(o event.Observation) bool { return o.Malformed == "" && o.Value != "" })
	if i < 0 {
		return false
	}
	o := &s.Observations[i]
	cell := o.Cell
	if cell == "" && o.Row > 0 {
		cell = fmt.Sprintf("%s%d", s.Columns["value"], o.Row)
	}
	text, err := book.GetCellValue("Sheet1", cell)
	return err == nil && strings.TrimSpace(text) == string(o.Value)
}

// has reports whether the workbook has a sheet of that name.
func (w *verdictWriter) has(name string) bool {
	return slices.ContainsFunc(w.book.GetSheetList(), func(s string) bool { return strings.EqualFold(s, name) })
}
