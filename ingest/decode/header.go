package decode

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// column is one column of a table.
type column struct {
	role role
	// name is the header's text, unit the unit written behind it.
	name, unit string
	// indicator, period or area is what the values of a column of figures have in common.
	indicator, period, area string
	// total is true of the city's column in a table of a district.
	total bool
	// relative is true where the period is told by its place to that of the table: 本月.
	relative bool
	// base and change are the columns of a year before's figures and of the change since, of a
	// table with many figures in a row; -1 is none.
	base, change int
	// problem says why the header names no period although it seems to.
	problem *catalogue.Problem
}

// orientation is how a table is laid out.
type orientation uint8

const (
	long            orientation = iota + 1 // one figure a row
	acrossPeriods                          // an indicator a row, a period a column
	acrossIndicator                        // a period or an area a row, an indicator a column
	acrossAreas                            // an indicator a row, an area a column
)

// failure is why rows are no header, and how near they came.
type failure struct {
	problem *catalogue.Problem
	// describe makes the problem. Most rows that are no header are never spoken of.
	describe            func() *catalogue.Problem
	recognized, columns int
}

// headerColumns reads the cells of a header. It returns nil where a cell holds a number that is no
// period, since then the row is data.
func (t *table) headerColumns(cells []string) []column {
	first := ""
	if len(cells) > 0 {
		first, _, _ = strings.Cut(fieldKey(cells[0]), ":")
	}
	sdmx := first == "dataflow" || first == "structure"
	if list := listColumns(cells); list != nil {
		t.sdmx = false
		return list
	}
	columns := make([]column, len(cells))
	for i, cell := range cells {
		text := grid.Trim(cell)
		c := &columns[i]
		if c.name = text; text == "" {
			continue
		}
		if len(text) > maxHeaderCell {
			c.role = extra
			continue
		}
		if c.role, c.unit = fieldOf(text, sdmx); c.role != extra {
			continue
		}
		if t.figuresOf(c) || c.problem != nil || t.relativePeriod(c) {
			continue
		}
		if wording.PassedOver(fieldKey(text)) {
			continue
		}
		if _, err := catalogue.ParseValue(text); err == nil && strings.ContainsAny(text, "0123456789") && len(text) < 20 {
			return nil
		}
	}
	t.sdmx = sdmx
	return columns
}

// maxHeaderCell is how many bytes of text a header's cell may have to be understood.
const maxHeaderCell = 200

// behindName is what headers write behind an indicator's name, of its figures.
var behindName = regexp.MustCompile(`(?:绝对[额值量数]|总量|实绩|实际数?|数值|完成数|完成情况)(\([^()]+\))?$`)

// periodSuffix is what tables write behind a period: 2022年末, 2022年实际.
var periodSuffix = regexp.MustCompile(`(?:年末|期末|末|底|实际|实绩|完成情况|完成数?|数值|数据|数)$`)

// figuresOf recognises a header that names an indicator, an area or a period.
func (t *table) figuresOf(c *column) bool {
	if ind, unit, ok := t.Catalogue.FindIndicator(c.name); ok {
		c.role, c.indicator, c.unit = figures, ind.ID, unit
		return true
	}
	if area, ok := t.Catalogue.FindArea(c.name); ok {
		if c.role, c.area = figures, area.Code; t.totalFor(area) {
			c.role, c.area, c.total = extra, "", true
		}
		return true
	}
	text := c.name
	if short := behindName.ReplaceAllString(catalogue.NormalizeName(text), "$1"); short != "" && len(short) < len(text) {
		if ind, unit, ok := t.Catalogue.FindIndicator(short); ok {
			c.role, c.indicator, c.unit = figures, ind.ID, unit
			return true
		}
	}
	if base, inner, ok := splitBrackets(catalogue.NormalizeName(text)); ok && (catalogue.IsUnit(inner) || inner == "%") {
		text, c.unit = base, inner
	}
	period, err := catalogue.ReadPeriod(text, int(t.period.Year))
	if err != nil {
		if short := periodSuffix.ReplaceAllString(text, ""); short != text && short != "" {
			if strings.HasSuffix(text, "年末") {
				short += "年"
			}
			if period, shorter := catalogue.ReadPeriod(short, int(t.period.Year)); shorter == nil {
				c.role, c.period = figures, period.String()
				return true
			}
		}
		if problem := asProblem(err); problem.Code != "PERIOD_INVALID" {
			c.problem = problem
		}
		return false
	}
	c.role, c.period = figures, period.String()
	return true
}

func asProblem(err error) *catalogue.Problem {
	if p, ok := err.(*catalogue.Problem); ok {
		return p
	}
	return &catalogue.Problem{ZH: err.Error(), EN: err.Error()}
}

// combine joins the two rows of a header: 2022年 over 三季度, or a name over its unit. Cells to
// the right of a filled one in the upper row belong to it while they are empty.
func (t *table) combine(top, bottom []string) []string {
	cells := make([]string, max(len(top), len(bottom)))
	group := ""
	for i := range cells {
		upper, lower := "", ""
		if i < len(top) {
			upper = grid.Trim(top[i])
		}
		if i < len(bottom) {
			lower = grid.Trim(bottom[i])
		}
		if upper != "" {
			group = upper
		} else if lower != "" {
			upper = group
		}
		unit := strings.Trim(catalogue.NormalizeName(lower), "()[]【】")
		switch {
		case lower == "" || lower == upper:
			cells[i] = upper
		case upper == "":
			cells[i] = lower
		case catalogue.IsUnit(unit):
			cells[i] = upper + "（" + unit + "）"
		default:
			cells[i] = upper + lower
			if field, _ := fieldOf(lower, false); field == valueField && t.namesFigures(upper) {
				cells[i] = upper
			} else if field != extra {
				cells[i] = lower
			} else if _, err := catalogue.ReadPeriod(cells[i], 0); err != nil {
				if _, _, ok := t.Catalogue.FindIndicator(lower); ok {
					cells[i] = lower
				}
			}
		}
	}
	return cells
}

// namesFigures reports whether a header names an indicator, an area or a period.
func (t *table) namesFigures(name string) bool {
	c := column{name: name}
	return t.figuresOf(&c) && c.role == figures || t.relativePeriod(&c)
}

// layoutOf decides how a table with these columns is laid out. It returns a failure where it is no table.
func (t *table) layoutOf(columns []column, below []grid.Row) (orientation, *failure) {
	f := &failure{columns: len(columns)}
	var byField [figures + 1][]int
	across := [3]int{} // columns of figures by indicator, period, area
	for i := range columns {
		c := &columns[i]
		byField[c.role] = append(byField[c.role], i)
		switch {
		case c.role > extra && c.role < figures:
			f.recognized++
		case c.indicator != "":
			across[0]++
		case c.period != "":
			across[1]++
		case c.area != "":
			across[2]++
		}
	}
	has := func(field role) bool { return len(byField[field]) > 0 }
	kinds := 0
	for _, n := range across {
		if n > 0 {
			kinds++
		}
	}
	f.recognized += across[0] + across[1] + across[2]
	switch {
	case has(entityField):
		return long, t.checkList(columns, byField, f)
	case kinds == 0 && (has(valueField) || !has(indicatorField) && !has(nameField)):
		return long, t.checkLong(columns, byField, f)
	case kinds == 0:
		return 0, t.missing(columns, f, "value")
	case kinds > 1:
		f.recognized = 0
		f.problem = newProblem(BadColumns, headerText(columns), "表头同时有指标、时期和地区，看不出哪一行是表头", "indicators, periods and areas stand side by side, and no row is a header for certain")
		return 0, f
	case has(valueField):
		at, other := byField[valueField][0], byField[figures][0]
		f.recognized += 10
		f.problem = newProblem(Ambiguous, headerText(columns),
			fmt.Sprintf("既有数值列 %q，又有 %q 这样的列，可以读成长表，也可以读成宽表；请删去其中一种", columns[at].name, columns[other].name),
			fmt.Sprintf("there is a column of values, %q, and there are columns such as %q: the table can be read with one figure or with many in a row; delete one kind", columns[at].name, columns[other].name))
		return 0, f
	}
	kind := acrossPeriods
	switch {
	case across[0] > 0:
		kind = acrossIndicator
	case across[2] > 0:
		kind = acrossAreas
	}
	return kind, t.checkWide(kind, columns, byField, below, f)
}

// checkLong checks a table with one figure a row. It returns nil where it is one.
func (t *table) checkLong(columns []column, byField [figures + 1][]int, f *failure) *failure {
	if len(byField[indicatorField]) == 0 && len(byField[nameField]) > 0 {
		columns[byField[nameField][0]].role = indicatorField
		byField[indicatorField], byField[nameField] = byField[nameField][:1], byField[nameField][1:]
	}
	joinYearAndMonth(columns, &byField)
	var missing []string
	if len(byField[indicatorField]) == 0 {
		missing = append(missing, "indicator")
	}
	if len(byField[periodField]) == 0 && t.period.Kind == 0 {
		missing = append(missing, "period")
	}
	if len(byField[valueField]) == 0 {
		missing = append(missing, "value")
	}
	if len(missing) > 0 {
		return t.missing(columns, f, missing...)
	}
	return t.repeated(columns, byField, f)
}

// joinYearAndMonth makes the period of columns for the year and the month. A column of one
// of them alone is the period.
func joinYearAndMonth(columns []column, byField *[figures + 1][]int) {
	if len(byField[periodField]) == 0 && len(byField[yearField])+len(byField[monthField]) == 1 {
		at := append(byField[yearField], byField[monthField]...)[0]
		columns[at].role = periodField
		byField[periodField], byField[yearField], byField[monthField] = []int{at}, nil, nil
	}
	if len(byField[periodField]) == 0 && len(byField[yearField]) == 1 && len(byField[monthField]) == 1 {
		byField[periodField] = byField[yearField]
	}
}

// repeated refuses two columns of the same kind.
func (t *table) repeated(columns []column, byField [figures + 1][]int, f *failure) *failure {
	for field := indicatorField; field < ignoredField; field++ {
		at := byField[field]
		if len(at) < 2 || field == nameField || field == noteField {
			continue
		}
		f.problem = newProblem(BadColumns, headerText(columns),
			fmt.Sprintf("表头有误：第 %d 列 %q 重复，第 %d 列 %q 已是“%s”；请只保留一列", at[1]+1, columns[at[1]].name, at[0]+1, columns[at[0]].name, chineseNames[columnNames[field]]),
			fmt.Sprintf("the header is wrong: column %d, %q, occurs twice: column %d, %q, is the %s already; keep one of them", at[1]+1, strings.ToLower(columns[at[1]].name), at[0]+1, columns[at[0]].name, columnNames[field]))
		return f
	}
	if p := byField[periodField]; len(p) == 1 && len(byField[yearField]) == 1 && p[0] != byField[yearField][0] {
		y := byField[yearField][0]
		f.problem = newProblem(BadColumns, headerText(columns), fmt.Sprintf("第 %d 列和第 %d 列都是报告期；请只保留一列", p[0]+1, y+1), fmt.Sprintf("columns %d and %d both say the period; keep one of them", p[0]+1, y+1))
		return f
	}
	seen := map[string]int{}
	for i := range columns {
		c := &columns[i]
		if c.role != figures {
			continue
		}
		key := c.indicator + "|" + c.period + "|" + c.area
		if first, taken := seen[key]; taken {
			f.problem = newProblem(Ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列 %q 和第 %d 列 %q 说的是同一项，无法确定用哪一列；请只保留一列", first+1, columns[first].name, i+1, c.name),
				fmt.Sprintf("columns %d, %q, and %d, %q, say the same thing and it is not certain which is meant; keep one of them", first+1, columns[first].name, i+1, c.name))
			return f
		}
		seen[key] = i
	}
	return t.doubtful(columns, f)
}

// doubtful refuses columns without a known name that may be meant to count.
func (t *table) doubtful(columns []column, f *failure) *failure {
	for i := range columns {
		c := &columns[i]
		if c.role != extra {
			continue
		}
		if c.problem != nil {
			f.problem = newProblem(BadColumns, c.name, fmt.Sprintf("第 %d 列的表头：%s", i+1, c.problem.ZH), fmt.Sprintf("the header of column %d: %s", i+1, c.problem.EN))
			return f
		}
		if near := nearField(c.name); near != "" && !wording.PassedOver(fieldKey(c.name)) {
			f.problem = newProblem(BadColumns, c.name,
				fmt.Sprintf("表头有误：第 %d 列 %q 不是规定的列，是否应为“%s”（%s）？请改名，或删去该列", i+1, c.name, chineseNames[near], near),
				fmt.Sprintf("the header is wrong: column %d, %q, is unknown; did you mean %q? Rename it, or delete the column", i+1, c.name, near))
			return f
		}
	}
	return nil
}

// maxHeaderProblems bounds the columns that one message names.
const maxHeaderProblems = 8

const wantedColumnsZH = "指标、报告期、数值（另可有单位、阶段、状态、限定、备注、操作、地区、数据集）"

// chineseNames are the names of columns in Chinese messages.
var chineseNames = map[string]string{
	"indicator": "指标", "period": "报告期", "value": "数值", "unit": "单位", "stage": "阶段", "status": "状态", "qualifier": "限定", "note": "备注", "action": "操作",
	"area": "地区", "dataset": "数据集", "entity": "统一社会信用代码",
}

const wantedColumns = "indicator,period,value[,unit,stage,status,qualifier,note,action,area,dataset]"

// spacedColumns is a header whose cells are separated by something else.
var spacedColumns = regexp.MustCompile(`[|，；]|\S\s{2,}\S`)

// missing is the failure of a header without the columns named.
func (t *table) missing(columns []column, f *failure, names ...string) *failure {
	begin, recognized := t.begin, f.recognized
	f.describe = func() *catalogue.Problem {
		t.begin = begin
		return t.describeMissing(columns, recognized, names)
	}
	return f
}

func (t *table) describeMissing(columns []column, recognized int, names []string) *catalogue.Problem {
	if p := accountingTable(columns); p != nil {
		return p
	}
	if p := t.withoutPeriod(columns, names); p != nil {
		return p
	}
	var zh, en []string
	for i := range columns {
		c := &columns[i]
		named := event.Excerpt(c.name, 60)
		switch {
		case c.role == unnamed && recognized > 0 && i < len(columns)-1 && t.holdsValues(i):
			zh, en = append(zh, fmt.Sprintf("第 %d 列没有列名", i+1)), append(en, fmt.Sprintf("column %d has no name", i+1))
		case c.problem != nil:
			zh, en = append(zh, fmt.Sprintf("第 %d 列：%s", i+1, c.problem.ZH)), append(en, fmt.Sprintf("column %d: %s", i+1, c.problem.EN))
		case c.role == extra:
			zh, en = append(zh, fmt.Sprintf("第 %d 列 %q 不是规定的列", i+1, named)), append(en, fmt.Sprintf("column %d, %q, is unknown", i+1, named))
			if near := nearField(c.name); near != "" {
				zh[len(zh)-1] += fmt.Sprintf("，是否应为“%s”（%s）？", chineseNames[near], near)
				en[len(en)-1] += fmt.Sprintf(" (did you mean %q?)", near)
			}
		}
		if len(zh) == maxHeaderProblems {
			break
		}
	}
	if len(columns) == 1 && spacedColumns.MatchString(columns[0].name) {
		zh, en = append(zh, "各列须用半角逗号、制表符或半角分号分隔"), append(en, "columns are separated by commas, tabs or semicolons of half width")
	}
	for _, name := range names {
		z, e := fmt.Sprintf("缺少“%s”列", chineseNames[name]), fmt.Sprintf("column %q is missing", name)
		if name == "period" {
			saidZH, saidEN := t.titleSays()
			z, e = z+"，报送时也没有选择“报告期”（参数 period）"+saidZH, e+", and the parameter period does not say it either"+saidEN
		}
		zh, en = append(zh, z), append(en, e)
	}
	return newProblem(BadColumns, headerText(columns),
		"表头有误："+strings.Join(zh, "；")+"。表头应为“"+wantedColumnsZH+"”，或以时期、指标、地区作各列的宽表；也可下载报表模板填写",
		"the header is wrong: "+strings.Join(en, "; ")+"; want "+wantedColumns+", or a table with periods, indicators or areas across")
}

// titleSays tells what a title or the file's name says of the period, where it is one.
func (t *table) titleSays() (zh, en string) {
	said := periodsIn(append(t.titles(t.sample[max(t.begin-1, 0)].Number+1), t.File))
	if len(said) != 1 {
		return "", ""
	}
	for code, text := range said {
		text = event.Excerpt(text, 60)
		zh = fmt.Sprintf("（%q 说的是 %s：若确实如此，请选择报告期 %s，即参数 period=%s）", text, code, code, code)
		en = fmt.Sprintf(" (%q says %s: if that is so, send it with period=%s)", text, code, code)
	}
	return zh, en
}

// withoutYear is the code of the problem of a header that names a part of a year alone.
const withoutYear = "PERIOD_WITHOUT_YEAR"

// withoutPeriod returns the problem of a table that lacks nothing but the period to which its
// columns refer: 本月, 累计.
func (t *table) withoutPeriod(columns []column, names []string) *catalogue.Problem {
	if len(names) != 1 || names[0] != "value" {
		return nil
	}
	for i := range columns {
		if p := columns[i].problem; p != nil && p.Code == withoutYear {
			saidZH, saidEN := t.titleSays()
			return newProblem(BadColumns, p.Seen, fmt.Sprintf("第 %d 列：%s%s", i+1, p.ZH, saidZH), fmt.Sprintf("column %d: %s%s", i+1, p.EN, saidEN))
		}
	}
	return nil
}

// accountingTable returns the problem of a table that a program for accounting has exported: it has
// accounts and no indicators.
func accountingTable(columns []column) *catalogue.Problem {
	n := 0
	for i := range columns {
		if wording.Accounting(catalogue.NormalizeName(columns[i].name)) {
			n++
		}
	}
	if n < 2 {
		return nil
	}
	return newProblem(BadColumns, headerText(columns),
		"这像是财务软件（金蝶、用友等）导出的科目余额表或凭证，按会计科目列示，没有指标；请下载报表模板，把各指标的数填进去后上传",
		"this looks like what a program for accounting exports, accounts and vouchers, and it has no indicators; download the form, fill in the figures of its indicators and send that")
}

func headerText(columns []column) string {
	var names []string
	for i := range columns[:min(len(columns), 20)] {
		names = append(names, columns[i].name)
	}
	return event.Excerpt(strings.Join(names, ","), maxSeen)
}
