package template

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/citytally/citytally/ingest/event"
)

// MaxMarked is how many figures a submission may have whose own file is marked. A larger one is
// written anew, which takes less memory.
const MaxMarked = 20_000

// Standing is what has become of a submission by now.
type Standing struct {
	// Status is accepted, partial, held or rejected, and Counting how many rows count.
	Status   string
	Counting int
	// Held returns what has become of the row that a finding held; false where that is not known.
	Held func(*event.Finding) (Held, bool)
}

// Held is what has become of a row that was held.
type Held struct {
	// State is pending, released, refused or superseded.
	State string
	// By has decided so, and Why; both are "" where nobody has.
	By, Why string
}

// Verdict returns a submission as an Excel workbook with what became of it: the table as it was
// sent, where original is that file and it is a workbook or a text table, or else each figure where
// it stood; each finding as a comment on its cell, which is coloured, and a sheet that lists all
// findings.
func Verdict(original []byte, s *event.Submission, v *event.Verdict, standing Standing, english bool) ([]byte, error) {
	w := &verdictWriter{english: english, standing: standing, places: map[string]string{}, styles: map[[2]int]int{}}
	if err := w.open(original, s); err != nil {
		return nil, fmt.Errorf("write verdict: %w", err)
	}
	book := w.book
	defer book.Close()
	w.findings(s, v)
	w.list(v)
	if w.err != nil {
		return nil, fmt.Errorf("write verdict: %w", w.err)
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		return nil, fmt.Errorf("write verdict: %w", err)
	}
	return b.Bytes(), nil
}

// The colours of a cell by what its finding does to the row.
const (
	rejected = iota
	held
	informed
)

var severityColours = [...]string{rejected: "F8CBAD", held: "FFE699", informed: "DDEBF7"}

// maxComment is how many characters a comment may have.
const maxComment = 2000

// sheetOf returns a name that Excel takes.
func sheetOf(name string) string {
	return string([]rune(forbidden.ReplaceAllString(name, " "))[:min(len([]rune(name)), maxSheetName)])
}

var forbidden = regexp.MustCompile(`[\[\]:*?/\\']`)

type verdictWriter struct {
	book     *excelize.File
	sheet    string
	english  bool
	standing Standing
	// styles are those of marked cells, by the style that the cell had and the severity.
	styles map[[2]int]int
	// places are the comments so far, by cell.
	places map[string]string
	err    error
}

func (w *verdictWriter) try(err error) {
	if w.err == nil {
		w.err = err
	}
}

// mark colours a cell, whose format stays.
func (w *verdictWriter) mark(cell string, severity int) {
	before, err := w.book.GetCellStyle(w.sheet, cell)
	w.try(err)
	id, ok := w.styles[[2]int{before, severity}]
	if !ok {
		style, err := w.book.GetStyle(before)
		if err != nil || style == nil {
			style = &excelize.Style{}
		}
		style.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{severityColours[severity]}}
		if style.Alignment == nil {
			style.Alignment = &excelize.Alignment{WrapText: true, Vertical: "top"}
		}
		id, err = w.book.NewStyle(style)
		w.try(err)
		w.styles[[2]int{before, severity}] = id
	}
	w.try(w.book.SetCellStyle(w.sheet, cell, cell, id))
}

// defaultColumns are where fields stand whose place in the file is not known.
var defaultColumns = map[string]string{
	"indicator": "A", "period": "B", "value": "C", "unit": "D", "stage": "E", "status": "F", "qualifier": "G", "note": "H", "action": "I",
}

// columnsOf returns the column of each field.
func columnsOf(s *event.Submission) map[string]string {
	if len(s.Columns) > 0 {
		return s.Columns
	}
	return defaultColumns
}

// rowOf returns the row of the observation at an index.
func rowOf(s *event.Submission, i int) int {
	if row := s.Observations[i].Row; row > 0 {
		return row
	}
	return i + 2 // below a header
}

// figures writes the submission's figures into their cells, and the header above the first.
func (w *verdictWriter) figures(s *event.Submission) {
	columns, first := columnsOf(s), 0
	for i := range s.Observations {
		o, row := &s.Observations[i], rowOf(s, i)
		if first == 0 || row < first {
			first = row
		}
		for field, text := range map[string]string{
			"indicator": o.Indicator, "period": o.Period, "value": string(o.Value), "unit": o.Unit, "stage": o.Stage, "status": o.Status,
			"qualifier": o.Qualifier, "note": o.Note, "action": o.Action, "area": s.Area, "dataset": s.Dataset,
		} {
			cell := columns[field] + strconv.Itoa(row)
			switch {
			case field == "value" && o.Cell != "":
				cell = o.Cell
			case columns[field] == "" || text == "" || row > excelize.TotalRows:
				continue
			}
			if o.Malformed != "" && field == "indicator" {
				text = o.Malformed
			}
			w.try(w.book.SetCellStr(w.sheet, cell, text))
		}
	}
	if first > 1 {
		for field, letters := range columns {
			w.try(w.book.SetCellStr(w.sheet, letters+strconv.Itoa(first-1), field))
		}
	}
}

// findings comments the cells that findings are about.
func (w *verdictWriter) findings(s *event.Submission, v *event.Verdict) {
	columns := columnsOf(s)
	for i := range v.Findings {
		f := &v.Findings[i]
		_, cell, named := strings.Cut(f.Cell, "!")
		if !named {
			cell = f.Cell
		}
		if cell == "" && f.Row > 0 {
			cell = cmp.Or(columns[f.Column], columns["value"], "A") + strconv.Itoa(f.Row)
		}
		if cell == "" || f.Row > excelize.TotalRows {
			cell = "A1"
		}
		w.mark(cell, w.styleOf(f))
		text := strings.TrimSuffix(w.message(f)+"\n"+w.became(f), "\n")
		w.places[cell] = strings.TrimPrefix(w.places[cell]+"\n"+text, "\n")
	}
	cells := make([]string, 0, len(w.places))
	for cell := range w.places {
		cells = append(cells, cell)
	}
	slices.Sort(cells)
	for _, cell := range cells {
		text := []rune(w.places[cell])
		w.try(w.book.AddComment(w.sheet, excelize.Comment{Cell: cell, Author: "citytally", Text: string(text[:min(len(text), maxComment)]), Width: 300, Height: 120}))
	}
}

// styleOf returns the colour of a finding's cell: of what was held, that of what has become of it.
func (w *verdictWriter) styleOf(f *event.Finding) int {
	switch {
	case f.Severity == event.Inform:
		return informed
	case f.Severity == event.Reject:
		return rejected
	}
	switch h, known := w.standing.Held(f); {
	case !known || h.State == "pending":
		return held
	case h.State == "refused":
		return rejected
	}
	return informed
}

// verdictWords are the words of a verdict's sheet, in Chinese and English.
var verdictWords = map[string][2]string{
	"received": {"已收到，待审核", "received, not judged yet"}, "accepted": {"已采用", "accepted"}, "partial": {"部分采用", "partly accepted"},
	"held": {"待核实", "held"}, "rejected": {"未采用", "not accepted"},
	"pending": {"待核实", "held"}, "released": {"核实后已采用", "released"}, "refused": {"核实后已退回", "refused"}, "superseded": {"已被取代", "superseded"},
}

func (w *verdictWriter) word(name string) string {
	if words := verdictWords[name]; w.english {
		return words[1]
	} else {
		return words[0]
	}
}

// became says what has become of what a finding holds, who decided and why; "" of other findings.
func (w *verdictWriter) became(f *event.Finding) string {
	if f.Severity != event.Hold {
		return ""
	}
	h, known := w.standing.Held(f)
	switch {
	case !known:
		return ""
	case h.By == "":
		return w.word(h.State)
	}
	return strings.Join([]string{w.word(h.State), h.By, h.Why}, " · ")
}

func (w *verdictWriter) message(f *event.Finding) string {
	if w.english {
		return f.MessageEN
	}
	return f.MessageZH
}

// list writes the sheet that lists the findings.
func (w *verdictWriter) list(v *event.Verdict) {
	name, header := "审核结果", []string{"行", "单元格", "列", "填报内容", "说明", "代码", "处理结果"}
	if w.english {
		name, header = "Verdict", []string{"row", "cell", "column", "seen", "what to do", "code", "what became of it"}
	}
	for n, base := 2, name; w.has(name); n++ {
		name = fmt.Sprintf("%s %d", base, n)
	}
	_, err := w.book.NewSheet(name)
	w.try(err)
	rows := [][]string{{w.word(w.standing.Status), fmt.Sprintf("%d/%d", w.standing.Counting, v.Rows)}, header}
	for i := range v.Findings {
		f := &v.Findings[i]
		rows = append(rows, []string{strconv.Itoa(f.Row), f.Cell, f.Column, f.Seen, w.message(f), f.Code, w.became(f)})
	}
	if v.FindingsOmitted > 0 {
		rows = append(rows, []string{fmt.Sprintf("… %d", v.FindingsOmitted)})
	}
	for n, row := range rows {
		for i, text := range row {
			cell, err := excelize.CoordinatesToCellName(i+1, n+1)
			w.try(err)
			w.try(w.book.SetCellStr(name, cell, text))
		}
	}
	w.try(w.book.SetColWidth(name, "E", "E", 80))
	w.try(w.book.SetColWidth(name, "G", "G", 40))
}
