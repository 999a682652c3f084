package header

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// headerColumns reads the cells of a header. It returns nil where a cell holds a number that is no
// period, since then the row is data.
func (t *table) headerColumns(cells []string) []Column {
	first := ""
	if len(cells) > 0 {
		first, _, _ = strings.Cut(Key(cells[0]), ":")
	}
	sdmx := first == "dataflow" || first == "structure"
	if list := listColumns(cells); list != nil {
		t.SDMX = false
		return list
	}
	columns := make([]Column, len(cells))
	t.rowPeriods = slices.ContainsFunc(cells, func(cell string) bool {
		field, _ := Field(cell, sdmx)
		return field == PeriodField && len(cell) <= MaxCell
	})
	for i, cell := range cells {
		text := grid.Trim(cell)
		c := &columns[i]
		if c.Name = text; text == "" {
			continue
		}
		if len(text) > MaxCell {
			c.Role = Extra
			continue
		}
		if c.Role, c.Unit = Field(text, sdmx); c.Role != Extra {
			if stage, ok := wording.StagedFigures(unbracketed(text)); ok && c.Role == ValueField {
				c.Stage = stage.String()
			}
			continue
		}
		if c.Level = wording.Level(Key(text)); c.Level > 0 {
			continue
		}
		if t.figuresOf(c) || c.problem != nil || t.relativePeriod(c) {
			continue
		}
		if wording.PassedOver(Key(text)) {
			c.City = wording.CityTotal(catalogue.NormalizeName(text))
			continue
		}
		if v, err := catalogue.ParseValue(text); err == nil && strings.ContainsAny(text, "0123456789") && len(text) < 20 && (v.Unit == "" || catalogue.IsUnit(v.Unit)) {
			return nil
		}
	}
	t.SDMX = sdmx
	return columns
}

// behindName is what headers write behind an indicator's name, of its figures.
var behindName = regexp.MustCompile(`(?:绝对[额值量数]|总量|实绩|实际数?|数值|完成[数值]|完成情况)(\([^()]+\))?$`)

// periodSuffix is what tables write behind a period: 2022年末, 2022年（实际）, 3月当月, 2022年核定数. Two columns
// of one period, such as what was reported and what was verified, are a question.
var periodSuffix = regexp.MustCompile(`[(\[]?(?:年末|期末|末|底|(?:实际|实绩|完成|数值|数据|调整后?|当月|本月|单月|当季|本季|单季|当期|上报|自报|申报|填报|核定|审定|认定)(?:情况|数|值)?|数)[)\]]?$`)

// stageSuffix is a stage behind a period: 2025年快报, 2025年（预计）.
var stageSuffix = regexp.MustCompile(`[(\[]?((?:快报|预计|预测|年报|初步核算|初步|最终核实|最终)数?)[)\]]?$`)

// figuresOf recognises a header that names an indicator, an area or a period.
func (t *table) figuresOf(c *Column) bool {
	if ind, unit, toDate, ok := FindIndicator(t.Catalogue, c.Name); ok {
		c.Role, c.Indicator, c.Unit, c.ToDate = Figures, ind.ID, unit, toDate
		return true
	}
	name, unit := c.Name, ""
	if base, inner, ok := splitBrackets(catalogue.NormalizeName(name)); ok && catalogue.IsUnit(inner) {
		name, unit = base, catalogue.UnitName(inner)
	}
	if area, ok := t.Catalogue.FindArea(name); ok {
		c.Unit = unit
		if c.Role, c.Area = Figures, area.Code; t.CityFor(area) {
			c.Role, c.Area, c.City = Extra, "", true
		}
		return true
	}
	text := c.Name
	if short := behindName.ReplaceAllString(catalogue.NormalizeName(text), "$1"); short != "" && len(short) < len(text) {
		if ind, unit, ok := t.Catalogue.FindIndicator(short); ok {
			c.Role, c.Indicator, c.Unit = Figures, ind.ID, unit
			return true
		}
	}
	if base, inner, ok := splitBrackets(catalogue.NormalizeName(text)); ok && (catalogue.IsUnit(inner) || inner == "%") {
		text, c.Unit = base, catalogue.UnitName(inner)
	}
	if text != "" && c.Stage == "" {
		short := catalogue.NormalizeName(text)
		if m := stageSuffix.FindStringSubmatch(short); m != nil {
			if stage, err := catalogue.ParseStage(m[1]); err == nil {
				text, c.Stage = strings.TrimSuffix(short, m[0]), stage.String()
			}
		}
	}
	period, toDate, err := ReadPeriod(text, t.Year)
	if err != nil {
		whole := catalogue.NormalizeName(text)
		if short := periodSuffix.ReplaceAllString(whole, ""); short != whole && short != "" {
			if strings.HasSuffix(whole, "年末") {
				short += "年"
			}
			if period, shorter := catalogue.ReadPeriod(short, t.Year); shorter == nil {
				c.Role, c.Period = Figures, period.String()
				return true
			}
		}
		if t.ofAPeriod(c) {
			return true
		}
		if problem := asProblem(err); problem.Code != "PERIOD_INVALID" {
			c.problem = problem
		}
		return false
	}
	c.Role, c.Period, c.ToDate = Figures, period.String(), toDate
	return true
}

// periodBeside finds a period before or behind the name of an indicator or an area.
var periodBeside = func() [2]*regexp.Regexp {
	const period = `((?:(?:19|20)\d{2}(?:年度?|-)?)?(?:第?[一二三四1-4]季度|[上下]半年|前三季度|1[-—–~至]\d{1,2}月|\d{1,2}月|q[1-4]|s[12]|h[12])|(?:19|20)\d{2}年?度?)`
	return [2]*regexp.Regexp{regexp.MustCompile(`^` + period + `(.*)$`), regexp.MustCompile(`^(.*?\D)` + period + `$`)}
}()

// ofAPeriod recognises a header that names an indicator or an area, and the period of its figures:
// 2022年地区生产总值（亿元）, or 地区生产总值 over 2022年.
func (t *table) ofAPeriod(c *Column) bool {
	text := catalogue.NormalizeName(c.Name)
	for i, pattern := range periodBeside {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		written, name := m[1+i], strings.Trim(m[2-i], ":、,")
		period, toDate, err := ReadPeriod(written, t.Year)
		if err != nil || name == "" {
			continue
		}
		if ind, unit, named, ok := FindIndicator(t.Catalogue, name); ok {
			c.Role, c.Indicator, c.Unit, c.Period, c.ToDate = Figures, ind.ID, unit, period.String(), toDate || named
			return true
		}
		if area, ok := t.Catalogue.FindArea(name); ok && !t.CityFor(area) {
			c.Role, c.Area, c.Period, c.ToDate = Figures, area.Code, period.String(), toDate
			return true
		}
	}
	return false
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
			if field, unit := Field(lower, false); field == ValueField && t.namesFigures(upper) {
				if cells[i] = upper; unit != "" {
					cells[i] += "（" + unit + "）"
				}
			} else if field != Extra {
				cells[i] = lower
			} else if _, err := catalogue.ReadPeriod(cells[i], 0); err != nil {
				if _, _, ok := t.Catalogue.FindIndicator(lower); ok && !t.tellsApart(upper) {
					cells[i] = lower
				}
			}
		}
	}
	return cells
}

// tellsApart reports whether what stands over the names of indicators says which of their figures are meant: a
// period, an area, those of the year before. Other words head a group of indicators.
func (t *table) tellsApart(upper string) bool {
	if kind, ok := wording.RelativePeriod(catalogue.NormalizeName(upper)); ok {
		period, of := wording.EndingWith(t.Period, kind)
		return !of || period != t.Period
	}
	if area, ok := t.Catalogue.FindArea(upper); ok {
		return area.Code != t.Sender
	}
	c := Column{Name: upper}
	compared, _ := wording.Compares(upper)
	return compared != wording.NoComparison || wording.PassedOver(Key(upper)) || t.figuresOf(&c) && c.Period != ""
}

// namesFigures reports whether a header names an indicator, an area or a period.
func (t *table) namesFigures(name string) bool {
	c := Column{Name: name}
	return t.figuresOf(&c) && c.Role == Figures || t.relativePeriod(&c)
}

// layoutOf decides how a table with these columns is laid out. It returns a failure where it is no table.
func (t *table) layoutOf(columns []Column, below []grid.Row) (Orientation, *Failure) {
	f := &Failure{Columns: len(columns)}
	var byField [Figures + 1][]int
	across := [3]int{} // columns of figures by indicator, period, area
	for i := range columns {
		c := &columns[i]
		byField[c.Role] = append(byField[c.Role], i)
		switch {
		case c.Role > Extra && c.Role < Figures:
			f.Recognized++
		case c.Indicator != "":
			across[0]++
		case c.Area != "":
			across[2]++
		case c.Period != "" || c.OfRow != 0:
			across[1]++
		}
	}
	has := func(field Role) bool { return len(byField[field]) > 0 }
	kinds := 0
	for _, n := range across {
		if n > 0 {
			kinds++
		}
	}
	f.Recognized += across[0] + across[1] + across[2]
	switch {
	case has(EntityField):
		return Long, t.checkList(columns, byField, f)
	case kinds == 0 && (has(ValueField) || !has(IndicatorField) && !has(NameField)):
		return Long, t.checkLong(columns, byField, f)
	case kinds == 0:
		return 0, t.missing(columns, f, "value")
	case kinds > 1:
		f.Recognized = 0
		f.Problem = newProblem(BadColumns, headerText(columns), "表头同时有指标、时期和地区，看不出哪一行是表头", "indicators, periods and areas stand side by side, and no row is a header for certain")
		return 0, f
	case has(ValueField):
		at, other := byField[ValueField][0], byField[Figures][0]
		f.Recognized += 10
		f.Problem = newProblem(ambiguous, headerText(columns),
			fmt.Sprintf("既有数值列 %q，又有 %q 这样的列，可以读成长表，也可以读成宽表；请删去其中一种", columns[at].Name, columns[other].Name),
			fmt.Sprintf("there is a column of values, %q, and there are columns such as %q: the table can be read with one figure or with many in a row; delete one kind", columns[at].Name, columns[other].Name))
		return 0, f
	}
	kind := AcrossPeriods
	switch {
	case across[0] > 0:
		kind = AcrossIndicator
	case across[2] > 0:
		kind = AcrossAreas
	}
	return kind, t.checkWide(kind, columns, byField, below, f)
}

// checkLong checks a table with one figure a row. It returns nil where it is one.
func (t *table) checkLong(columns []Column, byField [Figures + 1][]int, f *Failure) *Failure {
	if len(byField[IndicatorField]) == 0 && len(byField[NameField]) > 0 {
		t.chooseNames(columns, &byField)
	}
	for i := 0; i < len(columns) && len(byField[IndicatorField]) == 0 && len(byField[ValueField]) > 0; i++ {
		if columns[i].Role == Extra && t.meaning(i, t.sample[min(t.Begin, len(t.sample)):]) == IndicatorField {
			columns[i].Role = IndicatorField
			byField[IndicatorField] = []int{i}
		}
	}
	joinYearAndMonth(columns, &byField)
	var missing []string
	if len(byField[IndicatorField]) == 0 {
		missing = append(missing, "indicator")
	}
	if len(byField[PeriodField]) == 0 && t.Period.Kind == 0 {
		missing = append(missing, "period")
	}
	if len(byField[ValueField]) == 0 {
		missing = append(missing, "value")
	}
	if len(missing) > 0 {
		return t.missing(columns, f, missing...)
	}
	return t.repeated(columns, byField, f)
}

// joinYearAndMonth makes the period of columns for the year and the month. A column of one
// of them alone is the period.
func joinYearAndMonth(columns []Column, byField *[Figures + 1][]int) {
	if len(byField[PeriodField]) == 0 && len(byField[YearField])+len(byField[MonthField]) == 1 {
		at := append(byField[YearField], byField[MonthField]...)[0]
		columns[at].Role = PeriodField
		byField[PeriodField], byField[YearField], byField[MonthField] = []int{at}, nil, nil
	}
	if len(byField[PeriodField]) == 0 && len(byField[YearField]) == 1 && len(byField[MonthField]) == 1 {
		byField[PeriodField] = byField[YearField]
	}
}

// repeated refuses two columns of the same kind.
func (t *table) repeated(columns []Column, byField [Figures + 1][]int, f *Failure) *Failure {
	for field := IndicatorField; field < IgnoredField; field++ {
		at := byField[field]
		if len(at) < 2 || field == NameField || field == NoteField {
			continue
		}
		if field == IndicatorField && len(byField[ValueField])+len(byField[Figures]) > 1 {
			f.Problem = newProblem(ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列和第 %d 列都是指标，像是左右并排的两张表；请上下排成一张，每行一个指标", at[0]+1, at[1]+1),
				fmt.Sprintf("columns %d and %d both name indicators, as of two tables side by side; write one below the other, an indicator a row", at[0]+1, at[1]+1))
			return f
		}
		if field == ValueField && Key(columns[at[0]].Name) != Key(columns[at[1]].Name) {
			f.Problem = newProblem(ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列 %q 和第 %d 列 %q 都像是要报的数，看不出报哪一列；请只保留一列", at[0]+1, columns[at[0]].Name, at[1]+1, columns[at[1]].Name),
				fmt.Sprintf("columns %d, %q, and %d, %q, both seem to hold the figures, and it is not certain which are meant; keep one of them", at[0]+1, columns[at[0]].Name, at[1]+1, columns[at[1]].Name))
			return f
		}
		f.Problem = newProblem(BadColumns, headerText(columns),
			fmt.Sprintf("表头有误：第 %d 列 %q 重复，第 %d 列 %q 已是“%s”；请只保留一列", at[1]+1, columns[at[1]].Name, at[0]+1, columns[at[0]].Name, chineseNames[FieldNames[field]]),
			fmt.Sprintf("the header is wrong: column %d, %q, occurs twice: column %d, %q, is the %s already; keep one of them", at[1]+1, strings.ToLower(columns[at[1]].Name), at[0]+1, columns[at[0]].Name, FieldNames[field]))
		return f
	}
	if p := byField[PeriodField]; len(p) == 1 && len(byField[YearField]) == 1 && p[0] != byField[YearField][0] {
		y := byField[YearField][0]
		f.Problem = newProblem(BadColumns, headerText(columns), fmt.Sprintf("第 %d 列和第 %d 列都是报告期；请只保留一列", p[0]+1, y+1), fmt.Sprintf("columns %d and %d both say the period; keep one of them", p[0]+1, y+1))
		return f
	}
	seen := map[string]int{}
	for i := range columns {
		c := &columns[i]
		if c.Role != Figures {
			continue
		}
		key := c.Indicator + "|" + c.Period + "|" + c.Area + "|" + c.Stage + "|" + strconv.FormatBool(c.ToDate) + c.OfRow.String()
		if first, taken := seen[key]; taken {
			f.Problem = newProblem(ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列 %q 和第 %d 列 %q 说的是同一项，无法确定用哪一列；请只保留一列", first+1, columns[first].Name, i+1, c.Name),
				fmt.Sprintf("columns %d, %q, and %d, %q, say the same thing and it is not certain which is meant; keep one of them", first+1, columns[first].Name, i+1, c.Name))
			return f
		}
		seen[key] = i
	}
	return t.doubtful(columns, f)
}

// doubtful refuses columns without a known name that may be meant to count.
func (t *table) doubtful(columns []Column, f *Failure) *Failure {
	for i := range columns {
		c := &columns[i]
		if c.Role != Extra {
			continue
		}
		if c.problem != nil {
			f.Problem = newProblem(BadColumns, c.Name, fmt.Sprintf("第 %d 列的表头：%s", i+1, c.problem.ZH), fmt.Sprintf("the header of column %d: %s", i+1, c.problem.EN))
			return f
		}
		if near := nearField(c.Name); near != "" && !wording.PassedOver(Key(c.Name)) {
			f.Problem = newProblem(BadColumns, c.Name,
				fmt.Sprintf("表头有误：第 %d 列 %q 不是规定的列，是否应为“%s”（%s）？请改名，或删去该列", i+1, c.Name, chineseNames[near], near),
				fmt.Sprintf("the header is wrong: column %d, %q, is unknown; did you mean %q? Rename it, or delete the column", i+1, c.Name, near))
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
var spacedColumns = regexp.MustCompile(`[，；｜]|\S\s{2,}\S`)

// missing is the failure of a header without the columns named.
func (t *table) missing(columns []Column, f *Failure, names ...string) *Failure {
	begin, recognized := t.Begin, f.Recognized
	f.describe = func() *catalogue.Problem {
		t.Begin = begin
		return t.describeMissing(columns, recognized, names)
	}
	return f
}

func (t *table) describeMissing(columns []Column, recognized int, names []string) *catalogue.Problem {
	if p := accountingTable(columns); p != nil {
		return p
	}
	if p := detailTable(columns); p != nil {
		return p
	}
	if p := t.withoutPeriod(columns, names); p != nil {
		return p
	}
	var zh, en []string
	for i := range columns {
		c := &columns[i]
		named := event.Excerpt(c.Name, 60)
		switch {
		case c.Role == Unnamed && recognized > 0 && i < len(columns)-1 && t.holdsValues(i):
			zh, en = append(zh, fmt.Sprintf("第 %d 列没有列名", i+1)), append(en, fmt.Sprintf("column %d has no name", i+1))
		case c.problem != nil:
			zh, en = append(zh, fmt.Sprintf("第 %d 列：%s", i+1, c.problem.ZH)), append(en, fmt.Sprintf("column %d: %s", i+1, c.problem.EN))
		case c.Role == Extra && wording.Target(Key(c.Name)):
			zh, en = append(zh, fmt.Sprintf("第 %d 列 %q 是目标或计划，不是完成的数，目标不作为数据报送", i+1, named)), append(en, fmt.Sprintf("column %d, %q, is of targets or plans and not of what was done, and a target is no figure", i+1, named))
		case c.Role == Extra:
			zh, en = append(zh, fmt.Sprintf("第 %d 列 %q 不是规定的列", i+1, named)), append(en, fmt.Sprintf("column %d, %q, is unknown", i+1, named))
			if near := nearField(c.Name); near != "" {
				zh[len(zh)-1] += fmt.Sprintf("，是否应为“%s”（%s）？", chineseNames[near], near)
				en[len(en)-1] += fmt.Sprintf(" (did you mean %q?)", near)
			}
		}
		if len(zh) == maxHeaderProblems {
			break
		}
	}
	if len(columns) == 1 && strings.ContainsAny(columns[0].Name, ",;") {
		zh, en = append(zh, "整行都在一个单元格里（文件里各行被引号括住），请去掉引号"), append(en, "the whole row stands in one cell, quoted in the file, so take the quotation marks away")
	}
	if len(columns) == 1 && spacedColumns.MatchString(columns[0].Name) {
		zh, en = append(zh, "各列须用半角逗号、制表符、半角分号或竖线分隔"), append(en, "columns are separated by commas, tabs, semicolons or vertical bars of half width")
	}
	for _, name := range names {
		z, e := fmt.Sprintf("缺少“%s”列", chineseNames[name]), fmt.Sprintf("column %q is missing", name)
		if name == "period" {
			saidZH, saidEN := t.titleSays()
			z, e = z+"，报送时也没有选择“报告期”"+saidZH, e+", and the parameter period does not say it either"+saidEN
		}
		zh, en = append(zh, z), append(en, e)
	}
	return newProblem(BadColumns, headerText(columns),
		"表头有误："+strings.Join(zh, "；")+"。表头应为“"+wantedColumnsZH+"”，或以时期、指标、地区作各列的宽表；也可下载报表模板填写",
		"the header is wrong: "+strings.Join(en, "; ")+"; want "+wantedColumns+", or a table with periods, indicators or areas across")
}

// titleSays tells what a title or the name of the file or sheet says of the period, where it is one.
func (t *table) titleSays() (zh, en string) {
	said := periodsIn(append(t.titles(t.sample[max(t.Begin-1, 0)].Number+1), t.File, t.Sheet))
	if len(said) != 1 {
		return "", ""
	}
	for code, text := range said {
		text = event.Excerpt(text, 60)
		period, _ := catalogue.ParsePeriod(code)
		name, _ := period.Names()
		zh = fmt.Sprintf("（%q 说的是%s：若确实如此，请选择报告期 %s）", text, name, name)
		en = fmt.Sprintf(" (%q says %s: if that is so, send it with period=%s)", text, code, code)
	}
	return zh, en
}

// withoutYear is the code of the problem of a header that names a part of a year alone.
const withoutYear = "PERIOD_WITHOUT_YEAR"

// withoutPeriod returns the problem of a table that lacks nothing but the period to which its
// columns refer: 本月, 累计.
func (t *table) withoutPeriod(columns []Column, names []string) *catalogue.Problem {
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
