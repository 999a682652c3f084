package wording

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// passedOver are headers of columns that are known to hold no figures of the period.
var passedOver = regexp.MustCompile(`^(?:序号|编号|代码|代号|指标代码|指标编码|指标编号|indicatorcode|行次|行号|栏次|no\.?|#|id|排名|位次|排序)$|同比|环比|增长|增速|增幅|上年|去年|上期|上月|上季|基期|同期|占比|比重|位次|排名|名次|增量|合计|小计|总计|全市|全省|全国|累计增|增减|计划|目标|任务|完成率|进度|备注|说明|±|^\+/?-|[比较]上|份额$|占全|贡献[率度额]|拉动|序位|排位|得分|分值|^评分$|权重|权数|^折算|达标率|达标情况|^是否|完成比例|完成百分比|评价等级|^等级$|^去年|基数|^[期年]初|growth|^(?:target|plan|goal|budget|weight|score)|completion|progress|^change|previous|lastyear|yoy|total|rank`)

// targets are headers of what is to be reached.
var targets = regexp.MustCompile(`^[^完]*(?:目标|计划|任务|预期)(?:[^完类责名内]*)$|^(?:target|plan|goal|budget)`)

// Target reports whether a header, as fields are compared, is of what is to be reached and has not been: 目标值, 计划数.
func Target(key string) bool { return targets.MatchString(key) }

// baseWords and changeWords are headers of a figure of a year before and of the change since,
// beside a figure.
var (
	baseWords   = regexp.MustCompile(`^(?:base|(?:上年|去年)(?:同期)?(?:数|值|实绩|完成数?)?)$`)
	changeWords = regexp.MustCompile(`^(?:change|yoy|同比(?:增长|增速|增幅|增减)?率?|比上年(?:同期)?增长)$`)
)

// PassedOver reports whether a header, as fields are compared, is of a column that is known to hold
// no figures of the period.
func PassedOver(key string) bool { return passedOver.MatchString(key) }

// formWords are headers of what the system's own forms write beside the cells to fill in.
var formWords = regexp.MustCompile(`^(?:指标名称|name|上期数|previousperiod|上年同期数|lastyear|上期已报数(?:\(本期\))?|previousreportofthisperiod)$`)

// Form reports whether a header, as fields are compared, is one that the system's own forms write
// beside the cells to fill in.
func Form(key string) bool { return formWords.MatchString(key) }

// accountingWords are headers of what programs for accounting export.
var accountingWords = regexp.MustCompile(`^(?:科目(?:代码|编码|编号|名称)?|会计科目|会计期间|借方(?:金额|发生额|余额)?|贷方(?:金额|发生额|余额)?|凭证(?:字号?|号)?|摘要|(?:期初|期末)?余额|期初(?:借方|贷方)|期末(?:借方|贷方)|核算项目|辅助核算|部门|往来单位|制单|记账)$`)

// Accounting reports whether a normalized header is one of what programs for accounting export.
func Accounting(header string) bool { return accountingWords.MatchString(header) }

// detailWords are headers of lists of projects, contracts, patents and persons.
var detailWords = regexp.MustCompile(`^(?:(?:项目|合同|课题|专利|成果|论文|产品)(?:名称|编号|类型|来源|负责人|登记编号)|(?:承担|建设|实施|申报|依托|完成|牵头|参与)单位(?:名称)?|建设(?:地点|内容|性质|规模|周期)|(?:总|计划|累计完成)?投资额?(?:[(\[].*)?|开工(?:时间|日期)|(?:竣工|投产)(?:时间|日期)|立项(?:编号|时间|日期)|(?:卖|买|转让|受让|甲|乙)方(?:名称|单位)?|专利(?:号|权人)|申请(?:号|人|日)|授权(?:号|日)|发明人|姓名|身份证号码?|职称|学历|性别|出生年月)$`)

// Detail reports whether a normalized header is one of a list of projects, contracts, patents or persons.
func Detail(header string) bool { return detailWords.MatchString(header) }

// required are the marks of columns that have to be filled in, in forms of 钉钉, 腾讯文档 and others.
var required = regexp.MustCompile(`^\*+|\*+$|[(\[【](?:必填|选填|非必填|可选|可空|required|optional)[)\]】]`)

// WithoutMarks returns a normalized header without the marks of what has to be filled in.
func WithoutMarks(key string) string {
	if strings.ContainsAny(key, "*([【") {
		return required.ReplaceAllString(key, "")
	}
	return key
}

// Base reports whether a header, as fields are compared, is of the figure of a year before, beside
// the only figure of a row.
func Base(key string) bool { return baseWords.MatchString(key) }

// Change reports whether one is of the change since.
func Change(key string) bool { return changeWords.MatchString(key) }

// Ditto reports whether a cell says that the one above is meant again.
func Ditto(cell string) bool {
	if cell == "" || cell[0] > ' ' && cell[0] < utf8.RuneSelf {
		return false // most cells
	}
	switch strings.TrimSpace(cell) {
	case "〃", "″", "〞", "同上":
		return true
	}
	return false
}
