package decode

import (
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// role is what a column says of each row.
type role uint8

const (
	unnamed role = iota // the header's cell is empty
	extra               // passed over
	indicatorField
	nameField // the indicator's name beside its id
	periodField
	yearField
	monthField
	valueField
	unitField
	multiplierField
	stageField
	statusField
	qualifierField
	noteField
	areaField
	datasetField
	actionField
	entityField // those of a list; see listWords
	entityNameField
	validFromField
	validToField
	registeredField
	ignoredField // named by a format, and of no account here
	figures      // the values of one indicator, period or area
)

// columnNames are the names of columns in messages.
var columnNames = map[role]string{
	indicatorField: "indicator", nameField: "indicator", periodField: "period", yearField: "period", monthField: "period", valueField: "value", unitField: "unit",
	multiplierField: "unit", stageField: "stage", statusField: "status", qualifierField: "qualifier", noteField: "note", areaField: "area", datasetField: "dataset", actionField: "action",
	entityField: "entity", entityNameField: "entity_name", validFromField: "valid_from", validToField: "valid_to", registeredField: "registered_area",
}

// fieldWords are the headers by which columns are known, as fieldKey writes them.
var fieldWords = func() map[string]role {
	words := map[string]role{}
	for field, names := range map[role]string{
		indicatorField: "indicator indicatorid indicatorcode dataelement dataelementid 指标 指标代码 指标编码 指标id 指标编号",
		nameField:      "指标名称 指标名 项目 项目名称 指标项 indicatorname name",
		periodField:    "period timeperiod time 报告期 时期 期间 期别 所属期 统计期 时间 日期 报告时期 统计时间",
		yearField:      "year 年份 年度 年",
		monthField:     "month quarter 月份 月 季度",
		valueField:     "value obsvalue 数值 值 数据 指标值 本期 本期数 本期值 本年数 实际值 实际 完成数 填报值 填报数 上报数",
		unitField:      "unit unitmeasure unitofmeasure 单位 计量单位 数据单位",
		stageField:     "stage obsstage 阶段 数据阶段 数据性质",
		statusField:    "status obsstatus 状态 数据状态",
		qualifierField: "qualifier 限定 限定词 修饰",
		noteField:      "note notes remark remarks comment obscomment 备注 说明 附注",
		areaField:      "area areacode refarea district region county orgunit orgunitid organisationunit organisationunitid organizationunit 地区 地区代码 行政区划 行政区划代码 区划代码 区县 县区 县(区) 区(县) 县市区 市县区 填报单位 填报地区 报送单位",
		datasetField:   "dataset 数据集 报表 报表代码",
		actionField:    "action deleted 操作 动作",
	} {
		for _, name := range strings.Fields(names) {
			words[name] = field
		}
	}
	return words
}()

// sdmxWords are the columns of SDMX-CSV that are not known otherwise.
var sdmxWords = map[string]role{
	"dataflow": datasetField, "structureid": datasetField, "structure": ignoredField, "structurename": ignoredField, "unitmult": multiplierField,
	"freq": ignoredField, "decimals": ignoredField, "confstatus": ignoredField, "obsconf": ignoredField, "seriesid": ignoredField,
}

var separators = strings.NewReplacer("_", "", "-", "")

// fieldKey returns the form in which headers are compared.
func fieldKey(text string) string {
	return wording.WithoutMarks(separators.Replace(catalogue.NormalizeName(text)))
}

// fieldOf returns the role that a header's cell names, and the unit in brackets behind it.
func fieldOf(text string, sdmx bool) (role, string) {
	key := fieldKey(text)
	if sdmx {
		key, _, _ = strings.Cut(key, ":") // TIME_PERIOD: Time period
		if field, ok := sdmxWords[key]; ok {
			return field, ""
		}
	}
	if field, ok := fieldWords[key]; ok {
		return field, ""
	}
	if base, inner, ok := splitBrackets(key); ok {
		if field, known := fieldWords[base]; known && (field == valueField && catalogue.IsUnit(inner) || field != valueField && field != unitField) {
			if field == valueField {
				return field, inner
			}
			return field, ""
		}
	}
	return extra, ""
}

var brackets = regexp.MustCompile(`^(.+?)[(\[【]([^()\[\]【】]+)[)\]】]$`)

// splitBrackets splits 数值（亿元） into 数值 and 亿元.
func splitBrackets(key string) (base, inner string, ok bool) {
	m := brackets.FindStringSubmatch(key)
	if m == nil {
		return key, "", false
	}
	return m[1], strings.TrimPrefix(strings.TrimPrefix(m[2], "单位:"), "单位"), true
}

// nearField returns the name of the known column that a header was probably meant for.
func nearField(text string) string {
	key := fieldKey(text)
	runes := len([]rune(key))
	if runes < 4 {
		return ""
	}
	near := strict.Nearest(key, []string{"indicator", "period", "value", "unit", "stage", "status", "qualifier", "note", "action", "area", "dataset", "entity"})
	if len(key) < len(near)-1 {
		return ""
	}
	return near
}

// knownWord reports whether a text is one that a table may hold in a place of its own: a
// header, a unit, or a name of the catalogue.
func (f *file) knownWord(text string) bool {
	if len(text) > maxHeaderCell {
		return false
	}
	if field, _ := fieldOf(text, false); field != extra {
		return true
	}
	if _, ok := listWords[fieldKey(text)]; ok {
		return true
	}
	if catalogue.IsUnit(catalogue.NormalizeName(text)) {
		return true
	}
	if _, _, ok := f.Catalogue.FindIndicator(text); ok {
		return true
	}
	_, ok := f.Catalogue.FindArea(text)
	return ok
}
