package decode

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// table is a grid whose layout is being found, and then read.
type table struct {
	*file
	grid grid.Grid
	// outside are texts outside of the list of a JSON that may state units.
	outside []string
	// sample are the first rows, kept while the header is looked for and then read first.
	sample []grid.Row
	*header.Layout
	ofRows bool // columns have periods that end with that of each row
	reader tableReader
	units  units
	stages stages
	sums   sums
	commas commas
	// beside are the tables that the grid holds beside each other; nil is one table.
	beside *beside
	// toDateBelow is the footnote which says that figures count from the beginning of the year.
	toDateBelow struct {
		text string
		row  int
	}
	// foreignColumns are those of other areas of which there has been a figure.
	foreignColumns map[int]bool
}

// recognize finds the layout of a grid. It returns a failure where there is none, and an error
// where the grid cannot be read.
func (f *file) recognize(g grid.Grid) (*table, *header.Failure, error) {
	t := &table{file: f, grid: g}
	for len(t.sample) < header.SampleRows {
		r, err := t.grid.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		r.Cells = slices.Clone(r.Cells)
		t.sample = append(t.sample, r)
	}
	layout, failed := header.Find(t.sample, f.known())
	if t.Layout = layout; failed != nil && f.headerRow == 0 && !f.keyed {
		if t.beside = t.findBeside(); t.beside != nil {
			return t, nil, nil
		}
	}
	return t, failed, nil
}

// known returns what is known of a table of the file besides its rows.
func (f *file) known() header.Known {
	return header.Known{Catalogue: f.Catalogue, Period: f.period, Sender: cmp.Or(f.Area, f.Own), File: f.File, Sheet: f.sheet, MaxColumns: f.Limits.Columns, First: f.keyed, HeaderRow: f.headerRow}
}

// tableReader is the state of reading a table's rows.
type tableReader struct {
	first, last int // rows with figures
	passed      int // rows passed over as headings and footnotes
	headerLike  int // rows that begin as a header does
	strange     int // different texts that were read as a name or period and are none
	names       cache[named]
	periods     cache[periodCode]
	areas       cache[string]
	datasets    cache[string]
	footnotes   cache[bool]
	totals      cache[bool]
	totalNames  cache[bool]
	changes     cache[bool]
	fieldNames  cache[bool]
	remarks     remarks
	notes       cache[wording.Units]
	years       cache[int]   // that rows with one cell name
	headings    cache[error] // the questions of those
	inNotes     bool         // below a heading such as 填表说明：
	texts       int          // numbers that are stored as text
	firstText   string       // where the first is
	yearless    bool         // a row's period has the title's year
	yearAbove   int          // the last year that a row, or a heading between rows, has named
	above       []string     // the cells of the last row with figures
	areaAbove   string       // the last area and period that rows have named
	periodAbove string
	earlier     int // figures passed over, of which the row has those of a later stage
	ditto       int // cells that repeat the one above
	toDate      int // figures that were taken for those of the year to date
	firstToDate event.Observation
}

// named is an indicator as a cell names it.
type named struct {
	id, unit string
	known    bool
	toDate   bool // the name says that figures are of the year to date
}

// periodCode is a period as a cell writes it: its code, or the text where it has none.
type periodCode struct {
	code   string
	year   int  // that the text itself names; 0 is none
	toDate bool // flows are of the year up to its end
	// problem is why the text is no period.
	problem *catalogue.Problem
}

// cache keeps what texts stand for. Consecutive rows often have the same.
type cache[T any] struct {
	text  string
	value T
	all   map[string]T
}

// maxCached bounds how many texts a cache keeps.
const maxCached = 1 << 14

func (c *cache[T]) get(text string, look func(string) T) T {
	if text == c.text && c.all != nil {
		return c.value
	}
	value, ok := c.all[text]
	if !ok {
		value = look(text)
		if c.all == nil || len(c.all) >= maxCached {
			c.all = map[string]T{}
		}
		c.all[text] = value
	}
	c.text, c.value = text, value
	return value
}

// read reads the rows below the header.
func (t *table) read() error {
	t.describe()
	t.ofRows = slices.ContainsFunc(t.Columns, func(c header.Column) bool { return c.OfRow != 0 })
	t.findUnits()
	t.findStages()
	if t.At[header.AreaField] >= 0 || t.Orientation == header.AcrossAreas {
		t.sums = sums{catalogue: t.Catalogue, cells: map[summed]*parts{}}
	}
	if !t.keyed && t.headerRow == 0 {
		t.file.columns = t.letters()
	}
	if t.Orientation != header.Long {
		t.expected *= len(t.FigureColumns())
	}
	for i := range t.sample[t.Begin:] {
		if err := t.row(&t.sample[t.Begin+i]); err != nil {
			return err
		}
	}
	var r grid.Row // one for all rows: a file may have many millions
	for {
		var err error
		if r, err = t.grid.Next(); errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := t.row(&r); err != nil {
			return err
		}
	}
	if err := t.namesNoIndicator(); err != nil {
		return err
	}
	if err := cmp.Or(t.commas.end(), t.contradictedBelow(), t.otherPeriodSaid(), t.endUnits()); err != nil {
		return err
	}
	t.endStages()
	t.compareTotals()
	t.summarize()
	t.noteTextNumbers()
	return nil
}

// letters returns the letters of the columns that hold a field, by the names of fields in
// findings.
func (t *table) letters() map[string]string {
	letters := map[string]string{}
	for field, i := range t.At {
		if name := header.FieldNames[header.Role(field)]; name != "" && i >= 0 && letters[name] == "" {
			letters[name] = grid.ColumnName(i)
		}
	}
	for name, i := range map[string]int{"base": t.Base, "change": t.Change} {
		if i >= 0 {
			letters[name] = grid.ColumnName(i)
		}
	}
	return letters
}

// maxStrange is how many different texts of a table may be neither a name nor a period where one
// belongs. Each is looked up in many ways; a file with more of them has other columns than it was
// read with.
const maxStrange = 1000

// notice counts a text that was looked up, where it turned out to be nothing.
func (r *tableReader) notice(known bool) {
	if !known {
		r.strange++
	}
}

func tooStrange(r *grid.Row) error {
	return newProblem(BadColumns, r.Excerpt(",", maxSeen),
		fmt.Sprintf("文件中有 %d 个以上不同的文字既不是指标名称，也不是期间（到第 %d 行为止）；请检查表头：哪一列是指标，哪一列是期间", maxStrange, r.Number),
		fmt.Sprintf("the file has more than %d different texts that name no indicator and no period (up to row %d); check the header: which column is the indicator, and which the period", maxStrange, r.Number))
}

func (t *table) row(r *grid.Row) error {
	if t.reader.strange > maxStrange {
		return tooStrange(r)
	}
	if err := t.saysTooMuch(r); err != nil {
		return err
	}
	if r.Problem != nil {
		return t.malformed(r, r.Problem)
	}
	t.nameFromLevels(r)
	n, first := r.Filled()
	if n == 0 && len(r.Faults) == 0 {
		return nil
	}
	if n == 1 {
		ask := func(text string) error { return t.otherSection(r, text) }
		if err := t.reader.headings.get(first, ask); err != nil {
			return err
		}
		if t.yearHeading(r, first) {
			return nil
		}
	}
	if n == 1 && r.Fixed && t.isWholeRow(first) && !t.isFootnote(first) {
		return t.malformed(r, newProblem("", "", "整行都在一个单元格里（文件里这一行被引号括住）；请去掉引号，使各列分开", "the whole row stands in one cell, quoted in the file; take the quotation marks away, so that its cells are apart"))
	}
	if t.passedOver(r, n, first) {
		return nil
	}
	if t.secondHeader(r, first) {
		return newProblem(Ambiguous, r.Excerpt(",", maxSeen),
			fmt.Sprintf("第 %d 行又是一个表头，下面是另一张表；一个文件（工作表）里请只放一张表，请分别保存后上传", r.Number),
			fmt.Sprintf("row %d is a header again, of another table; a file or sheet holds one table, so send them one by one", r.Number))
	}
	if r.Fixed {
		if problem := t.wrongLength(r); problem != nil {
			return t.malformed(r, problem)
		}
	}
	t.countTexts(r)
	t.repeatAbove(r)
	for i, cell := range r.Cells {
		if len(cell) > t.Limits.CellBytes {
			return t.malformed(r, newProblem("", "", fmt.Sprintf("第 %d 列的内容超过 %d 字节", i+1, t.Limits.CellBytes), fmt.Sprintf("the cell in column %d has more than %d bytes", i+1, t.Limits.CellBytes)))
		}
	}
	if problem := t.unplaced(r); problem != nil {
		return t.malformed(r, problem)
	}
	if t.units.section != nil {
		t.units.section.used = true
	}
	t.units.noteUnitCell(r.Cell(t.At[header.UnitField]), r.Number)
	var err error
	switch {
	case t.IsList():
		err = t.listRow(r)
	case t.Orientation == header.Long:
		err = t.longRow(r)
	default:
		err = t.wideRow(r)
	}
	if err == nil && t.units.question != nil {
		return t.units.question
	}
	return err
}

// isWholeRow reports whether a cell holds as many texts between commas or semicolons as the table has columns, and a
// figure among them.
func (t *table) isWholeRow(text string) bool {
	for _, delimiter := range []string{",", ";"} {
		cells := strings.Split(text, delimiter)
		if len(cells) > 1 && len(cells) == len(t.Columns) && len(text) <= header.MaxCell {
			return slices.ContainsFunc(cells[1:], func(cell string) bool {
				reading, err := catalogue.ParseValue(grid.Trim(cell))
				return err == nil && !reading.Missing
			})
		}
	}
	return false
}

// nameFromLevels fills the indicator's cell of a row, where that is empty, with the innermost name of columns such as
// 一级指标 and 二级指标 that stands in the row itself.
func (t *table) nameFromLevels(r *grid.Row) {
	at := t.At[header.IndicatorField]
	if at < 0 || t.Columns[at].Level == 0 || r.Cell(at) != "" {
		return
	}
	from := -1
	for i := range t.Columns {
		if level := t.Columns[i].Level; level > 0 && level < t.Columns[at].Level && r.Cell(i) != "" && !r.Merged[i] && (from < 0 || level > t.Columns[from].Level) {
			from = i
		}
	}
	if from >= 0 && at < len(r.Cells) {
		r.Cells[at] = r.Cells[from]
	}
}

// repeatAbove fills cells that say that the one above is meant again, but for values and notes.
func (t *table) repeatAbove(r *grid.Row) {
	for i, cell := range r.Cells {
		if i >= len(t.Columns) || len(cell) > 12 {
			continue
		}
		switch role := t.Columns[i].Role; {
		case role <= header.Extra, role == header.ValueField, role == header.Figures, role == header.NoteField, role == header.IgnoredField:
		case wording.Ditto(cell) && i < len(t.reader.above) && t.reader.above[i] != "":
			r.Cells[i] = t.reader.above[i]
			t.reader.ditto++
		}
	}
	t.reader.above = append(t.reader.above[:0], r.Cells...)
}

// maxMalformed is how many bytes of a row that cannot be read its finding repeats.
const maxMalformed = 200

func (t *table) malformed(r *grid.Row, problem *catalogue.Problem) error {
	if n, _ := r.Filled(); n == 1 {
		t.unitsInRow(r, false)
	}
	text := cmp.Or(event.Excerpt(r.Text, maxMalformed), r.Excerpt(",", maxMalformed))
	if text == "" {
		text = "(" + strconv.Itoa(r.Number) + ")"
	}
	return t.take(event.Observation{Row: r.Number, Malformed: text, Problem: problem.EN, ProblemZH: problem.ZH}, "", "")
}

// wrongLength refuses a row that has other cells than the header, but for empty ones at its
// end.
func (t *table) wrongLength(r *grid.Row) *catalogue.Problem {
	n := len(r.Cells)
	switch {
	case n > len(t.Columns) && !(r.EmptyFrom(len(t.Columns)) && t.valuesLast()):
		return newProblem("", "", fmt.Sprintf("本行有 %d 个字段，表头有 %d 个；千分位逗号须去掉，或把单元格用引号括起", n, len(t.Columns)),
			fmt.Sprintf("%d fields where the header has %d; take out commas that separate thousands, or quote the cell", n, len(t.Columns)))
	case n < len(t.Columns) && !t.onlyUnnamedFrom(n):
		return newProblem("", "", fmt.Sprintf("本行有 %d 个字段，表头有 %d 个", n, len(t.Columns)), fmt.Sprintf("%d fields where the header has %d", n, len(t.Columns)))
	}
	return nil
}

// valuesLast reports whether figures stand in the last named column. Only then is an empty
// field too many no sign of a thousands separator, which shifts what follows it.
func (t *table) valuesLast() bool {
	for i := len(t.Columns) - 1; i >= 0; i-- {
		if role := t.Columns[i].Role; role != header.Unnamed {
			return role == header.ValueField || role == header.Figures || t.IsList()
		}
	}
	return false
}

func (t *table) onlyUnnamedFrom(i int) bool {
	for ; i < len(t.Columns); i++ {
		if t.Columns[i].Role != header.Unnamed {
			return false
		}
	}
	return true
}

func (t *table) count(number int) {
	if t.reader.first == 0 {
		t.reader.first = number
	}
	t.reader.last = number
}
