package page

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

var chinese = Words{
	Tag: "zh-CN", Other: "English", OtherCode: "en",
	Product: "%s数据报送", Skip: "跳到正文", Menu: "主菜单", SignOut: "退出", Area: "地区", Choose: "切换",

	SignIn: "登录", SignInHow: "请输入本地区的令牌。令牌由管理员发放，以 ct_ 开头。", Token: "令牌", TokenHint: "整段粘贴即可。",
	ShowToken: "显示令牌", Enter: "登录", Ended: "登录已失效，请重新登录。尚未确认的文件未报送。",

	Upload: "报送文件", UploadHow: "先查看读取结果，确认后才报送。支持 Excel（.xlsx）、CSV、TSV、JSON，最大 %d MB。",
	DropHere: "将文件拖到这里，或点击选择", Dataset: "报表", More: "其他选项",
	Period: "报告期", PeriodHint: "表中没有写明报告期时填写，如 2021年、2021年三季度。", Sheet: "工作表", SheetHint: "工作簿中有多张表时填写。",
	Charset: "文字编码", CharsetAny: "自动识别", Check: "查看读取结果", Checking: "正在读取……", ReadAnew: "读得不对？换一种方式读取", CheckAgain: "按以上选项重新读取", AnotherFile: "换一个文件",

	CheckTitle: "确认报送", Understood: "读取结果", NotRead: "无法读取这个文件", NotReadHow: "请按提示在下方补充后重新读取，或改正文件后另选。尚未报送任何数据。",
	Notes: "请核对未读的部分", RowNotes: "未读的标题、合计和脚注行（%d）", OmittedNotes: "另有 %d 条说明未列出。", NothingTaken: "尚未报送。请核对上表，无误后点击“确认报送”。",
	WouldBe: "报送后的结果", NotForeseen: "审核服务暂未运行，无法预告报送结果；仍可报送，收到后再审核。",
	Nothing:    "照此报送，没有任何数据会被采用。请先改正文件；报告期已锁定的，请在下方说明理由。",
	TotalsMove: "将随之变动的全市数", Now: "现在", Then: "报送后", NoTotal: "尚无", Coverage: "已报地区", Missing: "缺%s", AndMore: "等 %d 个",
	Send: "确认报送", Sending: "正在报送……", Reason: "修改理由", ReasonHint: "报告期锁定后更改数据须说明理由，其他情况可不填。",
	Again: "内容与以前的报送相同，作为新版本重新报送", Cancel: "放弃",

	Recent: "最近的报送", None: "还没有报送记录。", When: "时间", Name: "文件", State: "状态", Accepted: "采用", NoName: "（无文件名）",
	SubmissionTitle: "报送 %s", Receipt: "回执编号", SentAgain: "再次报送，内容相同", Earlier: "同样内容此前的报送", Same: "内容与先前的报送相同且仍然有效，没有重复入库。以下是该次报送的回执和审核结果。", Waiting: "已收到，正在审核……",
	Mend: "改正后再次报送", NotKept: "原始数据已不再保存，只列出有说明的行。",
	Statuses: map[string]string{"received": "已收到，待审核", "accepted": "已采用", "partial": "部分采用", "held": "待核实", "rejected": "未采用"},
	Effects: map[event.Effect]string{
		event.New: "新增", event.Changed: "更改", event.Unchanged: "未变", event.WithdrewIt: "撤回",
		event.Superseded: "已被取代", event.Held: "待核实", event.Refused: "未采用", event.Silent: "略过",
	},
	Severities: map[event.Severity]string{event.Reject: "错误", event.Hold: "待核实", event.Inform: "提示"},
	Row:        "行", Cell: "单元格", Indicator: "指标", Value: "数值", Stage: "阶段", Effect: "结果",
	FromTo: "%s → %s", ShownRows: "共 %d 行，列出其中 %d 行。", OmittedFindings: "另有 %d 条未列出。", OnFile: "整份文件",
	NoFigure: "无数据", Withdraws: "撤回", WithStage: "%s（%s）",
	Stages:     map[string]string{"forecast": "预测", "estimate": "预计", "flash": "快报", "final": "年报"},
	Qualifiers: map[string]string{"below": "近%s", "above": "超%s", "about": "约%s"},
	Periods: PeriodWords{
		Year: "%d年", Half: "%d年%s半年", Quarter: "%d年%s季度", Month: "%d年%s月", YearToDate: "%d年1—%s月",
		Halves: []string{"上", "下"}, Quarters: []string{"一", "二", "三", "四"},
		Months: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
	},

	Figures: "本地区数据", Totals: "全市数", Show: "查看", Download: "下载填报表（Excel）", InForce: "现行数", NewFigure: "更正为",
	TypeHow: "只在要更正的行填写新数；未填的行不变。填写后先看结果，确认才报送。", AsBefore: "与现行数相同（新增的按报表默认）", CheckTyped: "查看更正结果",
	Typed: "网页上填写的更正，共 %d 个数据。", TypedFile: "网页填报（%s）", Original: "所属报送", HistoryOf: "历次报送", Confirmed: "其后再次报送，数未变：", OnBehalf: "市级更正", ReleasedOn: "核实后采用于", By: "报送人", Raw: "原文", Note: "备注",
	Percent: "%s%%", Points: "%s个百分点", Changes: catalogue.ChineseChanges(), Own: "本地区", HowItAdds: "怎样算出", Others: "其他地区合计", List: "、", Colon: "：", Together: "合计",
	NotPublishable: "暂不可发布", RatioOf: "第一项合计 ÷ 第二项合计 × %d", TotalsHow: "各地区数变动时，本页自动更新。", Live: "已更新", NoTotals: "这个报告期还没有全市数。", Figure: "数据",

	Held: "待核实", HeldHow: "下列数据已收到，暂不计入全市数。数据有误的，请重新报送正确的数；数据无误的，请说明情况。",
	HeldBureauHow: "下列数据已收到，暂不计入全市数，请核实后采用或退回。理由将长期保存，报送单位可以看到。",
	HeldCount:     "有 %d 项数据待核实，暂不计入全市数。", HeldSee: "查看并处理", HeldNone: "没有待核实的数据。", HeldAll: "显示已处理的", HeldPending: "只看待核实的",
	SeenNames: map[string]string{"value": "填报数", "in_force": "现行数", "before": "上期数", "year_before": "上年同期数", "after": "下期数", "same_span": "同一时段另报数", "host": "所在县区数", "other": "关联指标数", "zone": "区内功能区数", "within": "较长报告期数", "part": "较短报告期数", "grown": "新增数", "shrunk": "减少数", "control": "全市控制数", "stated_base": "表中上年同期数", "stated_change": "表中同比", "base": "上年同期数", "numerator": "分子", "denominator": "分母", "withdrawn": "本次撤回个数", "reported": "已报个数", "so_far": "年内此前累计数", "reference": "对照数", "reference_years": "相隔年数", "against": "对照期", "nearest": "最近年份同期数", "before_in_force": "上期现行数", "city_sum": "各县区之和", "city_rounding": "舍入可致之差", "zones_missing": "未报的单列功能区个数", "city_share": "占全市比重（%）", "same_as_before": "本表与上期相同的比重（%）", "same_as_year_before": "本表与上年同期相同的比重（%）", "series": "此前各期数", "references": "可比数", "shares": "历年占比（%）", "known": "此前数值", "history": "历史数", "ratio": "倍数", "difference": "相差", "follows": "推算数", "most": "上限"},
	Why:       "原因", Saw: "依据", Explanations: "情况说明", Decision: "处理意见", ReportedAs: "报送数", WithHeld: "%d 项待核实：不含为 %s，采用后为 %s", HeldAlone: "%d 项待核实，采用后为 %s；此外尚无全市数", WithTheseHeld: "有数据待核实：不含为 %s，采用后为 %s",
	ListHeld: "名单 %d 行：%s%s", TakenOff: "（撤出）", AndOthers: "等",
	AsSent: "下载原文件", AsMarked: "下载标有审核意见的表格", AssumedStage: "未填“阶段”的数据按“%s”处理。", Further: "下一页",
	Explain: "情况说明", ExplainHints: map[string]string{"district": "写明数据为何如此。提交后该数即采用，说明长期保存，市级可以看到。", "bureau": "写明数据为何如此，供市级核实；由市级决定是否采用，说明长期保存。"}, ExplainSend: "提交说明", WhyDecide: "理由", ReleaseIt: "采用", RefuseIt: "退回",
	HeldStates: map[string]string{"pending": "待核实", "released": "已采用", "refused": "已退回", "superseded": "已被取代"},
	HeldDone:   map[string]string{"explained": "说明已提交，由市级核实后决定是否采用。", "released": "已采用，从现在起计入全市数。", "refused": "已退回，不计入全市数。"},
	Releasers:  map[string]string{"district": "由本地区说明情况后采用", "bureau": "由市级核实后决定是否采用"},
	Owed:       "待报事项", OwedLong: "逾期 60 天以上仍未报齐的", OwedCount: "%d 期", Deadline: "截止时间", Filled: "已报指标", Overdue: "已逾期",

	NothingTyped: "没有填写任何新数。请返回，在要更正的行填写。", NoCell: "没有这个指标或报告期。", NoSuchTotal: "这个报告期还没有该项全市数。", TooManyPages: "同时打开的页面过多。",
	Refused: "无法完成", NotFound: "没有这个页面，地址可能输错或已失效。接口说明见 /openapi。", Back: "返回报送页", Failed: "系统内部错误，请稍后重试；仍不成功请联系管理员。", BadForm: "提交的内容不完整，请返回重试。",
	NoFile: "没有选择文件，或文件是空的。请返回选择文件。", Forgotten: "这个文件已不在服务器上（可能因为系统重启），请返回重新选择文件。", MayNotSend: "此令牌只能查看，不能报送。",
}
