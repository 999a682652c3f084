package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/ledger"
)

func listTakesNoFigure(list *catalogue.Indicator, value string) *event.Finding {
	zh, en := list.Names()
	return reject("LIST_TAKES_NO_FIGURE", "value", value,
		fmt.Sprintf("名单的每一行是一个主体，不填数值和限定词（%s由系统计数）；请清空", zh),
		fmt.Sprintf("a row of a list is one entity and has no value and no qualifier (%s is counted); leave them empty", en))
}

func withdrawEntity(status catalogue.Status) *event.Finding {
	return reject("STATUS_CONTRADICTS_VALUE", "status", status.String(),
		fmt.Sprintf("名单的行不能填状态 %s（缺失）；从名单中撤出请填操作 D", status),
		fmt.Sprintf("a row of a list cannot have status %s (missing); to take an entity off the list write action D", status))
}

func entityNameMissing(code string) *event.Finding {
	return reject("ENTITY_NAME_MISSING", "entity_name", "",
		fmt.Sprintf("%s没有填写企业（单位）名称", cmp.Or(code, "这一行")), fmt.Sprintf("%s has no name; write the entity's name", cmp.Or(code, "this row")))
}

func validityReversed(e *event.ListedEntity) *event.Finding {
	return reject("VALIDITY_REVERSED", "valid_to", e.To.String(),
		fmt.Sprintf("有效期止 %s 早于有效期起 %s；请核对", e.To, e.From), fmt.Sprintf("it is valid to %s, before it is valid from, %s; check both", e.To, e.From))
}

func registeredAreaUnknown(text string) *event.Finding {
	return reject("REGISTERED_AREA_UNKNOWN", "registered_area", text,
		fmt.Sprintf("注册地%s不是目录中的地区；请填地区名称或代码，注册地在市外的留空", catalogue.Quoted(event.Excerpt(text, maxName))),
		fmt.Sprintf("%q is no area of the catalogue; write the code or name of one, and nothing where the address is outside the city", event.Excerpt(text, maxName)))
}

// notOfFigures is the finding on a list that is sent as a dataset of figures. It names the
// datasets of lists in which the area could send it.
func (r *checks) notOfFigures(d *catalogue.Dataset) *event.Finding {
	var ids []string
	for i := range r.catalogue.Datasets {
		if list := &r.catalogue.Datasets[i]; list.Rows == catalogue.EntityRows {
			ids = append(ids, list.ID)
		}
	}
	adviceZH, adviceEN := "请改为填报数值", "report figures"
	if len(ids) > 0 {
		zh, en := r.catalogue.DatasetNames(ids...)
		adviceZH, adviceEN = "请选"+zh, "send it as the "+en
	}
	zh, en := d.Names()
	return reject("DATASET_TAKES_FIGURES", "dataset", d.ID,
		fmt.Sprintf("这是一份名单，而“%s”填报的是数值；%s", zh, adviceZH),
		fmt.Sprintf("this is a list of entities, and the %s takes figures; %s", en, adviceEN))
}

func notValidThen(e *event.ListedEntity, p catalogue.Period, day catalogue.Day) *event.Finding {
	valid := cmp.Or(e.From.String(), "…") + " – " + cmp.Or(e.To.String(), "…")
	periodZH, periodEN := p.Names()
	return inform("ENTITY_NOT_VALID", "valid_to", valid,
		fmt.Sprintf("%s（%s）在%s末（%s）不在有效期内（%s），不计入", e.Name, e.Code, periodZH, day, valid),
		fmt.Sprintf("%s (%s) is not valid on %s, at the end of %s, and does not count (valid %s)", e.Name, e.Code, day, periodEN, valid))
}

// claimedTwice returns the finding on an entity that other areas claim, too.
func (r *checks) claimedTwice(o *event.AcceptedObservation, others []ledger.Claim, counts string) *event.Finding {
	slices.SortFunc(others, func(a, b ledger.Claim) int { return strings.Compare(a.Area, b.Area) })
	var zh, en []string
	for i := range others {
		areaZH, areaEN := r.areaNames(others[i].Area)
		zh = append(zh, fmt.Sprintf("%s（报送 %s，序号 %d）", areaZH, others[i].Submission, others[i].Sequence))
		en = append(en, fmt.Sprintf("%s (submission %s, number %d)", areaEN, others[i].Submission, others[i].Sequence))
	}
	countsZH, countsEN := r.areaNames(counts)
	return inform("ENTITY_CLAIMED_TWICE", "entity", o.Entity.Code,
		fmt.Sprintf("%s（%s）也在%s的名单中；全市只计一次，计入%s", o.Entity.Name, o.Entity.Code, strings.Join(zh, "、"), countsZH),
		fmt.Sprintf("%s (%s) is on the list of %s, too; the city counts it once, for %s", o.Entity.Name, o.Entity.Code, strings.Join(en, ", "), countsEN))
}

// registeredElsewhere tells of an entity that an area lists first and says is registered in another.
func (r *checks) registeredElsewhere(e *event.ListedEntity) *event.Finding {
	zh, en := r.areaNames(e.Registered)
	return inform("ENTITY_REGISTERED_ELSEWHERE", "registered_area", e.Registered,
		fmt.Sprintf("%s（%s）的注册地为%s；目录规定先报先计，现计入本地区。如系误列，请报送该行并填操作 D", e.Name, e.Code, zh),
		fmt.Sprintf("%s (%s) is registered in %s; by the catalogue the first to list it counts, and that is you; if it is a mistake send its row with action D", e.Name, e.Code, en))
}

// listedByOthers tells an area of entities registered there that others list and it does not, up to a
// few of them by name.
func (r *checks) listedByOthers(list *catalogue.Indicator, p catalogue.Period, others []ledger.Claim) *event.Finding {
	var names, codes []string
	zh, en := p.Names()
	for i := range others[:min(len(others), maxLeftOut)] {
		e := others[i].Entity
		areaZH, areaEN := r.areaNames(others[i].Area)
		names, codes = append(names, e.Name+"（"+e.Code+"，列于"+areaZH+"）"), append(codes, e.Name+" ("+e.Code+", listed by "+areaEN+")")
	}
	more, andMore := "", ""
	if len(others) > maxLeftOut {
		more, andMore = "等", " and others"
	}
	ruleZH, ruleEN := "先报先计，计入对方", "the first to list it counts"
	if list.CountsFor == catalogue.RegisteredAddress {
		ruleZH, ruleEN = "本地区列入后即计入本地区", "it counts for you once you list it"
	}
	return inform("LISTED_BY_OTHERS", "entity", "",
		fmt.Sprintf("%s有 %d 家注册地在本地区的单位由其他地区列入名单，而本地区未列：%s%s；%s，请与对方核实", zh, len(others), strings.Join(names, "、"), more, ruleZH),
		fmt.Sprintf("for %s other areas list entities registered in yours that you do not list, %d: %s%s; %s; clear it up with them", en, len(others), strings.Join(codes, ", "), andMore, ruleEN))
}

// listLeavesOut tells of entities that an area has listed before, up to a few of them by name.
func listLeavesOut(p catalogue.Period, n int, named []ledger.Claim) *event.Finding {
	var names, codes []string
	zh, en := p.Names()
	for i := range named {
		e := named[i].Entity
		names, codes = append(names, e.Name+"（"+e.Code+"）"), append(codes, e.Name+" ("+e.Code+")")
	}
	more, andMore := "", ""
	if n > len(named) {
		more, andMore = "等", " and others"
	}
	return inform("LIST_LEAVES_OUT", "entity", "",
		fmt.Sprintf("%s的名单中此前已列、本次未列的有 %d 家：%s%s；仍然有效。要从名单中撤出，请报送该行并填操作 D", zh, n, strings.Join(names, "、"), more),
		fmt.Sprintf("listed for %s before, not in this file and still in force, %d: %s%s; to take one off the list send its row with action D", en, n, strings.Join(codes, ", "), andMore))
}

// incompleteListCode is the code of the finding on every row of a list of which other rows are refused, where the
// list would take the place of a figure.
const incompleteListCode = "LIST_INCOMPLETE"

// listIncomplete is the finding on every row of a list of which others are refused.
func listIncomplete(p catalogue.Period, refused, left int, figure, count catalogue.Value) *event.Finding {
	zh, en := p.Names()
	whyZH, whyEN := fmt.Sprintf("这份名单有 %d 行被退回", refused), fmt.Sprintf("rows of this list are refused (%d)", refused)
	if refused == 0 {
		whyZH, whyEN = fmt.Sprintf("此前报送、待核实的名单有 %d 行不在这份里", left), fmt.Sprintf("rows of the list that were sent before and are held are not in this file (%d)", left)
	}
	return hold(incompleteListCode, "entity", "", event.ByDistrict,
		fmt.Sprintf("%s，这些行若生效，%s的数将由已报的 %s 变为 %s，暂未采用；请改正后整份名单一起重报，名单确实如此的，请说明情况", whyZH, zh, figure, count),
		fmt.Sprintf("%s, and what is left would change the figure for %s from %s, as reported, to %s, so that it is held; send the whole list again with what was wrong corrected, or explain it if the list is right as it is", whyEN, en, figure, count))
}

func listGoesFirst(column, seen string, p catalogue.Period, valid int) *event.Finding {
	zh, en := p.Names()
	return inform("LIST_AND_COUNT_DIFFER", column, seen,
		fmt.Sprintf("%s填报的汇总数为 %s，名单中期末有效的有 %d；以名单为准", zh, seen, valid),
		fmt.Sprintf("the figure reported for %s is %s and the list has %d that are valid at its end; the list counts", en, seen, valid))
}
