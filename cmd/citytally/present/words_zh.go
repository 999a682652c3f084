package present

import (
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/catalogue/diff"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/answer/assess"
	"github.com/citytally/citytally/transform/answer/effect"
	"github.com/citytally/citytally/transform/answer/published"
	"github.com/citytally/citytally/transform/tally"
)

var chineseWords = Words{
	Comma: "，", Colon: "：", Clause: "，", List: "、", Entry: "；",
	Area: "单位", Indicator: "指标", City: "全市", Stage: "阶段", Period: "报告期", Note: "备注", AllFigures: "全部指标",
	Stages:     map[string]string{"forecast": "预测", "estimate": "预计", "flash": "快报", "final": "年报"},
	Qualifiers: map[string]string{"below": "近%s", "above": "超%s", "about": "约%s"},
	Percent:    "%s%%", Points: "%s 个百分点", PointsInText: "%s个百分点", Rise: "升%s", Fall: "降%s",
	YearBefore: BaseWords{On: "比上年", Name: "上年"}, PartBefore: BaseWords{On: "同比", Name: "上年同期"},
	NoChange: map[string]string{
		tally.BaseMissing: "无%[1]s数", tally.BaseZero: "%[1]s为零", tally.BaseNegative: "%[1]s为负",
		tally.Break: "区划口径不可比", tally.ValueMissing: "无本年数", tally.MissingMember: "未报齐", tally.Definition: "指标口径不可比",
		tally.NewArea:    "新设地区不可比",
		tally.SignChange: "正负号改变", tally.Overflow: "位数超限",
	},
	Flags: map[string]string{
		event.Derived: "由其他报告期推算", event.DerivedNegative: "推算出的当期数为负", event.Overflow: "数值位数超出存储范围，未列出",
		event.PartlyListed: "部分地区报名单、部分地区报汇总数，汇总数无法去重",
	},
	Carried: "沿用前一阶段数：%s", TurnedPositive: "由负转正", TurnedNegative: "由正转负",
	Coverage: "%d/%d个地区", Missing: "缺 %s", MissingInText: "缺%s",
	NotForPublication: "暂不可发布", NoValue: "无数值",

	Report: ReportWords{
		Title: "%s全市指标", Areas: "已报", NoTotals: "%s尚无全市数",
		Unreported: "未报送的指标（%d项）", NobodyOf: "%s均未报送",
	},
	Sentence: SentenceWords{
		Total: "%s%s%s%s。", NoTotal: "%s尚无全市数%s。",
		Levels:          map[string]string{"forecast": "预测达%s", "estimate": "预计达%s", "flash": "快报数为%s", "final": "为%s"},
		QualifiedLevels: map[string]string{"forecast": "预测%s", "estimate": "预计%s", "flash": "快报数%s", "final": "%s"},
		Expected:        map[string]string{"forecast": "预测", "estimate": "预计"},
		Unchanged:       "与%[1]s持平", AlmostUnchanged: "与%[1]s基本持平",
		PointsUp: "%s上升%s个百分点", PointsDown: "%s下降%s个百分点", PercentUp: "%s增长%s%%", PercentDown: "%s下降%s%%",
		AmountUp: "%s增加%s", AmountDown: "%s减少%s",
		NoRate: map[string]string{
			tally.BaseZero: "（%[1]s为零，不计增速）", tally.BaseNegative: "（%[1]s为负，不计增速）",
			tally.BaseMissing: "（无%[1]s可比数）",
			tally.Break:       "（区划口径有变动%[2]s，与%[1]s不可比）", tally.NewArea: "（新设地区%[2]s，与%[1]s不可比）", tally.MissingMember: "（未报齐%[2]s，暂不计增速）", tally.Definition: "（指标口径有变动，与%[1]s不可比）",
			tally.SignChange: "（%[2]s，不计增速）", tally.Overflow: "（数值位数超出存储范围，不计增速）",
		},
		Gaps: "（%s）",
	},
	PeriodName: PeriodWords{
		Year: "%d年", Half: "%d年%s半年", Quarter: "%d年%s季度", Month: "%d年%s月", YearToDate: "%d年1—%s月",
		Halves: []string{"上", "下"}, Quarters: []string{"一", "二", "三", "四"},
		Months: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"},
	},
	Page: PageWords{
		Tag: "zh-CN", Title: "%s%s主要指标",
		Area: "地区", Contents: "目录", Coverage: "报送覆盖", Indicators: "指标",
		Reporting: "各地区报送情况", ReportingHow: "全市加总指标中，含该地区数据的项数。", ReportedTotals: "已报项数",
		Value: "数值", Share: "占全市", ByArea: "各地区数", OwnRatios: "各地区自身比值（竖线为全市）", NoneIn: "为零：%s",
		Partial: "地区不全", Broken: "与前一年不可比", NotReported: "缺报",
		Trend: "历年", Notes: "说明", CityReports: "市级填报",
		Method:  "全市数由各地区数加总，比重由分子、分母分别加总后相除，均按未舍入数计算，仅在显示时舍入。区内功能区的数已含在所在地区数内，不重复加总。空心柱为预计或快报数，尚非年报数；虚线框柱的地区不全；竖虚线两侧的数不可比。",
		Release: "发布：%s %s", AsOf: "只计此时及以前收到的数据：%s", Count: "共%d项指标", Incomplete: "，其中%d项暂不可发布",
		Basis: "数据依据：日志第%d条及以前，目录版本%s", WrittenAt: "生成时间：%s",
	},
	Explain: ExplainWords{
		Unrounded: "（未舍入 %s）", Basis: "依据：ACCEPTED 第 %d 条及以前，目录版本 %s", AsOf: "只计 %s 及以前收到的数据",
		SumRule: "规则：各地区%s相加；单列功能区参与加总，区内功能区（其中数）不重复加总", RatioRule: "规则：%s ÷ %s%s，分子分母取相同地区，各自加总后相除",
		DistinctRule: "规则：%s按名单去重计数，同一主体全市只计一次（%s）；没有名单的地区按其汇总数相加",
		ClaimRules:   map[string]string{"first_reported": "几个地区都报的，计入先报的地区", "registered_address": "几个地区都报的，计入注册地所在地区"},
		OnList:       "名单 %d 户，期末有效 %d 户，计入本地区 %d 户", Claimed: "%s（%s）由%s同时列入名单，计入%s", MoreClaimed: "另有 %d 户由几个地区同时列入名单",
		CityRule: "规则：%s由市级填报，不由各地区加总",
		Policies: map[string]string{"complete": "须各地区报齐方可发布", "partial": "未报齐也可发布，但须注明", "carry": "未到最新阶段的地区沿用其前一阶段数，标为推算"},
		Coverage: "覆盖：%d/%d 个地区；%s", Publishable: "可发布", NotPublishable: "不可发布",
		Change: "%s：%s（%s %s，绝对变动 %s）", NoChange: "%s：无（%s，代码 %s）", BaseOf: "%s（比较的基数）",
		Numerator: "分子：%s = %s", Denominator: "分母：%s = %s", Total: "%s = %s",
		NobodyReported: "尚无任何地区报送", Missing: "缺：%s", NoneMissing: "各地区均已报送",
		Subtracted: "减 ", OfPeriod: "%s数", Row: "第 %d 行", Via: "经 %s", By: "报送人 %s",
		Received: "收到 %s", Note: "备注：%s", Raw: "原文：%s", Reason: "理由：%s", Superseded: "此前：%s",
		Contradiction: "数据矛盾：%s的%s，%s；而%s",
		Meaning:       "含义：%s", Population: "统计范围：%s", Source: "资料来源：%s", Redefined: "指标口径自 %s 起调整", Validity: "有效期：%s",
		Recast: "区划调整：%s 的地域上年属 %s", UnknownBefore: "未知地区", Refused: "%s 已报送%s，被退回",
		Excluded: map[string]string{
			answer.InsideZone: "不加总：区内功能区，其数已含在%s数内", answer.CityFigure: "不加总：全市自报数不是各地区之和的组成部分",
			answer.DistrictFigure: "不采用：该指标以市级填报数为准", answer.AreaNotValid: "不加总：期末该地区不存在", answer.AreaUnknown: "不加总：现行目录中无此地区",
			answer.Withdrawn: "不加总：该地区已撤回所报数据", answer.SaidMissing: "不加总：该地区注明缺数（状态 O）", answer.OtherReading: "不采用：同一时点的另一数阶段更高或更新",
			answer.OtherUnit:     "不加总：填报时的单位不能换算为该指标现在的单位",
			answer.NoCounterpart: "不加总：该地区缺分子或分母中的另一项",
		},
	},
	Release: ReleaseWords{
		Created: "已发布 %s：%d 项%s全市数，依据 ACCEPTED 第 %d 条及以前", Repeated: "%s 已于 %s 发布，内容相同，未作改动",
		Unjudged: "注意：有 %d 份报送尚未审核，未计入本次发布",
		Withheld: "有 %d 项全市数不可发布；请补报缺少的地区，或加 --force 一并发布并保留标记：", WithheldTotal: "  %s  %d/%d",
		Name: "名称", Totals: "项数", ReleasedAt: "发布时间",
		Same: "%s（%s 发布）与现数完全一致", Different: "%s（%s 发布）与现数不一致：%d 项（共 %d 项）",
		OtherCatalogue: "目录已变更：发布时 %s，现为 %s", ByCatalogue: "无新数据：因目录变更",
		Unreported: "有 %d 项指标无任何单位报送：", NameAbsent: "请催报；确无数据的，加 --absent %s 注明缺报", NotAbsent: "以下指标不属缺报，请从 --absent 中去掉：%s", WasAbsent: "发布时缺报",
	},
	Published: PublishedWords{
		Summary: "%s：与 %s 核对 %d 个数，相符 %d 个，已说明原因 %d 个，未能说明 %d 个", Basis: "数据截至第 %d 条采用记录，目录版本 %s",
		Published: "公布数", Interval: "所代表的区间", Total: "全市数", Verdict: "核对结果",
		Change: "%s（同比）", Implied: "%s（由公布数推出）", Irreproducible: "公布数之间不能互相推出的：", Consequences: "由公布数可以推出的：",
		Agreements: map[published.Agreement]string{published.Agrees: "相符", published.Truncated: "截尾后相符", published.Differs: "不符", published.Absent: "无全市数"},
		Explained:  "%s，见下文说明", OtherStage: "（公布时为%s，现为%s）",
	},
	Assess: AssessWords{
		Title: "%s，%s", Latest: "按最新数据", AsOf: "按截至 %s 收到的数据", Release: "按发布 %s 所据的数据", Basis: "（第 %d 条采用记录，目录版本 %s）",
		Rank: "名次", Score: "得分（满分 %s）", Number: "序号", Weight: "满分", Direction: "方向", Cap: "上限", Target: "目标",
		Unranked: "以下单位缺数，不排名次：", Missing: "%s：缺 %s",
		Directions: map[assess.Direction]string{assess.Higher: "越高越好", assess.Lower: "越低越好"},
		NoScore:    map[string]string{assess.ValueMissing: "缺数", assess.DenominatorZero: "分母为零", assess.TargetMissing: "无目标"},
	},
	Hold: HoldWords{
		List: table.Row{"编号", "状态", "地区", "指标", "报告期", "待核实数", "现行数", "由谁确认", "原因", "最近的说明"},
		None: "没有待核实数据", Omitted: "…… 另有 %d 项未列出，请用 --area 或 --state 缩小范围",
		States:    map[string]string{"pending": "待核实", "released": "已采用", "refused": "已退回", "superseded": "已被取代"},
		Releasers: map[event.Releaser]string{event.ByDistrict: "区县说明即可", event.ByBureau: "市级核准"},
		Held:      "%s  %s %s %s：%s  %s（%s）", InForce: "现行数 %s", From: "报送 %s 第 %d 行，%s 收到 %s", Because: "%s：%s", Successor: "已由报送（序号 %d）取代",
		Explained: "%s 于 %s 说明：%s", Released: "%s 于 %s 核准采用：%s", Refused: "%s 于 %s 退回：%s",
		WithHeld: "另有 %d 项待核实（%s），如采用则为 %s",
	},
	Rules: RulesWords{
		List:       table.Row{"规则", "处理", "范围", "阈值", "判为有误的条件"},
		Severities: map[event.Severity]string{event.Reject: "退回", event.Hold: "待核", event.Inform: "提示"},
		None:       "没有审核规则", Good: "规则无误：%d 条；版本 %s", Tested: "示例 %d 个，其中与预期不符 %d 个",
		Missed: "%s 第 %d 个示例 %s：应当查出错误，却未查出", Alarm: "%s 第 %d 个示例 %s：不应有错，却查出：%s", Unreadable: "%s 第 %d 个示例 %s：%v",
		Severity: "处理方式", Scope: "适用范围", Relation: "比较对象", Thresholds: "限值", Expression: "判定条件",
		MessageZH: "中文提示", MessageEN: "英文提示", Passing: "无错示例", Failing: "有错示例",
	},
	Catalogue: CatalogueWords{
		Areas: table.Row{"代码", "单位", "类别", "存续", "前身"}, Datasets: table.Row{"报表", "名称", "报告期", "默认阶段", "截止"},
		Indicators:  table.Row{"指标", "名称", "单位", "类别", "全市数", "同比", "频率", "报表"},
		Differences: table.Row{"部分", "编码", "变动", "原为", "现为", "影响"},
		Kinds:       map[catalogue.AreaKind]string{catalogue.City: "全市", catalogue.District: "区县", catalogue.CarvedOut: "单列功能区", catalogue.InsideZone: "功能区（其中）"},
		InsideOf:    "，属 %s", From: "%s 起", Until: "%s 前", DueDays: "期后 %d 天", Same: "两个目录没有差别", AllTotals: "全部加总指标",
		Sections: map[string]string{"city": "本市", "programmes": "栏目", "areas": "单位", "datasets": "报表", "indicators": "指标"},
		Actions:  map[string]string{"added": "新增", "removed": "删除", "changed": "修改", "moved": "移动"},
		Effects: map[diff.Effect]string{
			diff.ShownOnly: "只影响显示", diff.AcceptedOnly: "只影响今后的接收", diff.PublishableOnly: "影响可否发布",
			diff.ChangesOnly: "影响同比", diff.TotalsChange: "影响全市数及同比",
		},
		TotalsChange: "全市数：%d 项变动，%d 项撤销，%d 项新增；其中 %d 项属已锁定报告期\n", MoreTotals: "…… 另有 %d 项未列出，全部见 --format json\n",
		DryRun:         "未作任何改动；目录 %s 尚未启用，启用请加 --reason 说明原因\n",
		Applied:        "目录 %s 自第 %d 条采用记录起启用，全市数随即重算\n",
		AlreadyInForce: "目录 %s 已在使用\n",
		Totals:         table.Row{"报告期", "指标", "全市数", "原为", "现为", "锁定"},
		BecameOf:       map[effect.Kind]string{effect.Changed: "变动", effect.Withdrawn: "撤销", effect.New: "新增"},
		Locked:         "已锁定", Unconverted: "%[3]s %[1]s（%[2]s）：%[4]s %[5]s 不能换算为 %[6]s\n",
		Editions: table.Row{"版本", "自采用记录", "启用时间", "操作人", "原因"},
	},
	Receipt: ReceiptWords{
		Statuses: map[string]string{"accepted": "已采用", "partial": "部分采用", "held": "待核实", "rejected": "未采用", "received": "已收到，尚未审核"},
		Repeated: "（内容与先前报送相同，视为同一份报送；确需作为新版本报送请加 --again）", Rows: "共 %d 行", AcceptedRows: "采用 %d 行，共 %d 行", Omitted: "  …… 另有 %d 条未列出\n",
		Row: "行号", Cell: "单元格", Column: "列", Seen: "填报内容", Message: "说明",
		Effects: map[event.Effect]string{
			event.New: "新增", event.Changed: "更改", event.Unchanged: "未变", event.WithdrewIt: "撤回",
			event.Superseded: "已被取代", event.Held: "待核实", event.Refused: "未采用", event.Silent: "未填",
		},
		EffectCount: "%s %d 行", AssumedStage: "未填阶段的按%s",
		Effect: "结果", Figure: "数据", From: "原数", To: "报送数", Submission: "原数所属报送",
		NoFigure: "注明缺数", OmittedChanges: "另有 %d 行",
		Unavailable: "%s：网关 %s 在 %s 内未给出回执：%s\n请稍后原样重发，不会重复入库；--wait 可延长尝试时间。管理员可用 citytally status 查明原因",
		Silent:      "没有应答",
	},
	DryRun: DryRunWords{
		Nothing: "试算：未存储任何数据；以日志 ACCEPTED 第 %d 条为准", Totals: "随之变动的全市数：", NoTotals: "全市数不变",
		Without: "无", Omitted: "  …… 另有 %d 个全市数未列出", Total: "全市数", From: "现为", To: "将为", WithHeld: "待核实数采用后为 %s",
	},
	Token: TokenWords{
		ID: "编号", Name: "名称", Role: "角色", State: "状态", Expires: "到期", Created: "签发", Revoked: "撤销", Never: "永不", InFile: "在令牌文件中",
		Roles:  map[string]string{"district": "区县", "bureau": "统计局", "analyst": "分析人员"},
		States: map[string]string{"in force": "有效", "expired": "已过期", "revoked": "已撤销"},
		By:     "%s，%s", ByFor: "%s，%s：%s",
		Issued: "令牌 %s，%s（%s，地区 %s），到期：%s。仅显示这一次：",
		Ended:  "令牌 %s（%s）已在所有网关撤销",
	},
	Journal: JournalWords{
		At: "时间", Act: "操作", Of: "对象", By: "操作人", Role: "角色", Way: "途径", Reason: "原因", Unknown: "未记录",
		Acts: map[string]string{"lock": "锁定", "unlock": "解锁", "reopen": "重开", "adopt": "启用目录", "explain_held": "说明待核实数据", "release_held": "采用待核实数据", "refuse_held": "退回待核实数据", "release": "发布", "recompute": "重算", "run": "执行定时任务", "pause": "暂停定时任务", "resume": "恢复定时任务",
			"skip": "跳过消息", "token": "签发令牌", "key": "生成密钥", "revoke": "撤销令牌或密钥"},
		Roles: map[string]string{"operator": "管理员", "bureau": "统计局", "district": "区县", "analyst": "分析人员"},
		Ways:  map[string]string{"local": "本机", "token": "令牌"},
	},
	Schedules: ScheduleWords{
		Name: "名称", Job: "任务", Cron: "时间表", Next: "下次", Last: "上次完成", Result: "结果", Never: "无", Unknown: "不详", Well: "正常",
		Paused: "已暂停（%s：%s）", Jobs: map[string]string{"recompute": "重算", "check": "核对"},
	},
	Calendar: CalendarWords{
		Dataset: "报表", Deadline: "截止时间", Grace: "宽限至", Lock: "锁定时间", Final: "定案时间",
		State: "报送情况", Received: "已报指标", Refused: "退回", Late: "迟报", Lacks: "缺报指标",
		States:  map[string]string{"in_time": "按时报齐", "late": "迟报报齐", "open": "未到期", "grace": "宽限期内", "overdue": "逾期"},
		Nothing: "没有报送任务；报送日历由设置项 calendar 指定", Provisional: "尚无 %s 年的放假调休安排：时间仅按周末计算，可能变动",
		Days: "%d 天", Hours: "%d 小时",
		Feed: "报送日历", FeedOf: "%s报送日历", Due: "%s：%s（%s）报送截止", GraceUntil: "宽限至 %s",
		DueCount: "到期任务", InTime: "按时", LateCount: "迟报任务", Incomplete: "未报齐", Timeliness: "及时率 %", Completeness: "完整率 %", RefusedShare: "退回率 %", Revisions: "修订次数",
	},
	Demo: DemoWords{
		Running:   "✓  NATS JetStream、ClickHouse 和各环节均已运行（%.1f 秒）\n",
		Submitted: "✓  已通过 HTTP 报送 %d 个文件、%d 个数据，全市数已在 ClickHouse 中（%.1f 秒）\n\n",
		Synthetic: "\n县区数据为合成示例，全市数为 2021 年公布数。\n\n",
		Keep:      "加 --keep 再次运行即可保持运行并连接。数据保存在 %s。\n", Until: "持续运行，按 Ctrl-C 结束：\n",
		Gateway: "  接收网关    %s   令牌见 %s\n", ClickHouse: "  ClickHouse  %s   原生协议 %s\n", NATS: "  NATS        %s   用户与口令见 citytally status --secrets --dir %s\n", Try: "试一试：\n",
	},
}
