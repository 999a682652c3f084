package header

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

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
