package header

import (
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/strict"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// role is what a column says of each row.
type Role uint8

const (
	Unnamed Role = iota // the header's cell is empty
	Extra               // passed over
	IndicatorField
	NameField // the indicator's name beside its id
	PeriodField
	YearField
	MonthField
	ValueField
	UnitField
	MultiplierField
	StageField
	StatusField
	QualifierField
	NoteField
	AreaField
	DatasetField
	ActionField
	EntityField // those of a list; see listWords
	EntityNameField
	ValidFromField
	ValidToField
	ValidityField // both in one, or how long: 有效期
	RegisteredField
	IgnoredField // named by a format, and of no account here
	Figures      // the values of one indicator, period or area
)

// FieldNames are the names of columns in messages.
var FieldNames = map[Role]string{
	IndicatorField: "indicator", NameField: "indicator", PeriodField: "period", YearField: "period", MonthField: "period", ValueField: "value", UnitField: "unit",
	MultiplierField: "unit", StageField: "stage", StatusField: "status", QualifierField: "qualifier", NoteField: "note", AreaField: "area", DatasetField: "dataset", ActionField: "action",
	EntityField: "entity", EntityNameField: "entity_name", ValidFromField: "valid_from", ValidToField: "valid_to", ValidityField: "valid_to", RegisteredField: "registered_area",
}

// fieldWords are the headers by which columns are known, as Key writes them.
var fieldWords = func() map[string]Role {
	words := map[string]Role{}
	for field, names := range map[Role]string{
		IndicatorField: "indicator indicatorid indicatorcode dataelement dataelementid 指标 指标代码 指标编码 指标id 指标编号",
		NameField:      "indicatorname name",
		PeriodField:    "period timeperiod time 报告期 时期 期间 期别 所属期 统计期 时间 日期 报告时期 统计时间",
		YearField:      "year 年份 年度 年",
		MonthField:     "month quarter 月份 月 季度",
		ValueField:     "value obsvalue 数值 值 数据 本年数 本区 本县 本地区 全区 全县 金额 actual actualvalue currentvalue",
		UnitField:      "unit unitmeasure unitofmeasure 单位 计量单位 数据单位 金额单位 货币单位",
		StageField:     "stage obsstage 阶段 数据阶段 数据性质",
		StatusField:    "status obsstatus 状态 数据状态",
		QualifierField: "qualifier 限定 限定词 修饰",
		NoteField:      "note notes remark remarks comment obscomment 备注 说明 附注",
		AreaField:      "area areacode refarea district region county orgunit orgunitid organisationunit organisationunitid organizationunit 地区 地区代码 行政区划 行政区划代码 区划代码 区县 县区 县(区) 区(县) 县市区 市县区 填报单位 填报地区 报送单位",
		DatasetField:   "dataset 数据集 报表 报表代码",
		ActionField:    "action deleted 操作 动作",
	} {
		for _, name := range strings.Fields(names) {
			words[name] = field
		}
	}
	return words
}()

// sdmxWords are the columns of SDMX-CSV that are not known otherwise.
var sdmxWords = map[string]Role{
	"dataflow": DatasetField, "structureid": DatasetField, "structure": IgnoredField, "structurename": IgnoredField, "unitmult": MultiplierField,
	"freq": IgnoredField, "decimals": IgnoredField, "confstatus": IgnoredField, "obsconf": IgnoredField, "seriesid": IgnoredField,
}

var separators = strings.NewReplacer("_", "", "-", "")

// Key returns the form in which headers are compared.
func Key(text string) string {
	return wording.WithoutMarks(separators.Replace(catalogue.NormalizeName(text)))
}

// Field returns the role that a header's cell names, and the unit in brackets behind it.
func Field(text string, sdmx bool) (Role, string) {
	key := Key(text)
	if sdmx {
		key, _, _ = strings.Cut(key, ":") // TIME_PERIOD: Time period
		if field, ok := sdmxWords[key]; ok {
			return field, ""
		}
	}
	if field, ok := fieldOf(key); ok {
		return field, ""
	}
	if base, inner, ok := splitBrackets(key); ok {
		if field, known := fieldOf(base); known && (field == ValueField && catalogue.IsUnit(inner) || field != ValueField && field != UnitField) {
			if field == ValueField {
				return field, catalogue.UnitName(inner)
			}
			return field, ""
		}
	}
	return Extra, ""
}

// fieldOf returns the role that a header names by itself.
func fieldOf(key string) (Role, bool) {
	if field, ok := fieldWords[key]; ok {
		return field, true
	}
	if _, staged := wording.StagedFigures(key); staged || wording.Figures(key) {
		return ValueField, true
	}
	if wording.Names(key) {
		return NameField, true
	}
	return Extra, false
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
	key := Key(text)
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

// Word reports whether a text is one that a table may hold in a place of its own: a header, a
// unit, or a name of the catalogue.
func Word(c *catalogue.Catalogue, text string) bool {
	if len(text) > MaxCell {
		return false
	}
	if field, _ := Field(text, false); field != Extra {
		return true
	}
	if _, ok := listWords[Key(text)]; ok {
		return true
	}
	if catalogue.IsUnit(catalogue.NormalizeName(text)) {
		return true
	}
	if _, _, ok := c.FindIndicator(text); ok {
		return true
	}
	_, ok := c.FindArea(text)
	return ok
}
