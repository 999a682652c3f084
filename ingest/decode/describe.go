package decode

import (
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// describe says how the table is laid out, and notes the columns passed over.
func (t *table) describe() {
	if !t.keyed {
		t.understanding.sayf("表头在第 %d 行", "header in row %d", t.Row)
	}
	switch {
	case t.IsList():
		t.understanding.say("名单，每行一个主体", "a list, one entity in each row")
	case t.Orientation == header.Long:
		t.understanding.say("每行一个数据", "one figure in each row")
	case t.Orientation == header.AcrossPeriods:
		zh, en := t.across(func(c *header.Column) (string, string) {
			if c.OfRow != 0 {
				return c.Name, c.Name
			}
			zh, en := periodNames(c.Period)
			if stage, _ := catalogue.ParseStage(c.Stage); stage != 0 {
				zh, en = zh+stage.NameZH(), en+" "+stage.String()
			}
			return zh, en
		})
		t.understanding.say(fmt.Sprintf("每行一个指标，时期作各列（%s）", zh), fmt.Sprintf("an indicator in each row, periods across (%s)", en))
	case t.Orientation == header.AcrossIndicator:
		what, whatEN := "时期", "a period"
		switch {
		case t.At[header.AreaField] >= 0 && t.At[header.PeriodField] >= 0:
			what, whatEN = "地区和时期", "an area and a period"
		case t.At[header.AreaField] >= 0:
			what, whatEN = "地区", "an area"
		case t.At[header.PeriodField] < 0 && t.Whole == "":
			what, whatEN = "地区", "an area"
		case t.At[header.PeriodField] < 0:
			what, whatEN = "同一时期", "one period"
		}
		zh, en := t.across(func(c *header.Column) (string, string) {
			ind, _ := t.Catalogue.Indicator(c.Indicator)
			return namesOfPeriod(c, ind)
		})
		t.understanding.say(fmt.Sprintf("每行一个%s，指标作各列（%s）", what, zh), fmt.Sprintf("%s in each row, indicators across (%s)", whatEN, en))
	case t.Orientation == header.AcrossAreas:
		zh, en := t.across(func(c *header.Column) (string, string) {
			a, _ := t.Catalogue.Area(c.Area)
			return namesOfPeriod(c, a)
		})
		t.understanding.say(fmt.Sprintf("每行一个指标，地区作各列（%s）", zh), fmt.Sprintf("an indicator in each row, areas across (%s)", en))
	}
	if t.Whole != "" {
		zh, en := periodNames(t.Whole)
		t.understanding.say(fmt.Sprintf("时期 %s（报送时选择的报告期）", zh), fmt.Sprintf("period %s (the parameter period)", en))
	}
	for i := range t.Columns {
		t.describeColumn(i, &t.Columns[i])
	}
}

// describeColumn notes a column that is passed over or only compared.
func (t *table) describeColumn(i int, c *header.Column) {
	letter, name := grid.ColumnName(i), event.Excerpt(c.Name, 60)
	zh, en := fmt.Sprintf("第 %d 列 %q ", i+1, name), fmt.Sprintf("column %d, %q,", i+1, name)
	if t.keyed {
		letter, zh, en = "", fmt.Sprintf("字段 %q ", name), fmt.Sprintf("field %q", name)
	}
	switch {
	case t.isForm() && wording.Form(header.Key(c.Name)): // the sender can do nothing about it
	case c.Name == "" && c.Role == header.Extra:
		t.understanding.note("COLUMN_PASSED_OVER", t.Row, letter, "",
			fmt.Sprintf("第 %d 列没有列名，只是行号，未读", i+1), fmt.Sprintf("column %d has no name and counts the rows; it is passed over", i+1))
	case c.Name == "":
	case c.Role == header.NameField && t.Orientation == header.Long:
		t.understanding.note("COLUMN_COMPARED", t.Row, letter, c.Name, zh+"只用来核对指标；可以删去", en+" is only compared with the indicators; it may be deleted")
	case i == t.Base || i == t.Change || t.isCompared(i):
		t.understanding.note("COLUMN_COMPARED", t.Row, letter, c.Name, zh+"只用来核对数值", en+" is only compared with the figures")
	case c.Level > 0 && c.Role == header.Extra:
		t.understanding.note("COLUMN_PASSED_OVER", t.Row, letter, c.Name, zh+"是指标的分组，未读", en+" is of groups of indicators and passed over")
	case c.Role == header.Extra && wording.Target(header.Key(c.Name)):
		t.understanding.note("COLUMN_PASSED_OVER", t.Row, letter, c.Name, zh+"是目标或计划，不是完成的数，未读；目标不作为数据报送", en+" is of targets or plans and not of what was done; it is passed over, since a target is no figure")
	case c.Role == header.Extra || c.Role == header.NameField:
		t.understanding.note("COLUMN_PASSED_OVER", t.Row, letter, c.Name, zh+"不是规定的列，未读；可以删去", en+" is none that counts and is passed over; it may be deleted")
	}
}

// isForm reports whether the table is laid out as the system's own forms are, which say the area, the
// dataset, the period and the indicator in each row.
func (t *table) isForm() bool {
	return t.Orientation == header.Long && t.At[header.AreaField] >= 0 && t.At[header.DatasetField] >= 0 && t.At[header.PeriodField] >= 0 && t.At[header.IndicatorField] >= 0
}

// isCompared reports whether figures of a table with many in a row are held against a column.
func (t *table) isCompared(i int) bool {
	return t.Orientation != header.Long && slices.ContainsFunc(t.Columns, func(c header.Column) bool { return c.Role == header.Figures && (c.Base == i || c.Change == i) })
}

// across lists what the columns of figures stand for, the first few of them.
func (t *table) across(of func(*header.Column) (zh, en string)) (zh, en string) {
	var allZH, allEN []string
	for _, i := range t.FigureColumns() {
		zh, en := of(&t.Columns[i])
		allZH, allEN = append(allZH, zh), append(allEN, en)
	}
	if n := len(allZH); n > 6 {
		return strings.Join(allZH[:3], "、") + " … " + allZH[n-1], strings.Join(allEN[:3], ", ") + " … " + allEN[n-1]
	}
	return strings.Join(allZH, "、"), strings.Join(allEN, ", ")
}

// namesOfPeriod returns what a column of figures is called, with its period where it names one.
func namesOfPeriod(c *header.Column, of interface{ Names() (zh, en string) }) (zh, en string) {
	zh, en = of.Names()
	if c.Period == "" {
		return zh, en
	}
	periodZH, periodEN := periodNames(c.Period)
	return periodZH + zh, en + " of " + periodEN
}

// periodNames returns what a period's code is called.
func periodNames(code string) (zh, en string) {
	period, err := catalogue.ParsePeriod(code)
	if err != nil {
		return code, code
	}
	return period.Names()
}

// summarize says what the rows held.
func (t *table) summarize() {
	switch r := &t.reader; {
	case r.first == 0, t.keyed:
	case r.first == r.last:
		t.understanding.sayf("数据在第 %d 行", "figures in row %d", r.first)
	default:
		t.understanding.sayf("数据在第 %d 至 %d 行", "figures in rows %d to %d", r.first, r.last)
	}
	if (t.reader.yearless || slices.ContainsFunc(t.Columns, yearless)) && t.period.Kind == 0 && t.Year != 0 {
		t.understanding.sayf("没有写明年份的时期属 %d 年（标题所写）", "periods without a year are of %d (of the title)", t.Year)
	}
	t.tellToDate()
	if n := t.reader.earlier; n > 0 {
		t.understanding.sayf("%d 个数据未读，同一时期另有更后阶段的数", plural(n, "%d figure")+" passed over, beside those of a later stage", n)
	}
	if n := t.reader.ditto; n > 0 {
		t.understanding.sayf("%d 个“同上”一类的单元格按上一行的内容读取", plural(n, "%d cell")+" that repeat the one above", n)
	}
	if n := t.reader.passed; n > 0 {
		t.understanding.sayf("未读 %d 行标题或脚注", plural(n, "%d heading or footnote row")+" passed over", n)
	}
}

// tellToDate says how many figures were taken for those of the year to date, and why.
func (t *table) tellToDate() {
	n, first := t.reader.toDate, &t.reader.firstToDate
	if n == 0 {
		return
	}
	zh, en := periodNames(first.Period)
	whyZH, whyEN := "表中写明是累计数", "the table says that they count from the beginning of the year"
	if title := event.Excerpt(t.ToDate.Title, 60); title != "" {
		whyZH, whyEN = fmt.Sprintf("%q 写明是累计数", title), fmt.Sprintf("%q says that they count from the beginning of the year", title)
	}
	t.understanding.say(fmt.Sprintf("%s，%d 个数据按年初至期末读取（第 %d 行为%s）", whyZH, n, first.Row, zh),
		fmt.Sprintf("%s, and "+plural(n, "%d figure")+" taken for the year to date (row %d: %s)", whyEN, n, first.Row, en))
}
