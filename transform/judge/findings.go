package judge

import (
	"cmp"
	"errors"
	"fmt"
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

// areaOther is the finding on a row of another area, in a file of the sender's own figures. The row
// is passed over, as one that says nothing: it refuses nothing, and the counts are of the other rows.
func (r *checks) areaOther(o *event.Observation) *event.Finding {
	zh, en := r.areaNames(o.Foreign)
	f := reject("AREA_OTHER", "area", o.Malformed,
		fmt.Sprintf("这是%s的数据，未采用：各地区只报送本地区的数据，由该地区自行报送；可以不管，也可删去", zh),
		fmt.Sprintf("this is a figure of %s and is not taken: each area sends its own figures only; leave it to that area, or delete it", en))
	f.Severity = event.Inform
	return f
}

// computedCode is the code of the finding on a row that reports a ratio.
const computedCode = "INDICATOR_COMPUTED"

func (r *checks) computedIndicator(i *catalogue.Indicator) *event.Finding {
	zh, en := i.Names()
	overZH, overEN := r.indicatorNames(i.Numerator)
	underZH, underEN := r.indicatorNames(i.Denominator)
	return reject(computedCode, "indicator", i.ID,
		fmt.Sprintf("%s由%s除以%s计算得出，不需填报；请填报这两项", zh, overZH, underZH),
		fmt.Sprintf("%s is computed as %s over %s and never reported; report those two", en, overEN, underEN))
}

func (r *checks) otherDataset(i *catalogue.Indicator, d *catalogue.Dataset) *event.Finding {
	zh, en := i.Names()
	hereZH, hereEN := d.Names()
	inZH, inEN := r.catalogue.DatasetNames(i.Datasets...)
	return reject("INDICATOR_NOT_IN_DATASET", "indicator", i.ID,
		fmt.Sprintf("%s不在“%s”中填报；请改用%s", zh, hereZH, inZH),
		fmt.Sprintf("%s is not reported in the %s; use the %s", en, hereEN, inEN))
}

func cityOnly(i *catalogue.Indicator, area *catalogue.Area) *event.Finding {
	zh, en := i.Names()
	areaZH, areaEN := area.Names()
	return reject("INDICATOR_CITY_ONLY", "indicator", i.ID,
		fmt.Sprintf("%s由市级直接填报，%s不需填报；请删除这一行", zh, areaZH),
		fmt.Sprintf("%s is reported by the city itself, not by %s; leave the row out", en, areaEN))
}

func districtsOnly(i *catalogue.Indicator, area *catalogue.Area) *event.Finding {
	zh, en := i.Names()
	areaZH, areaEN := area.Names()
	return reject("INDICATOR_DISTRICTS_ONLY", "indicator", i.ID,
		fmt.Sprintf("%s的名单由各县区填报，%s不能直接填报；请删除这一行", zh, areaZH),
		fmt.Sprintf("the list of %s is that of its areas and not reported by %s; leave the row out", en, areaEN))
}

func otherPeriod(p catalogue.Period, d *catalogue.Dataset) *event.Finding {
	var kindsZH, kindsEN []string
	for _, k := range d.Periods {
		zh, en := periodKinds[k].zh, periodKinds[k].en
		if k == catalogue.YearToDate && d.Frequency(k) == catalogue.Quarterly {
			zh, en = "至季末的"+zh, en+" to the end of a quarter"
		}
		kindsZH, kindsEN = append(kindsZH, zh), append(kindsEN, en)
	}
	zh, en := d.Names()
	periodZH, periodEN := p.Names()
	return reject("PERIOD_NOT_IN_DATASET", "period", p.String(),
		fmt.Sprintf("“%s”只报%s，不报%s；请改报告期，或改用其他报表报送", zh, strings.Join(kindsZH, "、"), periodZH),
		fmt.Sprintf("the %s takes %s, not %s; mend the period, or report it in another dataset", en, strings.Join(kindsEN, ", "), periodEN))
}

// periodKinds are the kinds of period in words, each with an example.
var periodKinds = map[catalogue.PeriodKind]struct{ zh, en string }{
	catalogue.Year:       {"年度（如 2021年）", "years (2021)"},
	catalogue.Half:       {"半年（如 2021年上半年）", "half-years (2021-S1)"},
	catalogue.Quarter:    {"季度（如 2021年三季度）", "quarters (2021-Q3)"},
	catalogue.Month:      {"月度（如 2021年6月）", "months (2021-06)"},
	catalogue.YearToDate: {"累计（如 2021年1—6月）", "the year to date (2021-YTD06)"},
}

func futurePeriod(p catalogue.Period) *event.Finding {
	zh, en := p.Names()
	return reject("PERIOD_FUTURE", "period", p.String(),
		fmt.Sprintf("%s尚未开始；请检查年份，预测数请将阶段填为“预测”", zh),
		fmt.Sprintf("%s has not begun; check the year, or set the stage to forecast", en))
}

// finalTooEarly returns the finding on a final figure of a period that goes on. Where
// the row names no stage it was the dataset's own.
func finalTooEarly(p catalogue.Period, assumed bool) *event.Finding {
	zh, en, seen := "", "", "final"
	if assumed {
		zh, en, seen = "（未填阶段的，按报表默认为年报）", " (the row names no stage, and the dataset's own is final)", ""
	}
	periodZH, periodEN := p.Names()
	return reject("PERIOD_NOT_ENDED", "stage", seen,
		fmt.Sprintf("%s尚未结束，不能填报年报数%s；请将阶段填为预测、预计或快报", periodZH, zh),
		fmt.Sprintf("%s has not ended, so that a figure of it cannot be final%s; set the stage to forecast, estimate or flash", periodEN, en))
}

func areaNotValid(a *catalogue.Area, p catalogue.Period) *event.Finding {
	zh, en := a.Names()
	periodZH, periodEN := p.Names()
	return reject("AREA_NOT_VALID", "period", p.String(),
		fmt.Sprintf("%s在%s末不存在（有效期 %s）；请由当时的区划填报", zh, periodZH, a.Validity()),
		fmt.Sprintf("%s does not exist at the end of %s (it is valid %s); the area of that time reports it", en, periodEN, a.Validity()))
}

// indicatorNotValid says that an indicator is not measured for a period.
func indicatorNotValid(i *catalogue.Indicator, p catalogue.Period) *event.Finding {
	zh, en := i.Names()
	periodZH, periodEN := p.Names()
	return reject("INDICATOR_NOT_VALID", "period", p.String(),
		fmt.Sprintf("%s不填报%s（有效期 %s）；请删除这一行，或改正报告期", periodZH, zh, i.Validity()),
		fmt.Sprintf("%s is not measured for %s (it is valid %s); leave the row out, or correct its period", en, periodEN, i.Validity()))
}

func statusContradictsValue(status catalogue.Status, value string) *event.Finding {
	if status.SaysMissing() {
		return reject("STATUS_CONTRADICTS_VALUE", "status", value,
			fmt.Sprintf("状态为 %s（缺失），却填了数值%s；请删除数值或改正状态", status, catalogue.Quoted(value)),
			fmt.Sprintf("the status is %s (missing) but there is a value, %q; drop the value or correct the status", status, value))
	}
	return reject("STATUS_CONTRADICTS_VALUE", "status", value,
		fmt.Sprintf("状态为 %s，却没有数值；请填写数值；确无数据的，填状态 O", status),
		fmt.Sprintf("the status is %s but there is no value; fill in the value, or say with status O that there is none", status))
}

func actionUnknown(action string) *event.Finding {
	return reject("ACTION_UNKNOWN", "action", action,
		fmt.Sprintf("没有%s这样的操作；撤回已报数据请填 D，其余情况请留空", catalogue.Quoted(event.Excerpt(strings.TrimSpace(action), maxName))),
		fmt.Sprintf("%q is not an action; write D to withdraw what was reported, and nothing otherwise", event.Excerpt(strings.TrimSpace(action), maxName)))
}

func actionContradictsValue(o *event.Observation) *event.Finding {
	seen := strings.TrimSpace(string(o.Value) + " " + o.Status)
	return reject("ACTION_CONTRADICTS_VALUE", "action", seen,
		fmt.Sprintf("操作 D 表示撤回已报数据，却又填了%s；请清空数值和状态，或去掉 D", catalogue.Quoted(seen)),
		fmt.Sprintf("action D withdraws what was reported, yet the row says %q; clear value and status, or leave out the D", seen))
}

// inform returns a finding that changes nothing.
func inform(code, column, seen, zh, en string) *event.Finding {
	f := reject(code, column, seen, zh, en)
	f.Severity = event.Inform
	return f
}

func (r *checks) nothingToWithdraw(o *event.AcceptedObservation) *event.Finding {
	zh, en := r.cellNames(ledger.CellOf(o))
	return inform("NOTHING_TO_WITHDRAW", "action", withdraw,
		fmt.Sprintf("%s没有已报数据可撤回；未作改动", zh),
		fmt.Sprintf("there is no figure of %s to withdraw; nothing changed", en))
}

func (r *checks) staysInForce(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	zh, en := inWords(&state.Best)
	cellZH, cellEN := r.cellNames(ledger.CellOf(o))
	return inform("VALUE_SILENT", "value", "",
		fmt.Sprintf("这一格没有数值，不改变已报数据：%s仍为 %s；撤回请填操作 D，确无数据请填状态“缺失”", cellZH, zh),
		fmt.Sprintf("the cell holds no value and changes nothing: %s stays %s; to withdraw it write action D, and where there is no figure status O", cellEN, en))
}

// inWords returns a figure in words, in Chinese and English.
func inWords(f *ledger.Figure) (zh, en string) {
	if f.Entity != nil {
		return fmt.Sprintf("%s（%s）", f.Entity, f.Stage.NameZH()), fmt.Sprintf("%s (%s)", f.Entity, f.Stage)
	}
	if f.Status == catalogue.Withdrawn {
		return "“撤回”", "withdrawn"
	}
	if f.Status == catalogue.Missing {
		return fmt.Sprintf("“无数据”（%s）", f.Stage.NameZH()), fmt.Sprintf("\"no figure\" (%s)", f.Stage)
	}
	return fmt.Sprintf("%s（%s）", f.Value, f.Stage.NameZH()), fmt.Sprintf("%s (%s)", f.Value, f.Stage)
}

// seenOf returns what a row says in place of a value: its letter where it has none.
func seenOf(o *event.AcceptedObservation) string {
	switch o.Status {
	case catalogue.Withdrawn:
		return withdraw
	case catalogue.Missing:
		return catalogue.Missing.String()
	}
	return o.Value.String()
}

// about is what a finding is about: the column, what stands there, and the figure or the entity
// in a list by name; and the same said of it.
type about struct{ column, seen, zh, en, sameZH, sameEN string }

func (r *checks) aboutRow(o *event.AcceptedObservation) about {
	return r.aboutItem(ledger.ItemOf(o), o.Entity, seenOf(o))
}

func (r *checks) aboutItem(item ledger.Item, e *event.ListedEntity, value string) about {
	zh, en := r.cellNames(item.Cell)
	if e == nil {
		return about{"value", value, zh, en, zh + "的同一数值", "the same figure of " + en}
	}
	name := strings.TrimSpace(e.Name + "（" + e.Code + "）")
	nameEN := strings.TrimSpace(e.Name + " (" + e.Code + ")")
	zh, en = zh+"名单中的"+name, nameEN+" on the list of "+en
	return about{"entity", e.Code, zh, en, zh + "的相同内容", "the same of " + en}
}

// supersededCode is the code of the finding on a figure that was accepted of the same
// content before and superseded since.
const supersededCode = "SUPERSEDED"

func (r *checks) superseded(o *event.AcceptedObservation, state *ledger.CellState) *event.Finding {
	zh, en := inWords(&state.Best)
	cellZH, cellEN := r.cellNames(ledger.CellOf(o))
	return reject(supersededCode, "value", seenOf(o),
		fmt.Sprintf("相同内容此前已采用，但%s其后已改报为 %s（报送 %s，序号 %d），现仍以其为准；如确需恢复，请注明“再次报送”", cellZH, zh, state.Submission, state.SetBy),
		fmt.Sprintf("the same content was accepted before, and %s has since been reported as %s (submission %s, number %d), which stays in force; to bring this back, say that it is meant again", cellEN, en, state.Submission, state.SetBy))
}

func keyReused(key string) *event.Finding {
	return reject("KEY_REUSED", "key", key,
		fmt.Sprintf("幂等键%s已用于其他内容；同一个键只能用于同一份内容，请换一个新键", catalogue.Quoted(event.Excerpt(key, maxName))),
		fmt.Sprintf("the key %q was used for other content; a key belongs to one content, use a new one", event.Excerpt(key, maxName)))
}

func outOfRange(i *catalogue.Indicator, v catalogue.Value) *event.Finding {
	zh, en := i.Names()
	boundZH, boundEN := bounds(i)
	return reject("VALUE_OUT_OF_RANGE", "value", v.String(),
		fmt.Sprintf("%s填报 %s，%s；请检查数值和单位", zh, i.Unit().After(v.String()), boundZH),
		fmt.Sprintf("%s is reported as %s and %s; check the value and its unit", en, i.Unit().AfterInEnglish(v.String()), boundEN))
}

// bounds says within which bounds an indicator's values lie; it has one or both.
func bounds(i *catalogue.Indicator) (zh, en string) {
	low, high := i.Unit().After(i.Minimum), i.Unit().After(i.Maximum)
	lowEN, highEN := i.Unit().AfterInEnglish(i.Minimum), i.Unit().AfterInEnglish(i.Maximum)
	switch {
	case i.Maximum == "":
		return "不得小于 " + low, "is to be no less than " + lowEN
	case i.Minimum == "":
		return "不得大于 " + high, "is to be no more than " + highEN
	}
	return "应在 " + low + " 至 " + high + " 之间", "is to be between " + lowEN + " and " + highEN
}

// repeatedItem returns the finding on rows that report one item: on n of them, of which
// the first are named by their numbers.
func (r *checks) repeatedItem(item ledger.Item, rows []int, n int, same bool) *event.Finding {
	numbers := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(rows)), ", "), "[]")
	numbersZH := strings.ReplaceAll(numbers, ", ", "、")
	if n > len(rows) {
		numbersZH += fmt.Sprintf(" 等 %d", n)
		numbers += fmt.Sprintf(" and %d more", n-len(rows))
	}
	zh, en := r.cellNames(item.Cell)
	seen := item.Indicator
	if item.Entity != "" {
		zh, en, seen = zh+" "+item.Entity, item.Entity+" of "+en, seen+" "+item.Entity
	}
	if same {
		return reject("CELL_REPEATED", "indicator", seen,
			fmt.Sprintf("第 %s 行重复填报%s，内容相同；只保留第一行", numbersZH, zh),
			fmt.Sprintf("rows %s report %s with the same content; only the first is taken", numbers, en))
	}
	return reject("CELL_CONTRADICTED", "value", "",
		fmt.Sprintf("第 %s 行对%s填报了不同的数值，均未采用；请只保留正确的一行", numbersZH, zh),
		fmt.Sprintf("rows %s report different figures of %s, and none is taken; keep the right one", numbers, en))
}

func (r *checks) stageBackwards(o *event.AcceptedObservation, best *ledger.Figure) *event.Finding {
	zh, en := inWords(best)
	cellZH, cellEN := r.cellNames(ledger.CellOf(o))
	return reject("STAGE_BACKWARDS", "stage", o.Stage.String(),
		fmt.Sprintf("%s已报 %s，不能退回%s；如需更正，请按%s重新填报", cellZH, zh, o.Stage.NameZH(), best.Stage.NameZH()),
		fmt.Sprintf("%s has been reported as %s and cannot go back to %s; to correct it, report it as %s", cellEN, en, o.Stage, best.Stage))
}

func notAcceptedThen() *event.Finding {
	return reject("NOT_ACCEPTED_THEN", "", "",
		"这一行在首次处理时未被采用（当时报告期已锁定或阶段倒退）；请重新报送",
		"this row was not accepted when it was first judged (its period was locked then, or its stage went back); send it again")
}

func verdictLost() *event.Finding {
	return reject("VERDICT_LOST", "", "",
		"该次报送的审核结果已丢失，其中没有数据被采用；如仍需采用，请重新报送",
		"the verdict on this submission was lost, and nothing of it was accepted; send it again if it is to count")
}

func (r *checks) periodLocked(o *event.AcceptedObservation) *event.Finding {
	zh, en := o.Period.Names()
	indicatorZH, indicatorEN := r.indicatorNames(o.Indicator)
	return reject("PERIOD_LOCKED", "value", seenOf(o),
		fmt.Sprintf("%s已锁定；如确需修订%s，请在报送时填写修订原因", zh, indicatorZH),
		fmt.Sprintf("%s is locked; to revise %s, send it with a reason", en, indicatorEN))
}

// totalLocked says that a row would alter a total of a locked period, or its change.
func (r *checks) totalLocked(o *event.AcceptedObservation, moved *movedTotal) *event.Finding {
	zh, en := r.cellNames(ledger.CellOf(o))
	periodZH, periodEN := moved.cell.Period.Names()
	indicatorZH, indicatorEN := r.indicatorNames(moved.cell.Indicator)
	return reject("TOTAL_LOCKED", "value", seenOf(o),
		fmt.Sprintf("%s会使已锁定的%s全市%s由 %s 变为 %s；如确需修订，请在报送时填写修订原因",
			zh, periodZH, indicatorZH, moved.told(moved.before, "无", "增速"), moved.told(moved.after, "无", "增速")),
		fmt.Sprintf("%s would alter the city's %s for %s, which is locked, from %s to %s; to revise it, send it with a reason",
			en, indicatorEN, periodEN, moved.told(moved.before, "none", "change"), moved.told(moved.after, "none", "change")))
}

// lockedRevisionCode is the code of the finding on a revision of what is locked.
const lockedRevisionCode = "LOCKED_REVISION"

// heldByLock is the finding on a revision of a locked period's total, which has a reason.
func (r *checks) heldByLock(o *event.AcceptedObservation, locked catalogue.Period) *event.Finding {
	zh, en := r.cellNames(ledger.CellOf(o))
	lockedZH, lockedEN := locked.Names()
	return hold(lockedRevisionCode, "value", seenOf(o), event.ByBureau,
		fmt.Sprintf("%s会改变已锁定的%s全市数或其增速，修订原因已收到；待市级核准后生效", zh, lockedZH),
		fmt.Sprintf("%s would change the total of %s, or its change, and %s is locked; its reason is on record, and it counts once the bureau releases it", en, lockedEN, lockedEN))
}

// listHeldByLock is the finding on every row of a list that would alter a locked total, and has a
// reason.
func (r *checks) listHeldByLock(cell, moved ledger.Cell) *event.Finding {
	zh, en := r.cellNames(cell)
	lockedZH, lockedEN := moved.Period.Names()
	return hold(lockedRevisionCode, "entity", "", event.ByBureau,
		fmt.Sprintf("%s的名单会改变已锁定的%s全市数或其增速，修订原因已收到；待市级核准后生效", zh, lockedZH),
		fmt.Sprintf("the list of %s would change the total of %s, or its change, and %s is locked; its reason is on record, and it counts once the bureau releases it", en, lockedEN, lockedEN))
}

// hold returns a finding that holds its row.
func hold(code, column, seen string, by event.Releaser, zh, en string) *event.Finding {
	f := reject(code, column, seen, zh, en)
	f.Severity, f.ReleasedBy = event.Hold, by
	return f
}
