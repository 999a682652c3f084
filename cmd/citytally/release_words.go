package main

// releaseWords are the sentences about releases; %s and %d are filled in order.
type releaseWords struct {
	created, repeated, unjudged     string
	withheld, withheldTotal         string
	name, period, totals, at, note  string
	same, different, otherCatalogue string
	byCatalogue                     string
}

var releaseLanguages = map[string]releaseWords{
	"zh": {
		created: "已发布 %s：%d 项 %s 全市数，依据 ACCEPTED 第 %d 条及以前", repeated: "%s 已于 %s 发布，内容相同，未作改动",
		unjudged:      "注意：有 %d 份报送尚未审核，未计入本次发布",
		withheld:      "有 %d 项全市数不可发布；请补报缺少的地区，或加 --force 一并发布并保留标记：",
		withheldTotal: "  %s  %d/%d，缺 %s",
		name:          "名称", period: "报告期", totals: "项数", at: "发布时间", note: "备注",
		same: "%s（%s 发布）与现数完全一致", different: "%s（%s 发布）与现数不一致：%d 项（共 %d 项）",
		otherCatalogue: "目录已变更：发布时 %s，现为 %s", byCatalogue: "无新数据：因目录变更",
	},
	"en": {
		created: "released %s: %d city totals of %s, from ACCEPTED up to %d", repeated: "%s was released on %s with the same content; nothing changed",
		unjudged:      "note: %d submissions have not been judged yet and are not in the release",
		withheld:      "%d totals are not publishable; get the missing areas' figures, or release them marked as they are with --force:",
		withheldTotal: "  %s  %d of %d, without %s",
		name:          "name", period: "period", totals: "totals", at: "released", note: "note",
		same: "%s, released on %s, is what today's totals are", different: "%s, released on %s, differs from today in %d of %d totals",
		otherCatalogue: "the catalogue has changed: %s then, %s today", byCatalogue: "no figure changed: the catalogue did",
	},
}
