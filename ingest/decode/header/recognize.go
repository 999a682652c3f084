package header

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// headerAt tries the i-th row as the header, alone and together with the row below it.
func (t *table) headerAt(i int) *Failure {
	r := &t.sample[i]
	if r.Problem != nil {
		return &Failure{Problem: newProblem(BadColumns, event.Excerpt(r.Text, maxSeen), "表头："+r.Problem.ZH+separatedBy(r.Text, 0)+"；应为“"+wantedColumnsZH+"”", "header: "+r.Problem.EN+separatedBy(r.Text, 1)+"; want "+wantedColumns), Columns: t.MaxColumns}
	}
	n, _ := r.Filled()
	if n == 0 {
		return &Failure{}
	}
	if i+1 < len(t.sample) && !t.First {
		below := &t.sample[i+1]
		if isUnitRow(below) {
			return t.tryHeader(t.combine(r.Cells, append([]string{""}, below.Cells[1:]...)), i, 2)
		}
		if t.subHeader(r, below) {
			return t.headerOfRows(i)
		}
	}
	return t.tryHeader(r.Cells, i, 1)
}

// maxHeaderRows is how many rows a header may have.
const maxHeaderRows = 3

// headerOfRows tries the i-th row and those below that belong to it as one header, first as many as there are.
func (t *table) headerOfRows(i int) (nearest *Failure) {
	cells := [][]string{t.sample[i].Cells}
	for n := i + 1; n < len(t.sample) && len(cells) < maxHeaderRows && t.subHeader(&t.sample[i], &t.sample[n]); n++ {
		cells = append(cells, t.combine(cells[len(cells)-1], t.sample[n].Cells))
	}
	for rows := len(cells); rows > 0; rows-- {
		f := t.tryHeader(cells[rows-1], i, rows)
		if f == nil {
			return nil
		}
		if nearest == nil || f.Recognized > nearest.Recognized {
			nearest = f // with as many rows as possible, whose columns have their names in any of them
		}
	}
	return nearest
}

// separatedBy says how cells are separated where a header has none that is known; language 0 is
// Chinese and 1 English.
func separatedBy(header string, language int) string {
	if strings.ContainsAny(header, ",;\t|") {
		return ""
	}
	return [2]string{"；各列须用半角逗号、制表符、半角分号或竖线分隔", "; columns are separated by commas, tabs, semicolons or vertical bars of half width"}[language]
}

// subHeader reports whether a row looks like a further line of a header: nothing under the first
// column, or nothing above it but periods, areas or indicators to the right; and no numbers but periods.
func (t *table) subHeader(top, bottom *grid.Row) bool {
	n, _ := bottom.Filled()
	if n == 0 || bottom.Problem != nil {
		return false
	}
	at := 0
	for t.HeaderRow != 0 && at < len(top.Cells) && top.Cell(at) == "" {
		at++ // to where the table begins
	}
	if first := bottom.Cell(at); first != "" && first != top.Cell(at) {
		if field, _ := Field(first, false); field == Extra || !t.allNameFigures(top) {
			return false
		}
	}
	for i := range bottom.Cells {
		cell := bottom.Cell(i)
		if cell == "" {
			continue
		}
		if _, err := catalogue.ReadPeriod(cell, 2000); err == nil {
			continue
		}
		if _, err := catalogue.ParseValue(cell); err == nil || catalogue.Silent(cell) {
			return false
		}
	}
	return true
}

// allNameFigures reports whether all cells of a row, of which the first is empty, name periods, areas or indicators.
func (t *table) allNameFigures(r *grid.Row) bool {
	n := 0
	for i := range r.Cells {
		if cell := r.Cell(i); cell != "" {
			if n++; i == 0 || len(cell) > MaxCell || !t.namesFigures(cell) {
				return false
			}
		}
	}
	return n > 0
}

// isUnitRow reports whether a row below a header says the units of its columns: 单位, 万元, 家.
func isUnitRow(r *grid.Row) bool {
	if field, _ := Field(r.Cell(0), false); r.Problem != nil || field != UnitField {
		return false
	}
	n := 0
	for i := 1; i < len(r.Cells); i++ {
		switch cell := strings.Trim(catalogue.NormalizeName(r.Cell(i)), "()"); {
		case cell == "":
		case !catalogue.IsUnit(cell):
			return false
		default:
			n++
		}
	}
	return n > 0
}

func (t *table) tryHeader(cells []string, i, rows int) *Failure {
	columns := t.headerColumns(cells)
	if columns == nil {
		return &Failure{Columns: len(cells), Problem: newProblem(BadColumns, event.Excerpt(strings.Join(cells, ","), maxSeen),
			fmt.Sprintf("第 %d 行已是数据，上面没有表头；请在数据前加一行表头“%s”", t.sample[i].Number, wantedColumnsZH),
			fmt.Sprintf("row %d holds figures and there is no header above it; write a header before them, such as %s", t.sample[i].Number, wantedColumns))}
	}
	t.Begin = i + rows
	t.rowNumbers(columns)
	t.levels(columns)
	t.amounts(columns)
	kind, f := t.layoutOf(columns, t.sample[t.Begin:])
	if f == nil && kind != Long {
		f = t.figuresBeyond(columns)
	}
	if f != nil {
		return f
	}
	t.Columns, t.Orientation, t.Row, t.Cells = columns, kind, t.sample[i].Number, slices.Clone(t.sample[i].Cells)
	for field := range t.At {
		t.At[field] = -1
	}
	for c := len(columns) - 1; c >= 0; c-- {
		t.At[columns[c].Role] = c
	}
	t.Base, t.Change = -1, -1
	if kind != Long {
		t.attachCompared(columns)
	}
	for c := len(columns) - 1; c >= 0 && kind == Long; c-- {
		key, _, _ := splitBrackets(Key(columns[c].Name))
		compared, of := wording.Compares(columns[c].Name)
		switch {
		case columns[c].Role != Extra:
		case wording.Base(key), compared == wording.BaseOf && of == "", t.Period.Kind == catalogue.Year && wording.YearBefore(key):
			t.Base = c
		case wording.Change(key), compared == wording.ChangeOf && of == "":
			t.Change = c
		}
	}
	return nil
}

// rowNumbers passes over a first column without a name that counts the rows, as R and pandas write
// it, and the lines' numbers of a form (01, 02) beside the names of its indicators.
func (t *table) rowNumbers(columns []Column) {
	if len(columns) > 1 && columns[0].Role == Unnamed && t.counts(0) {
		columns[0].Role = Extra
	}
	code, name := -1, -1
	for i := range columns {
		switch columns[i].Role {
		case IndicatorField:
			code = i
		case NameField:
			name = i
		}
	}
	if code < 0 || name < 0 {
		return
	}
	below := t.sample[t.Begin:]
	if t.meaning(code, below) != IndicatorField && t.meaning(name, below) == IndicatorField {
		columns[code].Role, columns[name].Role = Extra, IndicatorField
	}
}

// counts reports whether a column's cells are 0, 1, 2 … or 1, 2, 3 ….
func (t *table) counts(i int) bool {
	next := -1
	for n := t.Begin; n < len(t.sample); n++ {
		if t.sample[n].Blank() {
			continue
		}
		number, err := strconv.Atoi(t.sample[n].Cell(i))
		if err != nil || next < 0 && number > 1 || next >= 0 && number != next {
			return false
		}
		next = number + 1
	}
	return next > 0
}

// holdsValues reports whether a column has text in the sample's data.
func (t *table) holdsValues(i int) bool {
	for n := t.Begin; n < len(t.sample); n++ {
		if t.sample[n].Cell(i) != "" {
			return true
		}
	}
	return false
}

// checkWide checks a table with many figures a row, and finds the columns that say what its
// rows are. It returns nil where it is one.
func (t *table) checkWide(kind Orientation, columns []Column, byField [Figures + 1][]int, below []grid.Row, f *Failure) *Failure {
	if len(columns) < 2 {
		f.Recognized = 0
		return t.missing(columns, f, "indicator", "period", "value")
	}
	if len(byField[IndicatorField]) == 0 && len(byField[NameField]) > 0 {
		t.chooseNames(columns, &byField)
	}
	if n := byField[UnitField]; len(n) == 1 && len(byField[AreaField]) == 0 && kind == AcrossIndicator && t.meaning(n[0], below) == AreaField {
		columns[n[0]].Role = AreaField // 单位 is also the body that reports
		byField[AreaField], byField[UnitField] = n, nil
	}
	if n := byField[IndicatorField]; len(n) == 1 && kind == AcrossIndicator {
		if f := t.labelsAcross(columns, &byField, below, f); f != nil {
			return f
		}
	}
	joinYearAndMonth(columns, &byField)
	for i := range columns {
		if columns[i].Role != Unnamed && columns[i].Role != Extra {
			continue
		}
		if found := t.meaning(i, below); found != Unnamed && len(byField[found]) == 0 {
			columns[i].Role = found
			byField[found] = []int{i}
		}
	}
	var missing []string
	if kind != AcrossIndicator && len(byField[IndicatorField]) == 0 {
		missing = append(missing, "indicator")
	}
	dated := dated(columns)
	if len(byField[PeriodField]) == 0 && t.Period.Kind == 0 && !dated.all {
		missing = append(missing, "period")
	}
	if len(missing) > 0 {
		return t.missing(columns, f, missing...)
	}
	if at := byField[PeriodField]; len(at) > 0 && kind != AcrossPeriods && dated.first >= 0 {
		zh, en := columns[at[0]].Name, columns[dated.first].Name
		f.Problem = newProblem(ambiguous, headerText(columns),
			fmt.Sprintf("第 %d 列 %q 是各行的报告期，第 %d 列 %q 又写有时期，看不出用哪一个；请只保留一处", at[0]+1, zh, dated.first+1, en),
			fmt.Sprintf("column %d, %q, says the period of each row, and column %d, %q, has one too, so that it is not certain which is meant; keep one", at[0]+1, zh, dated.first+1, en))
		return f
	}
	if f := t.repeated(columns, byField, f); f != nil {
		return f
	}
	return t.uncertainFigures(kind, columns, f)
}

// datedColumns is which columns of figures name their periods: all, and the first that does; -1 is none.
type datedColumns struct {
	all   bool
	first int
}

func dated(columns []Column) datedColumns {
	d := datedColumns{all: true, first: -1}
	for i := range columns {
		switch c := &columns[i]; {
		case c.Role != Figures:
		case c.Period == "":
			d.all = false
		case d.first < 0:
			d.first = i
		}
	}
	return d
}

// meaning tells what an unnamed column says of the rows: areas, periods or indicators.
func (t *table) meaning(i int, below []grid.Row) Role {
	var areas, periods, indicators, filled int
	for n := range below {
		cell := below[n].Cell(i)
		if cell == "" || len(cell) > MaxCell {
			continue
		}
		filled++
		if _, ok := t.Catalogue.FindArea(cell); ok {
			areas++
		}
		if _, _, _, ok := FindIndicator(t.Catalogue, cell); ok {
			indicators++
		}
		if _, _, err := ReadPeriod(cell, t.Year); err == nil {
			periods++
		}
	}
	switch {
	case filled == 0:
		return Unnamed
	case areas*2 > filled:
		return AreaField
	case indicators*2 >= filled:
		return IndicatorField
	case periods*2 > filled:
		return PeriodField
	}
	return Unnamed
}

// uncertainFigures refuses columns with numbers whose header names nothing known: figures
// would be lost by passing them over.
func (t *table) uncertainFigures(kind Orientation, columns []Column, f *Failure) *Failure {
	for i := range columns {
		c := &columns[i]
		if c.Role != Extra && c.Role != Unnamed || wording.PassedOver(Key(c.Name)) || c.City || !t.holdsNumbers(i) {
			continue
		}
		if c.Role == Unnamed {
			f.Problem = unnamedFigures(i)
			return f
		}
		zh, en := "请改成规定的名称，或删去该列", "name it as the catalogue does, or delete the column"
		if kind == AcrossIndicator {
			p := t.Catalogue.UnknownIndicator(c.Name)
			zh, en = strings.TrimSuffix(p.ZH, "？")+"。"+zh, p.EN+"; "+en
		}
		f.Problem = newProblem(BadColumns, event.Excerpt(c.Name, maxSeen),
			fmt.Sprintf("第 %d 列 %q 有数据，但看不出是什么：%s", i+1, event.Excerpt(c.Name, 60), zh), fmt.Sprintf("column %d, %q, holds figures and it is not known of what: %s", i+1, event.Excerpt(c.Name, 60), en))
		return f
	}
	return nil
}

func unnamedFigures(i int) *catalogue.Problem {
	return newProblem(BadColumns, "", fmt.Sprintf("第 %d 列没有列名，却有数据；请补上列名或删去", i+1), fmt.Sprintf("column %d has no name and holds figures; name it, or delete it", i+1))
}

// figuresBeyond refuses figures to the right of the header's last cell, as below a merged one whose last lower
// cell is empty. Where the file says how many cells a row has, each row is held against the header.
func (t *table) figuresBeyond(columns []Column) *Failure {
	for n := t.Begin; n < len(t.sample); n++ {
		r := &t.sample[n]
		for i := len(columns); i < len(r.Cells) && !r.Fixed; i++ {
			if holdsNumber(r, i) {
				return &Failure{Columns: len(columns), Recognized: len(columns), Problem: unnamedFigures(i)}
			}
		}
	}
	return nil
}

func (t *table) holdsNumbers(i int) bool {
	for n := t.Begin; n < len(t.sample); n++ {
		if reading, err := catalogue.ParseValue(t.sample[n].Cell(i)); err == nil && !reading.Missing {
			return true
		}
	}
	return false
}
