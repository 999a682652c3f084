package wording

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/configs/catalogue"
)

// What headers call the figures of a table's own district and period: 本区完成数, 实际值, 绝对量. Such a header is put
// together of whose they are, of when, of how they came about and of what they are, each of which may be left out.
const (
	ofDistrict = `(?:本区县|[本全我各]?[区县](?:本级)?|本(?:地区|单位|级))?`
	ofPeriod   = `(?:本期|报告期|当期|现期|期末|年末|年底|月末|季末)?的?`
	cameAbout  = `(?:实际|实绩|实现|完成|达到|上报|填报|报送|填写|申报|自报|核定|审定|认定|统计|汇总|调查|测算|核算|现|实有|最终|采用|具体)`
	amount     = `(?:数值?|值|额|量|数据|数额|金额|绝对[数值量额]?|总量|实绩|情况)`
)

var (
	figures = regexp.MustCompile(`^` + ofDistrict + ofPeriod + `(?:` + cameAbout + `{0,3}(?:数值?|值|额|量|数据|绝对[数值量额]?|总量|实绩)|` + cameAbout + `{1,3}(?:数额|金额)|(?:实际)?(?:完成|达到|实现)|指标(?:数值?|数据|完成[数值])|实际)$|^(?:本期|报告期|当期|现期|期末|年末|年底)` + amount + `?$`)
	// amounts name amounts of whatever stands beside them. A table may have such a column beside its figures.
	amounts = regexp.MustCompile(`^` + ofDistrict + `(?:数量|总数量?|总?金额|数额|总额|总值|规模|合计[数值额]?|总计|汇总|(?:实际)?(?:完成|进展|实现)情况|结果|amount|number|count|total|figures?)$`)
	staged  = regexp.MustCompile(`^((?:快报|预计|预测|年报|初步核算|初步统计|初步|最终核实))(?:实现|完成|实绩)?(?:数值?|值|额|量|数据)?$`)
)

// Figures reports whether a header, as fields are compared, says no more than that figures of the table stand below it.
func Figures(key string) bool {
	return len(key) > 0 && len(key) <= 60 && key[0] >= utf8.RuneSelf && figures.MatchString(key)
}

// Amounts reports whether one may say so, where no other column does: 数量, 合计.
func Amounts(key string) bool { return amounts.MatchString(key) }

// StagedFigures returns the stage of the figures below a header that says no more than that: 快报数, 预计完成.
func StagedFigures(key string) (catalogue.Stage, bool) {
	m := staged.FindStringSubmatch(key)
	if m == nil {
		return 0, false
	}
	stage, known := stageNames[m[1]]
	if !known {
		stage = catalogue.Final
	}
	return stage, known || m[1] == "年报" && key != "年报"
}

// names are headers of the column that names indicators, and levels those of groups of them and of parts of these,
// from the outermost: 一级指标, 二级指标.
var (
	names  = regexp.MustCompile(`^(?:主要|重点|核心|考核|统计|监测|评价|经济|科技|创新|工作|具体|细化|填报|报送|上报|目标|任务|年度|绩效|数据)*(?:指标|项目|内容|事项|数据项|要素)(?:名称|内容|项|及名称|名)?$`)
	levels = regexp.MustCompile(`^(?:第?([一二三四1-4])级|(大|中|小)类|(总|分))(?:指标|项目|目标|内容)(?:名称|项)?$`)
)

// Names reports whether a header, as fields are compared, is of the names of indicators: 主要指标, 填报内容.
func Names(key string) bool { return len(key) <= 60 && names.MatchString(key) }

// Level returns how deep the indicators of a column stand, by its header; 0 is another header.
func Level(key string) int {
	m := levels.FindStringSubmatch(key)
	if m == nil {
		return 0
	}
	return strings.Index("总一1大分二2中三3小四4", strings.Join(m[1:], "")) + 1
}
