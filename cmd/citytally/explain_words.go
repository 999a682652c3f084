package main

import "github.com/citytally/citytally/transform/answer"

// explainWords are the sentences of an explanation; %s are filled in order.
type explainWords struct {
	unrounded, basis, asOf              string
	sumRule, ratioRule, cityRule        string
	policies                            map[string]string
	coverage, publishable, withheld     string
	change, noChange, baseOf            string
	numerator, denominator, total       string
	nobody, missing, missingNone        string
	subtracted, of, place, via, by      string
	received, note, raw, reason, before string
	recast, unknownBefore, derived      string
	negative, none                      string
	because                             map[string]string
}

var explainLanguages = map[string]explainWords{
	"zh": {
		unrounded: "（未舍入 %s）", basis: "依据：ACCEPTED 第 %d 条及以前，目录版本 %s", asOf: "只计 %s 及以前收到的数据",
		sumRule: "规则：各地区%s相加；单列功能区参与加总，区内功能区（其中数）不重复加总", ratioRule: "规则：%s ÷ %s%s，分子分母取相同地区，各自加总后相除",
		cityRule: "规则：%s由市级填报，不由各地区加总",
		policies: map[string]string{"complete": "须各地区报齐方可发布", "partial": "未报齐也可发布，但须注明", "carry": "未到最新阶段的地区沿用其前一阶段数，标为推算"},
		coverage: "覆盖：%d/%d 个地区；%s", publishable: "可发布", withheld: "不可发布",
		change: "同比：%s（上年 %s，绝对变动 %s）", noChange: "同比：无（%s，代码 %s）", baseOf: "%s（同比的基数）",
		numerator: "分子：%s = %s", denominator: "分母：%s = %s", total: "%s = %s",
		nobody: "尚无任何地区报送", missing: "缺：%s", missingNone: "各地区均已报送",
		subtracted: "减 ", of: "%s期数", place: "第 %d 行", via: "经 %s", by: "报送人 %s",
		received: "收到 %s", note: "备注：%s", raw: "原文：%s", reason: "理由：%s", before: "此前：%s",
		recast: "区划调整：%s 上年由 %s 构成", unknownBefore: "未知地区", derived: "由其他报告期推算", negative: "推算出的当期数为负",
		none: "无数值",
		because: map[string]string{
			answer.InsideZone: "不加总：区内功能区，其数已含在%s数内", answer.CityFigure: "不加总：全市自报数不是各地区之和的组成部分",
			answer.DistrictFigure: "不采用：该指标以市级填报数为准", answer.AreaNotValid: "不加总：期末该地区不存在", answer.AreaUnknown: "不加总：现行目录中无此地区",
			answer.SaidMissing: "不加总：该地区注明缺数（状态 O）", answer.NoCounterpart: "不加总：该地区缺分子或分母中的另一项",
		},
	},
	"en": {
		unrounded: " (unrounded %s)", basis: "basis: ACCEPTED up to %d, catalogue %s", asOf: "counting what had been received by %s",
		sumRule: "rule: %s of the areas added up; carved-out zones are added, zones inside an area (\"of which\") are not", ratioRule: "rule: %s ÷ %s%s, each added up over the same areas and then divided",
		cityRule: "rule: %s is reported by the city itself and not added up",
		policies: map[string]string{"complete": "to be published only when all areas are in", "partial": "may be published with some areas, saying so", "carry": "areas behind the latest stage are carried at their previous stage's figure, marked imputed"},
		coverage: "coverage: %d of %d areas; %s", publishable: "publishable", withheld: "not publishable",
		change: "change on the year: %s (from %s, by %s)", noChange: "change on the year: none (%s, code %s)", baseOf: "%s, the base of the change",
		numerator: "numerator: %s = %s", denominator: "denominator: %s = %s", total: "%s = %s",
		nobody: "nobody has reported anything", missing: "missing: %s", missingNone: "all areas have reported",
		subtracted: "minus ", of: "of %s", place: "row %d", via: "via %s", by: "by %s",
		received: "received %s", note: "note: %s", raw: "as written: %s", reason: "reason: %s", before: "before it: %s",
		recast: "territory: %s was %s a year earlier", unknownBefore: "not known", derived: "derived from other periods", negative: "a derived figure is below zero",
		none: "no value",
		because: map[string]string{
			answer.InsideZone: "not added: a zone inside %s, whose figure contains it", answer.CityFigure: "not added: the city's own figure is no part of the sum of its areas",
			answer.DistrictFigure: "not used: the city itself reports this indicator", answer.AreaNotValid: "not added: the area does not exist at the end of the period", answer.AreaUnknown: "not added: the catalogue in use has no such area",
			answer.SaidMissing: "not added: the area says that it has no value (status O)", answer.NoCounterpart: "not added: the area lacks the other sum of the ratio",
		},
	},
}
