package decode

import (
	"strings"

	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
)

// listWords are the headers of a list of entities, as fieldKey writes them. They are looked
// for only beside one for the entities' codes, since tables of figures use some for areas.
var listWords = func() map[string]role {
	words := map[string]role{}
	for field, names := range map[role]string{
		entityField:     "entity uscc creditcode socialcreditcode unifiedsocialcreditcode 统一社会信用代码 社会信用代码 统一信用代码 信用代码 统一代码",
		entityNameField: "entityname name 企业名称 单位名称 机构名称 公司名称 主体名称 名称 企业 单位",
		validFromField:  "validfrom 有效期起 有效期始 有效期自 有效期开始 有效期起始 有效期开始日期 有效期起始日期 起始日期 生效日期 认定日期 认定时间 发证日期 发证时间",
		validToField:    "validto 有效期止 有效期至 有效期到 有效期结束 有效期终止 有效期截止 有效期结束日期 有效期截止日期 终止日期 截止日期 到期日期 失效日期",
		registeredField: "registeredarea 注册地 注册地区 注册地区划 注册地区划代码 注册地址所在地区 注册地所在地区 登记地区 住所地区",
	} {
		for _, name := range strings.Fields(names) {
			words[name] = field
		}
	}
	return words
}()

// listColumns names the columns of a list of entities; it returns nil for another table.
func listColumns(cells []string) []column {
	columns, listed := make([]column, len(cells)), false
	for i, cell := range cells {
		c := &columns[i]
		if c.name = grid.Trim(cell); c.name == "" {
			continue
		}
		if c.role = extra; len(c.name) > maxHeaderCell {
			continue
		}
		key, _, _ := splitBrackets(fieldKey(c.name))
		field, ok := listWords[key]
		if !ok {
			field, _ = fieldOf(c.name, false)
		}
		if c.role = field; field == valueField || field == unitField || field == qualifierField || field == nameField {
			c.role = extra // a row is one entity
		}
		listed = listed || field == entityField
	}
	if !listed {
		return nil
	}
	return columns
}

// isList reports whether the table is a list of entities.
func (t *table) isList() bool { return t.at[entityField] >= 0 }

// checkList checks a list of entities. It returns nil where it is one.
func (t *table) checkList(columns []column, byField [figures + 1][]int, f *failure) *failure {
	f.recognized += 10
	joinYearAndMonth(columns, &byField)
	if len(byField[periodField]) == 0 && t.period.Kind == 0 {
		return t.missing(columns, f, "period")
	}
	return t.repeated(columns, byField, f)
}

// listRow reads a row of a list.
func (t *table) listRow(r *grid.Row) error {
	o, area, dataset := t.common(r)
	for i := range t.columns {
		if fault := r.Faults[i]; fault != nil && t.columns[i].role > extra {
			return t.malformed(r, fault)
		}
	}
	if i := t.at[entityField]; r.Merged[i] {
		return t.malformed(r, mergedValue(i, r.Number))
	}
	o.Period = t.periodOf(r)
	if name := r.Cell(t.at[indicatorField]); name != "" {
		o.Indicator = t.indicator(name).id
	}
	o.Listing = &event.Listing{
		Entity: r.Cell(t.at[entityField]), EntityName: r.Cell(t.at[entityNameField]),
		ValidFrom: r.Cell(t.at[validFromField]), ValidTo: r.Cell(t.at[validToField]),
	}
	if text := r.Cell(t.at[registeredField]); text != "" {
		o.Listing.RegisteredArea = t.area(text)
	}
	if at := t.at[actionField]; at >= 0 {
		action, problem := actionOf(r.Cell(at))
		if problem != nil {
			return t.malformed(r, problem)
		}
		o.Action = action
	}
	if said := *o.Listing; said == (event.Listing{}) && o.Action == "" {
		t.unspoken++ // a row of a form that nobody has filled in
		return nil
	}
	t.count(r.Number)
	return t.take(o, area, dataset)
}
