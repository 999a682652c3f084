package judge

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

// How many bytes of what was found, and of a message about it, a finding has.
const (
	maxSeen    = 200
	maxMessage = 2 << 10
)

// reject returns a finding that rejects its row.
func reject(code, column, seen, zh, en string) *event.Finding {
	return &event.Finding{
		Code: code, Severity: event.Reject, Column: column, Seen: event.Excerpt(seen, maxSeen),
		MessageZH: event.Excerpt(zh, maxMessage), MessageEN: event.Excerpt(en, maxMessage),
	}
}

// rejectProblem returns a finding that rejects a row because of an error from reading
// one of its columns.
func rejectProblem(column string, err error) *event.Finding {
	var p *catalogue.Problem
	if !errors.As(err, &p) {
		return reject("UNREADABLE", column, "", err.Error(), err.Error())
	}
	return reject(p.Code, column, p.Seen, p.ZH, p.EN)
}

func malformed(o *event.Observation) *event.Finding {
	return reject("ROW_MALFORMED", "", o.Malformed,
		fmt.Sprintf("这一行无法读取：%s；请改正后重新报送", cmp.Or(o.ProblemZH, o.Problem)),
		fmt.Sprintf("this row cannot be read: %s; correct it and send it again", cmp.Or(o.Problem, o.ProblemZH)))
}

// computedCode is the code of the finding on a row that reports a ratio.
const computedCode = "INDICATOR_COMPUTED"

func computedIndicator(i *catalogue.Indicator) *event.Finding {
	return reject(computedCode, "indicator", i.ID,
		fmt.Sprintf("%s（%s）由 %s 除以 %s 计算得出，不需填报；请填报这两项", i.NameZH, i.ID, i.Numerator, i.Denominator),
		fmt.Sprintf("%s is computed as %s over %s and never reported; report those two", i.ID, i.Numerator, i.Denominator))
}

func otherDataset(i *catalogue.Indicator, dataset string) *event.Finding {
	in := strings.Join(i.Datasets, ", ")
	return reject("INDICATOR_NOT_IN_DATASET", "indicator", i.ID,
		fmt.Sprintf("指标 %s 不在数据集 %s 中填报；请改用 %s", i.ID, dataset, in),
		fmt.Sprintf("indicator %s is not reported in dataset %s; use %s", i.ID, dataset, in))
}

func cityOnly(i *catalogue.Indicator, area string) *event.Finding {
	return reject("INDICATOR_CITY_ONLY", "indicator", i.ID,
		fmt.Sprintf("%s（%s）由市级直接填报，%s 不需填报；请删除这一行", i.NameZH, i.ID, area),
		fmt.Sprintf("%s is reported by the city itself, not by %s; leave the row out", i.ID, area))
}

func districtsOnly(i *catalogue.Indicator, area string) *event.Finding {
	return reject("INDICATOR_DISTRICTS_ONLY", "indicator", i.ID,
		fmt.Sprintf("%s（%s）的名单由各县区填报，%s 不能直接填报；请删除这一行", i.NameZH, i.ID, area),
		fmt.Sprintf("the list of %s is that of its areas and not reported by %s; leave the row out", i.ID, area))
}

func otherPeriod(p catalogue.Period, d *catalogue.Dataset) *event.Finding {
	var zh, en []string
	for _, k := range d.Periods {
		zh, en = append(zh, periodKinds[k].zh), append(en, periodKinds[k].en)
	}
	return reject("PERIOD_NOT_IN_DATASET", "period", p.String(),
		fmt.Sprintf("数据集 %s 只接受%s，不接受 %s；请改报告期，或改用其他数据集报送", d.ID, strings.Join(zh, "、"), p),
		fmt.Sprintf("dataset %s takes %s, not %s; mend the period, or report it in another dataset", d.ID, strings.Join(en, ", "), p))
}

// periodKinds are the kinds of period in words, each with an example.
var periodKinds = map[catalogue.PeriodKind]struct{ zh, en string }{
	catalogue.Year:       {"年度（如 2021）", "years (2021)"},
	catalogue.Half:       {"半年（如 2021-S1）", "half-years (2021-S1)"},
	catalogue.Quarter:    {"季度（如 2021-Q3）", "quarters (2021-Q3)"},
	catalogue.Month:      {"月度（如 2021-06）", "months (2021-06)"},
	catalogue.YearToDate: {"累计（如 2021-YTD06）", "the year to date (2021-YTD06)"},
}

func futurePeriod(p catalogue.Period) *event.Finding {
	return reject("PERIOD_FUTURE", "period", p.String(),
		fmt.Sprintf("报告期 %s 尚未开始；请检查年份，预测数请将阶段填为 forecast（预测）", p),
		fmt.Sprintf("period %s has not begun; check the year, or set the stage to forecast", p))
}

// finalTooEarly returns the finding on a final figure of a period that goes on. Where
// the row names no stage it was the dataset's own.
func finalTooEarly(p catalogue.Period, assumed bool) *event.Finding {
	zh, en, seen := "", "", "final"
	if assumed {
		zh, en, seen = "（未填阶段，按报表默认为 final）", " (the row names no stage, and the dataset's own is final)", ""
	}
	return reject("PERIOD_NOT_ENDED", "stage", seen,
		fmt.Sprintf("报告期 %s 尚未结束，不能填报 final（年报）数据%s；请填 forecast、estimate 或 flash", p, zh),
		fmt.Sprintf("period %s has not ended, so that a figure of it cannot be final%s; set the stage to forecast, estimate or flash", p, en))
}

func areaNotValid(a *catalogue.Area, p catalogue.Period) *event.Finding {
	return reject("AREA_NOT_VALID", "period", p.String(),
		fmt.Sprintf("%s（%s）在报告期 %s 末不存在（有效期 %s）；请由当时的区划填报", a.NameZH, a.Code, p, a.Validity()),
		fmt.Sprintf("%s (%s) does not exist at the end of %s (it is valid %s); the area of that time reports it", a.NameEN, a.Code, p, a.Validity()))
}

// indicatorNotValid says that an indicator is not measured for a period.
func indicatorNotValid(i *catalogue.Indicator, p catalogue.Period) *event.Finding {
	return reject("INDICATOR_NOT_VALID", "period", p.String(),
		fmt.Sprintf("指标 %s（%s）在报告期 %s 不填报（有效期 %s）；请删除这一行，或改正报告期", i.NameZH, i.ID, p, i.Validity()),
		fmt.Sprintf("%s (%s) is not measured for %s (it is valid %s); leave the row out, or correct its period", i.NameEN, i.ID, p, i.Validity()))
}

func statusContradictsValue(status catalogue.Status, value string) *event.Finding {
	if status.SaysMissing() {
		return reject("STATUS_CONTRADICTS_VALUE", "status", value,
			fmt.Sprintf("状态为 %s（缺失），却填了数值 %q；请删除数值或改正状态", status, value),
			fmt.Sprintf("the status is %s (missing) but there is a value, %q; drop the value or correct the status", status, value))
	}
	return reject("STATUS_CONTRADICTS_VALUE", "status", value,
		fmt.Sprintf("状态为 %s，却没有数值；请填写数值，或以状态 O 注明缺数", status),
		fmt.Sprintf("the status is %s but there is no value; fill in the value, or say with status O that there is none", status))
}

func actionUnknown(action string) *event.Finding {
	return reject("ACTION_UNKNOWN", "action", action,
		fmt.Sprintf("未知的操作 %q；撤回已报数据请填 D，其余情况请留空", event.Excerpt(strings.TrimSpace(action), maxName)),
		fmt.Sprintf("%q is not an action; write D to withdraw what was reported, and nothing otherwise", event.Excerpt(strings.TrimSpace(action), maxName)))
}

func actionContradictsValue(o *event.Observation) *event.Finding {
	seen := strings.TrimSpace(string(o.Value) + " " + o.Status)
	return reject("ACTION_CONTRADICTS_VALUE", "action", seen,
		fmt.Sprintf("操作 D 表示撤回已报数据，却又填了 %q；请清空数值和状态，或去掉 D", seen),
		fmt.Sprintf("action D withdraws what was reported, yet the row says %q; clear value and status, or leave out the D", seen))
}

// inform returns a finding that changes nothing.
func inform(code, column, seen, zh, en string) *event.Finding {
	f := reject(code, column, seen, zh, en)
	f.Severity = event.Inform
	return f
}

func nothingToWithdraw(o *event.AcceptedObservation) *event.Finding {
	return inform("NOTHING_TO_WITHDRAW", "action", withdraw,
		fmt.Sprintf("%s %s 没有已报数据可撤回；未作改动", o.Indicator, o.Period),
		fmt.Sprintf("there is no figure of %s for %s to withdraw; nothing changed", o.Indicator, o.Period))
}

func staysInForce(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	zh, en := inWords(&state.Best)
	return inform("VALUE_SILENT", "value", "",
		fmt.Sprintf("这一格没有数值，不改变已报数据：%s %s 仍为 %s；撤回请填操作 D，确无数据请填状态 O", o.Indicator, o.Period, zh),
		fmt.Sprintf("the cell holds no value and changes nothing: %s for %s stays %s; to withdraw it write action D, and where there is no figure status O", o.Indicator, o.Period, en))
}

// inWords returns a figure in words, in Chinese and English.
func inWords(f *ledger.Figure) (zh, en string) {
	if f.Entity != nil {
		return fmt.Sprintf("%s（%s）", f.Entity, f.Stage), fmt.Sprintf("%s (%s)", f.Entity, f.Stage)
	}
	if f.Status == catalogue.Missing {
		return fmt.Sprintf("“缺数”（%s）", f.Stage), fmt.Sprintf("\"no figure\" (%s)", f.Stage)
	}
	return fmt.Sprintf("%s（%s）", f.Value, f.Stage), fmt.Sprintf("%s (%s)", f.Value, f.Stage)
}

// supersededCode is the code of the finding on a figure that was accepted of the same
// content before and superseded since.
const supersededCode = "SUPERSEDED"

func superseded(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	zh, en := inWords(&state.Best)
	return reject(supersededCode, "value", o.Value.String(),
		fmt.Sprintf("相同内容此前已采用，但 %s %s 其后已改报为 %s（报送 %s，序号 %d），现仍以其为准；如确需恢复，请注明再次报送（again）", o.Indicator, o.Period, zh, state.Submission, state.Sequence),
		fmt.Sprintf("the same content was accepted before, and %s for %s has since been reported as %s (submission %s, number %d), which stays in force; to bring this back, say that it is meant again", o.Indicator, o.Period, en, state.Submission, state.Sequence))
}

func keyReused(key string) *event.Finding {
	return reject("KEY_REUSED", "key", key,
		fmt.Sprintf("幂等键 %q 已用于其他内容；同一个键只能用于同一份内容，请换一个新键", event.Excerpt(key, maxName)),
		fmt.Sprintf("the key %q was used for other content; a key belongs to one content, use a new one", event.Excerpt(key, maxName)))
}

func outOfRange(i *catalogue.Indicator, v catalogue.Value) *event.Finding {
	low, high := i.Minimum, i.Maximum
	if low == "" {
		low = "-∞"
	}
	if high == "" {
		high = "+∞"
	}
	return reject("VALUE_OUT_OF_RANGE", "value", v.String(),
		fmt.Sprintf("%s 的数值 %s 超出合理范围 %s 至 %s；请检查数值和单位", i.NameZH, i.Unit().After(v.String()), low, high),
		fmt.Sprintf("%s is outside the plausible range of %s, %s to %s; check the value and its unit", i.Unit().After(v.String()), i.ID, low, high))
}

// repeatedItem returns the finding on rows that report one item: on n of them, of which
// the first are named by their numbers.
func repeatedItem(item ledger.Item, rows []int, n int, same bool) *event.Finding {
	numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(rows)), ", "), "[]")
	numbersZH := numbers
	if n > len(rows) {
		numbersZH += fmt.Sprintf(" 等 %d", n)
		numbers += fmt.Sprintf(" and %d more", n-len(rows))
	}
	cell := item.Cell
	if item.Entity != "" {
		cell.Indicator += " " + item.Entity
	}
	if same {
		return reject("CELL_REPEATED", "indicator", cell.Indicator,
			fmt.Sprintf("第 %s 行重复填报 %s %s，内容相同；只保留第一行", numbersZH, cell.Indicator, cell.Period),
			fmt.Sprintf("rows %s report %s for %s with the same content; only the first is taken", numbers, cell.Indicator, cell.Period))
	}
	return reject("CELL_CONTRADICTED", "value", "",
		fmt.Sprintf("第 %s 行对 %s %s 填报了不同的数值，均未采用；请只保留正确的一行", numbersZH, cell.Indicator, cell.Period),
		fmt.Sprintf("rows %s report different figures of %s for %s, and none is taken; keep the right one", numbers, cell.Indicator, cell.Period))
}

func stageBackwards(o *event.AcceptedObservation, best *ledger.Figure) *event.Finding {
	zh, en := inWords(best)
	return reject("STAGE_BACKWARDS", "stage", o.Stage.String(),
		fmt.Sprintf("%s %s 已报 %s，不能退回 %s；如需更正，请按 %s 阶段重新填报", o.Indicator, o.Period, zh, o.Stage, best.Stage),
		fmt.Sprintf("%s for %s has been reported as %s and cannot go back to %s; to correct it, report it as %s", o.Indicator, o.Period, en, o.Stage, best.Stage))
}

func notAcceptedThen() *event.Finding {
	return reject("NOT_ACCEPTED_THEN", "", "",
		"这一行在首次处理时未被采用（当时报告期已锁定或阶段倒退）；请重新报送",
		"this row was not accepted when it was first judged (its period was locked then, or its stage went back); send it again")
}

func periodLocked(o *event.AcceptedObservation) *event.Finding {
	return reject("PERIOD_LOCKED", "value", o.Value.String(),
		fmt.Sprintf("报告期 %s 已锁定；如确需修订 %s，请在报送时填写修订原因（reason）", o.Period, o.Indicator),
		fmt.Sprintf("period %s is locked; to revise %s, send it with a reason", o.Period, o.Indicator))
}

// totalLocked says that a row would alter a total of a locked period, or its change.
func totalLocked(o *event.AcceptedObservation, moved *movedTotal) *event.Finding {
	return reject("TOTAL_LOCKED", "value", o.Value.String(),
		fmt.Sprintf("%[1]s %[2]s 会使已锁定的 %[3]s 的全市 %[4]s 由 %[5]s 变为 %[6]s；如确需修订，请在报送时填写修订原因（reason）",
			o.Indicator, o.Period, moved.cell.Period, moved.cell.Indicator, moved.told(moved.before, "无", "增速"), moved.told(moved.after, "无", "增速")),
		fmt.Sprintf("%[1]s for %[2]s would alter the city's %[4]s for %[3]s, which is locked, from %[5]s to %[6]s; to revise it, send it with a reason",
			o.Indicator, o.Period, moved.cell.Period, moved.cell.Indicator, moved.told(moved.before, "none", "change"), moved.told(moved.after, "none", "change")))
}

// lockedRevisionCode is the code of the finding on a revision of what is locked.
const lockedRevisionCode = "LOCKED_REVISION"

// heldByLock is the finding on a revision of a locked period's total, which has a reason.
func heldByLock(o *event.AcceptedObservation, locked catalogue.Period) *event.Finding {
	return hold(lockedRevisionCode, "value", o.Value.String(), event.ByBureau,
		fmt.Sprintf("%s %s 会改变已锁定的 %s 的全市数或其增速，修订原因已收到；待市级核准后生效", o.Indicator, o.Period, locked),
		fmt.Sprintf("%s for %s would change the total of %s, or its change, and %s is locked; its reason is on record, and it counts once the bureau releases it", o.Indicator, o.Period, locked, locked))
}

// stillHeldCode is the code of the finding on a figure that is held already.
const stillHeldCode = "STILL_HELD"

func stillHeld(o *event.AcceptedObservation, h *ledger.Hold) *event.Finding {
	zh, en := "请说明情况", "explain it"
	if h.Releaser == event.ByBureau {
		zh, en = "待市级核准，可补充说明", "the bureau decides; an explanation helps"
	}
	return hold(stillHeldCode, "value", o.Value.String(), h.Releaser,
		fmt.Sprintf("%s %s 的同一数值此前已报送（报送 %s），待核实编号 %s；%s", o.Indicator, o.Period, h.Submission, h.ID, zh),
		fmt.Sprintf("the same figure of %s for %s was sent before (submission %s) and is held as %s; %s", o.Indicator, o.Period, h.Submission, h.ID, en))
}

// heldSuperseded tells that a figure that was held is so no longer, as a later one takes its
// place.
func heldSuperseded(h *ledger.Hold) *event.Finding {
	zh, en := inWords(&h.Figure)
	return inform("HELD_SUPERSEDED", "value", h.Value.String(),
		fmt.Sprintf("此前待核实的 %s %s %s（编号 %s）由本次填报取代，不再待核实", h.Cell.Indicator, h.Cell.Period, zh, h.ID),
		fmt.Sprintf("this takes the place of %s for %s as %s, which was held as %s and is so no longer", h.Cell.Indicator, h.Cell.Period, en, h.ID))
}

// heldRefused is the finding on a row that was held and that the bureau refused.
func heldRefused(h *ledger.Hold) *event.Finding {
	return reject("HELD_REFUSED", "value", h.Value.String(),
		fmt.Sprintf("此数（编号 %s）经核实未予采用：%s；请更正后重新报送", h.ID, h.Decision.Text),
		fmt.Sprintf("this figure (%s) was held and has been refused: %s; correct it and send it again", h.ID, h.Decision.Text))
}

// hold returns a finding that holds its row.
func hold(code, column, seen string, by event.Releaser, zh, en string) *event.Finding {
	f := reject(code, column, seen, zh, en)
	f.Severity, f.ReleasedBy = event.Hold, by
	return f
}

func (r *checks) unknownArea(code string) *event.Finding {
	var codes []string
	for i := range r.catalogue.Areas {
		codes = append(codes, r.catalogue.Areas[i].Code)
	}
	slices.Sort(codes)
	return reject("AREA_UNKNOWN", "area", code,
		fmt.Sprintf("没有地区 %q；目录中的地区为 %s", code, strings.Join(codes, "、")),
		fmt.Sprintf("there is no area %q; the catalogue has %s", code, strings.Join(codes, ", ")))
}

func (r *checks) unknownDataset(id string) *event.Finding {
	var ids []string
	for i := range r.catalogue.Datasets {
		ids = append(ids, r.catalogue.Datasets[i].ID)
	}
	return reject("DATASET_UNKNOWN", "dataset", id,
		fmt.Sprintf("没有数据集 %q；可用的数据集为 %s", id, strings.Join(ids, "、")),
		fmt.Sprintf("there is no dataset %q; the catalogue has %s", id, strings.Join(ids, ", ")))
}

func subjectMismatch(column, body, subject string) *event.Finding {
	return reject("SUBJECT_MISMATCH", column, body,
		fmt.Sprintf("报文中的 %s 为 %q，与发布主题中的 %q 不一致；整份报送未采用", column, body, subject),
		fmt.Sprintf("the body's %s is %q but the subject says %q; nothing of the submission is taken", column, body, subject))
}

func unreadable(err error) *event.Finding {
	zh, en := event.ExplainJSON(err)
	return reject("SUBMISSION_UNREADABLE", "", "",
		fmt.Sprintf("报送内容无法作为 JSON 读取：%s。格式应为 {\"observations\":[{\"indicator\":…,\"period\":…,\"value\":…}]}", zh),
		fmt.Sprintf("the message cannot be read as JSON: %s; want {\"observations\":[{\"indicator\":…,\"period\":…,\"value\":…}]}", en))
}

func nothingReported() *event.Finding {
	return reject("SUBMISSION_EMPTY", "observations", "",
		"报送中没有填报任何数据；请至少填报一个数", "no row of the submission reports anything; report at least one figure")
}

func tooLarge(size, most int) *event.Finding {
	return reject("SUBMISSION_TOO_LARGE", "observations", "",
		fmt.Sprintf("报送中采用的数据共 %d 字节，超过消息服务的上限 %d 字节；请分成几份报送，整份报送未采用", size, most),
		fmt.Sprintf("what is accepted of the submission takes %d bytes and the broker takes %d; send it in parts, nothing of it is taken", size, most))
}

// controlCharacter returns the finding on a text with a character that can steer whatever shows
// it, or nil. A note may have line breaks and tabs, as a cell of a table may.
func controlCharacter(column, text string) *event.Finding {
	except := ""
	if column == "note" {
		except = "\n\r\t"
	}
	r, found := event.ControlIn(text, except)
	if !found {
		return nil
	}
	return reject("TEXT_CONTROL", column, strconv.QuoteToGraphic(text),
		fmt.Sprintf("%s 含有控制字符 %U；请删除后重新报送", column, r),
		fmt.Sprintf("%s has the control character %U; take it out and send it again", column, r))
}

func textTooLong(column, text string, most int) *event.Finding {
	return reject("TEXT_TOO_LONG", column, text,
		fmt.Sprintf("%s 共 %d 字节，超过上限 %d 字节；请缩短后重新报送", column, len(text), most),
		fmt.Sprintf("%s has %d bytes and may have %d; shorten it and send it again", column, len(text), most))
}
