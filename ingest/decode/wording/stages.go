package wording

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/citytally/citytally/configs/catalogue"
)

var (
	// stageWords do not have 年报, which names a report and not how final it is.
	stageWords   = regexp.MustCompile(`(快报|初步核算|初步统计|预计|预测|最终核实|年报数)(?:数据|数|值)?|(初步)(?:数据|数|值|[)\]】]|$)`)
	stageGeneral = regexp.MustCompile(`附注|注释|备注|说明|注|本表|表中|表内|以上|上述|所列|各项|各|指标|数据|数值|数字|均|都|统一|全部|所有|为|是|系|属|的|[\s\d:.、*※()#]`)
	stageNames   = map[string]catalogue.Stage{"快报": catalogue.Flash, "初步核算": catalogue.Flash, "初步统计": catalogue.Flash, "初步": catalogue.Flash,
		"预计": catalogue.Estimate, "预测": catalogue.Forecast, "最终核实": catalogue.Final, "年报数": catalogue.Final}
)

// FindStages returns the stages that a text tells of its figures: 快报, 初步数. General is true where each of them stands
// in a clause that speaks of nothing in particular: 以上为快报数, but not 地区生产总值为初步核算数.
func FindStages(text string) (stages []catalogue.Stage, general bool) {
	general = true
	for _, clause := range clauseEnds.Split(strings.ToLower(norm.NFKC.String(text)), -1) {
		found := stageWords.FindAllStringSubmatch(clause, -1)
		if len(found) == 0 || strings.Contains(clause, "为准") {
			continue
		}
		for _, m := range found {
			stages = append(stages, stageNames[m[1]+m[2]])
		}
		general = general && stageGeneral.ReplaceAllString(stageWords.ReplaceAllString(clause, ""), "") == ""
	}
	return stages, general
}
