package decode

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// table is a grid whose layout is being found, and then read.
type table struct {
	*file
	grid grid.Grid
	// sample are the first rows, kept while the header is looked for and then read first.
	sample []grid.Row
	begin  int // the first row of data in the sample
	// What was found.
	header      int // the number of the header's first row
	headerCells []string
	columns     []column
	orientation orientation
	at          [figures + 1]int // the column of each field; -1 is none
	base        int              // the columns of the figure of a year before and of the change
	change      int              // since, which are held against what is known; -1 is none
	unit        string           // of a title: 单位：亿元
	sdmx        bool
	whole       string // the period of every figure, where the table has none

	reader tableReader
}

const (
	// sampleRows is how many rows the layout is decided by.
	sampleRows = 200
	// maxTitleRows is how many rows may stand above the header.
	maxTitleRows = 40
)

func newTable(f *file, g grid.Grid) *table { return &table{file: f, grid: g, base: -1, change: -1} }

// recognize finds the header and the layout. It returns a failure where there is none, and an
// error where the grid cannot be read.
func (t *table) recognize() (*failure, error) {
	for len(t.sample) < sampleRows {
		r, err := t.grid.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		r.Cells = slices.Clone(r.Cells)
		t.sample = append(t.sample, r)
	}
	none := &failure{problem: newProblem(Empty, "", "没有任何数据行，也没有表头；表头应为“"+wantedColumnsZH+"”", "there is no row and no header; want "+wantedColumns)}
	worst := none
	for i := range t.sample[:min(len(t.sample), maxTitleRows)] {
		f := t.headerAt(i)
		if f == nil {
			return t.context(), nil
		}
		if (f.problem != nil || f.describe != nil) && (f.recognized > worst.recognized || worst == none) {
			worst = f
		}
	}
	if worst.describe != nil {
		worst.problem = worst.describe()
	}
	return worst, nil
}

// headerAt tries the i-th row as the header, alone and together with the row below it.
func (t *table) headerAt(i int) *failure {
	r := &t.sample[i]
	if r.Problem != nil {
		return &failure{problem: newProblem(BadColumns, event.Excerpt(r.Text, maxSeen), "表头："+r.Problem.ZH+separatedBy(r.Text, 0)+"；应为“"+wantedColumnsZH+"”", "header: "+r.Problem.EN+separatedBy(r.Text, 1)+"; want "+wantedColumns), columns: t.Limits.Columns}
	}
	n, _ := r.Filled()
	if n == 0 {
		return &failure{}
	}
	if i+1 < len(t.sample) && t.subHeader(r, &t.sample[i+1]) {
		if t.tryHeader(t.combine(r.Cells, t.sample[i+1].Cells), i, 2) == nil {
			return nil
		}
	}
	return t.tryHeader(r.Cells, i, 1)
}

// separatedBy says how cells are separated where a header has none that is known; language 0 is
// Chinese and 1 English.
func separatedBy(header string, language int) string {
	if strings.ContainsAny(header, ",;\t") {
		return ""
	}
	return [2]string{"；各列须用半角逗号、制表符或半角分号分隔", "; columns are separated by commas, tabs or semicolons of half width"}[language]
}

// subHeader reports whether a row looks like the second line of a header: nothing under the first
// column, and no numbers but periods.
func (t *table) subHeader(top, bottom *grid.Row) bool {
	n, _ := bottom.Filled()
	if n == 0 || bottom.Problem != nil || bottom.Cell(0) != "" && bottom.Cell(0) != top.Cell(0) {
		return false
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

func (t *table) tryHeader(cells []string, i, rows int) *failure {
	columns := t.headerColumns(cells)
	if columns == nil {
		return &failure{columns: len(cells), problem: newProblem(BadColumns, event.Excerpt(strings.Join(cells, ","), maxSeen),
			fmt.Sprintf("第 %d 行已是数据，上面没有表头；请在数据前加一行表头“%s”", t.sample[i].Number, wantedColumnsZH),
			fmt.Sprintf("row %d holds figures and there is no header above it; write a header before them, such as %s", t.sample[i].Number, wantedColumns))}
	}
	t.begin = i + rows
	t.rowNumbers(columns)
	kind, f := t.layoutOf(columns, t.sample[t.begin:])
	if f != nil {
		return f
	}
	t.columns, t.orientation, t.header, t.headerCells = columns, kind, t.sample[i].Number, slices.Clone(t.sample[i].Cells)
	for field := range t.at {
		t.at[field] = -1
	}
	for c := len(columns) - 1; c >= 0; c-- {
		t.at[columns[c].role] = c
	}
	t.base, t.change = -1, -1
	if kind != long {
		t.attachCompared(columns)
	}
	for c := len(columns) - 1; c >= 0 && kind == long; c-- {
		key, _, _ := splitBrackets(fieldKey(columns[c].name))
		compared, of := wording.Compares(columns[c].name)
		switch {
		case columns[c].role != extra:
		case wording.Base(key), compared == wording.BaseOf && of == "":
			t.base = c
		case wording.Change(key), compared == wording.ChangeOf && of == "":
			t.change = c
		}
	}
	return nil
}

// rowNumbers passes over a first column without a name that counts the rows, as R and pandas write
// it, and the lines' numbers of a form (01, 02) beside the names of its indicators.
func (t *table) rowNumbers(columns []column) {
	if len(columns) > 1 && columns[0].role == unnamed && t.counts(0) {
		columns[0].role = extra
	}
	code, name := -1, -1
	for i := range columns {
		switch columns[i].role {
		case indicatorField:
			code = i
		case nameField:
			name = i
		}
	}
	if code < 0 || name < 0 {
		return
	}
	below := t.sample[t.begin:]
	if t.meaning(code, below) != indicatorField && t.meaning(name, below) == indicatorField {
		columns[code].role, columns[name].role = extra, indicatorField
	}
}

// counts reports whether a column's cells are 0, 1, 2 … or 1, 2, 3 ….
func (t *table) counts(i int) bool {
	next := -1
	for n := t.begin; n < len(t.sample); n++ {
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
	for n := t.begin; n < len(t.sample); n++ {
		if t.sample[n].Cell(i) != "" {
			return true
		}
	}
	return false
}

// checkWide checks a table with many figures a row, and finds the columns that say what its
// rows are. It returns nil where it is one.
func (t *table) checkWide(kind orientation, columns []column, byField [figures + 1][]int, below []grid.Row, f *failure) *failure {
	if len(columns) < 2 {
		f.recognized = 0
		return t.missing(columns, f, "indicator", "period", "value")
	}
	if len(byField[indicatorField]) == 0 && len(byField[nameField]) > 0 {
		columns[byField[nameField][0]].role = indicatorField
		byField[indicatorField], byField[nameField] = byField[nameField][:1], byField[nameField][1:]
	}
	if n := byField[unitField]; len(n) == 1 && len(byField[areaField]) == 0 && kind == acrossIndicator && t.meaning(n[0], below) == areaField {
		columns[n[0]].role = areaField // 单位 is also the body that reports
		byField[areaField], byField[unitField] = n, nil
	}
	joinYearAndMonth(columns, &byField)
	for i := range columns {
		if columns[i].role != unnamed && columns[i].role != extra {
			continue
		}
		if found := t.meaning(i, below); found != unnamed && len(byField[found]) == 0 {
			columns[i].role = found
			byField[found] = []int{i}
		}
	}
	var missing []string
	if kind != acrossIndicator && len(byField[indicatorField]) == 0 {
		missing = append(missing, "indicator")
	}
	if kind != acrossPeriods && len(byField[periodField]) == 0 && t.period.Kind == 0 {
		missing = append(missing, "period")
	}
	if len(missing) > 0 {
		return t.missing(columns, f, missing...)
	}
	if f := t.repeated(columns, byField, f); f != nil {
		return f
	}
	return t.uncertainFigures(kind, columns, f)
}

// meaning tells what an unnamed column says of the rows: areas, periods or indicators.
func (t *table) meaning(i int, below []grid.Row) role {
	var areas, periods, indicators, filled int
	for n := range below {
		cell := below[n].Cell(i)
		if cell == "" || len(cell) > maxHeaderCell {
			continue
		}
		filled++
		if _, ok := t.Catalogue.FindArea(cell); ok {
			areas++
		}
		if _, _, ok := t.Catalogue.FindIndicator(cell); ok {
			indicators++
		}
		if _, err := catalogue.ReadPeriod(cell, int(t.period.Year)); err == nil {
			periods++
		}
	}
	switch {
	case filled == 0:
		return unnamed
	case areas*2 > filled:
		return areaField
	case indicators*2 >= filled:
		return indicatorField
	case periods*2 > filled:
		return periodField
	}
	return unnamed
}

// uncertainFigures refuses columns with numbers whose header names nothing known: figures
// would be lost by passing them over.
func (t *table) uncertainFigures(kind orientation, columns []column, f *failure) *failure {
	for i := range columns {
		c := &columns[i]
		if c.role != extra && c.role != unnamed || wording.PassedOver(fieldKey(c.name)) || c.total || !t.holdsNumbers(i) {
			continue
		}
		if c.role == unnamed {
			f.problem = newProblem(BadColumns, "", fmt.Sprintf("第 %d 列没有列名，却有数据；请补上列名或删去", i+1), fmt.Sprintf("column %d has no name and holds figures; name it, or delete it", i+1))
			return f
		}
		zh, en := "请改成规定的名称，或删去该列", "name it as the catalogue does, or delete the column"
		if kind == acrossIndicator {
			p := t.Catalogue.UnknownIndicator(c.name)
			zh, en = p.ZH+"。"+zh, p.EN+" "+en
		}
		f.problem = newProblem(BadColumns, event.Excerpt(c.name, maxSeen),
			fmt.Sprintf("第 %d 列 %q 有数据，但看不出是什么：%s", i+1, event.Excerpt(c.name, 60), zh), fmt.Sprintf("column %d, %q, holds figures and it is not known of what: %s", i+1, event.Excerpt(c.name, 60), en))
		return f
	}
	return nil
}

func (t *table) holdsNumbers(i int) bool {
	for n := t.begin; n < len(t.sample); n++ {
		if reading, err := catalogue.ParseValue(t.sample[n].Cell(i)); err == nil && !reading.Missing {
			return true
		}
	}
	return false
}

var (
	titleUnit   = regexp.MustCompile(`(?:计量)?单位[:：]\s*([^\s:：，,）)]+)`)
	titlePeriod = regexp.MustCompile(`(\d{4})\s*年?(?:度)?\s*(?:(?:第?[一二三四1-4]季度)|(?:[上下]半年)|(?:前三季度)|(?:\d{1,2}\s*[-—–~至]\s*\d{1,2}月)|(?:\d{1,2}月))?|\b(?:19|20)\d{2}-?(?:Q[1-4]|S[12]|H[12]|YTD\d{2}|\d{2})\b`)
)

// context reads what stands above the header, and in the file's name: the unit, and the period and
// area that the parameters have to agree with. It returns a failure where they do not.
func (t *table) context() *failure {
	titles := t.titles(t.header)
	for _, title := range titles {
		if m := titleUnit.FindStringSubmatch(title); m != nil {
			if unit := catalogue.NormalizeName(m[1]); catalogue.IsUnit(unit) && t.at[unitField] < 0 {
				t.unit = unit
			}
		}
	}
	if f := t.titleArea(titles); f != nil {
		return f
	}
	if t.at[periodField] >= 0 || t.at[yearField] >= 0 || t.orientation == acrossPeriods && !t.relative() {
		return nil
	}
	return t.titlePeriod(titles)
}

// relative reports whether columns tell their periods by their place to that of the table.
func (t *table) relative() bool {
	return slices.ContainsFunc(t.columns, func(c column) bool { return c.relative })
}

// titles returns the texts above a row.
func (t *table) titles(header int) (titles []string) {
	for i := range t.sample {
		r := &t.sample[i]
		if r.Number >= header {
			break
		}
		for c := range r.Cells {
			if cell := r.Cell(c); cell != "" && len(cell) <= maxHeaderCell {
				titles = append(titles, cell)
			}
		}
	}
	return titles
}

// titlePeriod settles the period of a table that has none, which the parameter gives; a
// title or file name that says another one is a question.
func (t *table) titlePeriod(titles []string) *failure {
	t.whole = t.period.String()
	said := periodsIn(append(titles, t.File))
	if len(said) == 0 || said[t.whole] != "" {
		return nil
	}
	other := slices.Sorted(maps.Keys(said))[0]
	if p, err := catalogue.ParsePeriod(other); err == nil && t.relative() && p.LastDay().Equal(t.period.LastDay()) {
		return nil // the title names the year to date, and the columns say what they are of it
	}
	if t.period.Kind != catalogue.Year && strings.HasPrefix(t.whole, other) {
		return nil // the title names the year of it
	}
	return &failure{problem: newProblem(DefaultsDiffer, event.Excerpt(said[other], maxSeen),
		fmt.Sprintf("%q 说的是 %s，报送时选择的报告期（参数 period）是 %s；请核对后改为一致", event.Excerpt(said[other], 60), other, t.whole),
		fmt.Sprintf("%q says %s and the parameter period says %s; make them agree", event.Excerpt(said[other], 60), other, t.whole)), recognized: 100}
}

// periodsIn returns the periods that texts speak of, with the text.
func periodsIn(texts []string) map[string]string {
	said := map[string]string{}
	for _, text := range texts {
		for _, m := range titlePeriod.FindAllString(text, -1) {
			if p, err := catalogue.ReadPeriod(m, 0); err == nil {
				said[p.String()] = text
			}
		}
	}
	return said
}

// titleArea refuses a table whose title names one other area than the request.
func (t *table) titleArea(titles []string) *failure {
	sender := cmp.Or(t.Area, t.Own)
	if sender == "" || t.at[areaField] >= 0 || t.orientation == acrossAreas {
		return nil
	}
	var named []*catalogue.Area
	for i := range t.Catalogue.Areas {
		a := &t.Catalogue.Areas[i]
		for _, title := range titles {
			if a.NameZH != "" && a.Kind != catalogue.City && strings.Contains(title, a.NameZH) {
				if a.Code == sender {
					return nil
				}
				named = append(named, a)
				break
			}
		}
	}
	own, ok := t.Catalogue.Area(sender)
	if len(named) == 0 || !ok {
		return nil
	}
	return &failure{problem: newProblem(DefaultsDiffer, named[0].NameZH,
		fmt.Sprintf("表中的标题写的是%s，报送的地区是%s（%s）；请核对后改为一致", named[0].NameZH, own.NameZH, own.Code),
		fmt.Sprintf("the table's title names %s and it is sent for %s (%s); make them agree", named[0].NameEN, own.NameEN, own.Code)), recognized: 100}
}
