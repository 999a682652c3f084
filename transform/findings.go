package transform

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/stream"
)

// refuse is a finding that rejects its row.
func refuse(code, column, seen, zh, en string) *stream.Finding {
	return &stream.Finding{Code: code, Severity: stream.Reject, Column: column, Seen: seen, MessageZH: zh, MessageEN: en}
}

// refuseProblem turns what the catalogue could not read into a finding.
func refuseProblem(column string, err error) *stream.Finding {
	var p *catalogue.Problem
	if !errors.As(err, &p) {
		return refuse("UNREADABLE", column, "", err.Error(), err.Error())
	}
	return refuse(p.Code, column, p.Seen, p.ZH, p.EN)
}

func malformed(o *stream.Observation) *stream.Finding {
	return refuse("ROW_MALFORMED", "", o.Malformed,
		fmt.Sprintf("这一行无法读取（%s）；请按模板的列重新填写这一行", o.Problem),
		fmt.Sprintf("this row cannot be read (%s); fill it in again by the template's columns", o.Problem))
}

func (j *judge) unknownIndicator(id string) *stream.Finding {
	var ids []string
	for i := range j.catalogue.Indicators {
		ids = append(ids, j.catalogue.Indicators[i].ID)
	}
	zh, en := "请对照指标目录填写指标代码", "look the indicator's id up in the catalogue"
	if near := strict.Nearest(id, ids); near != "" {
		zh, en = fmt.Sprintf("是否应为 %q？", near), fmt.Sprintf("did you mean %q?", near)
	}
	return refuse("INDICATOR_UNKNOWN", "indicator", id,
		fmt.Sprintf("没有指标 %q；%s", id, zh), fmt.Sprintf("there is no indicator %q; %s", id, en))
}

func computedIndicator(i *catalogue.Indicator) *stream.Finding {
	return refuse("INDICATOR_COMPUTED", "indicator", i.ID,
		fmt.Sprintf("%s（%s）由 %s 除以 %s 计算得出，不需填报；请填报这两项", i.NameZH, i.ID, i.Numerator, i.Denominator),
		fmt.Sprintf("%s is computed as %s over %s and never reported; report those two", i.ID, i.Numerator, i.Denominator))
}

func otherDataset(i *catalogue.Indicator, dataset string) *stream.Finding {
	in := strings.Join(i.Datasets, ", ")
	return refuse("INDICATOR_NOT_IN_DATASET", "indicator", i.ID,
		fmt.Sprintf("指标 %s 不在数据集 %s 中填报；请改用 %s", i.ID, dataset, in),
		fmt.Sprintf("indicator %s is not reported in dataset %s; use %s", i.ID, dataset, in))
}

func cityOnly(i *catalogue.Indicator, area string) *stream.Finding {
	return refuse("INDICATOR_CITY_ONLY", "indicator", i.ID,
		fmt.Sprintf("%s（%s）由市级直接填报，%s 不需填报；请删除这一行", i.NameZH, i.ID, area),
		fmt.Sprintf("%s is reported by the city itself, not by %s; leave the row out", i.ID, area))
}

func districtsOnly(i *catalogue.Indicator, area string) *stream.Finding {
	return refuse("INDICATOR_DISTRICTS_ONLY", "indicator", i.ID,
		fmt.Sprintf("%s（%s）的全市数由各县区数相加得出，%s 不能直接填报；请删除这一行", i.NameZH, i.ID, area),
		fmt.Sprintf("the city's %s is the sum of its areas and cannot be reported by %s; leave the row out", i.ID, area))
}

func otherPeriod(p catalogue.Period, d *catalogue.Dataset) *stream.Finding {
	var kinds []string
	for _, k := range d.Periods {
		kinds = append(kinds, k.String())
	}
	allowed := strings.Join(kinds, ", ")
	return refuse("PERIOD_NOT_IN_DATASET", "period", p.String(),
		fmt.Sprintf("数据集 %s 只接受 %s 类报告期，不接受 %s", d.ID, allowed, p),
		fmt.Sprintf("dataset %s takes periods of kind %s, not %s", d.ID, allowed, p))
}

func futurePeriod(p catalogue.Period) *stream.Finding {
	return refuse("PERIOD_FUTURE", "period", p.String(),
		fmt.Sprintf("报告期 %s 尚未开始；请检查年份，预测数请将阶段填为 forecast（预测）", p),
		fmt.Sprintf("period %s has not begun; check the year, or set the stage to forecast", p))
}

func areaNotValid(a *catalogue.Area, p catalogue.Period) *stream.Finding {
	return refuse("AREA_NOT_VALID", "period", p.String(),
		fmt.Sprintf("%s（%s）在报告期 %s 末不存在（有效期 %s）；请由当时的区划填报", a.NameZH, a.Code, p, validity(a)),
		fmt.Sprintf("%s (%s) does not exist at the end of %s (it is valid %s); the area of that time reports it", a.NameEN, a.Code, p, validity(a)))
}

func validity(a *catalogue.Area) string {
	from, to := "…", "…"
	if !a.ValidFrom.IsZero() {
		from = a.ValidFrom.Format("2006-01-02")
	}
	if !a.ValidTo.IsZero() {
		to = a.ValidTo.Format("2006-01-02")
	}
	return from + " – " + to
}

func missingWithValue(value string) *stream.Finding {
	return refuse("STATUS_CONTRADICTS_VALUE", "status", value,
		fmt.Sprintf("状态为 O（缺失），却填了数值 %q；请删除数值或改正状态", value),
		fmt.Sprintf("the status is O (missing) but there is a value, %q; drop the value or mend the status", value))
}

func outOfRange(i *catalogue.Indicator, v catalogue.Value) *stream.Finding {
	low, high := i.Minimum, i.Maximum
	if low == "" {
		low = "-∞"
	}
	if high == "" {
		high = "+∞"
	}
	return refuse("VALUE_OUT_OF_RANGE", "value", v.String(),
		fmt.Sprintf("%s 的数值 %s %s 超出合理范围 %s 至 %s；请检查数值和单位", i.NameZH, v, i.UnitName, low, high),
		fmt.Sprintf("%s %s is outside the plausible range of %s, %s to %s; check the value and its unit", v, i.UnitName, i.ID, low, high))
}

func duplicateCell(cell Cell, rows []int, same bool) *stream.Finding {
	numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(rows)), ", "), "[]")
	if same {
		return refuse("CELL_REPEATED", "indicator", cell.Indicator,
			fmt.Sprintf("第 %s 行重复填报 %s %s，内容相同；只保留第一行", numbers, cell.Indicator, cell.Period),
			fmt.Sprintf("rows %s report %s for %s with the same content; only the first is taken", numbers, cell.Indicator, cell.Period))
	}
	return refuse("CELL_CONTRADICTED", "value", cell.Indicator,
		fmt.Sprintf("第 %s 行对 %s %s 填报了不同的数值，均未采用；请只保留正确的一行", numbers, cell.Indicator, cell.Period),
		fmt.Sprintf("rows %s report different figures of %s for %s, and none is taken; keep the right one", numbers, cell.Indicator, cell.Period))
}

func stageBackwards(o *stream.AcceptedObservation, best Part) *stream.Finding {
	return refuse("STAGE_BACKWARDS", "stage", o.Stage.String(),
		fmt.Sprintf("%s %s 已有 %s 阶段的数据（%s），不能退回 %s；如需更正，请按 %s 阶段重新填报", o.Indicator, o.Period, best.Stage, best.Value, o.Stage, best.Stage),
		fmt.Sprintf("%s for %s already has a %s figure (%s) and cannot go back to %s; to correct it, report it as %s", o.Indicator, o.Period, best.Stage, best.Value, o.Stage, best.Stage))
}

func (j *judge) unknownArea(code string) *stream.Finding {
	var codes []string
	for i := range j.catalogue.Areas {
		codes = append(codes, j.catalogue.Areas[i].Code)
	}
	slices.Sort(codes)
	return refuse("AREA_UNKNOWN", "area", code,
		fmt.Sprintf("没有地区 %q；目录中的地区为 %s", code, strings.Join(codes, "、")),
		fmt.Sprintf("there is no area %q; the catalogue has %s", code, strings.Join(codes, ", ")))
}

func (j *judge) unknownDataset(id string) *stream.Finding {
	var ids []string
	for i := range j.catalogue.Datasets {
		ids = append(ids, j.catalogue.Datasets[i].ID)
	}
	return refuse("DATASET_UNKNOWN", "dataset", id,
		fmt.Sprintf("没有数据集 %q；可用的数据集为 %s", id, strings.Join(ids, "、")),
		fmt.Sprintf("there is no dataset %q; the catalogue has %s", id, strings.Join(ids, ", ")))
}

func subjectMismatch(column, body, subject string) *stream.Finding {
	return refuse("SUBJECT_MISMATCH", column, body,
		fmt.Sprintf("报文中的 %s 为 %q，与发布主题中的 %q 不一致；整份报送未采用", column, body, subject),
		fmt.Sprintf("the body's %s is %q but the subject says %q; nothing of the submission is taken", column, body, subject))
}

func unreadable(err error) *stream.Finding {
	return refuse("SUBMISSION_UNREADABLE", "", "",
		fmt.Sprintf("报送内容不是有效的 JSON 报送（%v）；请对照接口说明检查", err),
		fmt.Sprintf("the message is no submission in JSON (%v); check it against the interface's description", err))
}

func nothingReported() *stream.Finding {
	return refuse("SUBMISSION_EMPTY", "observations", "",
		"报送中没有任何数据行；请至少填报一行", "the submission has no observations; report at least one")
}
