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
		fmt.Sprintf("%s的名单中此前已列、本次未列的有 %d 户：%s%s；仍然有效。要从名单中撤出，请报送该行并填操作 D", zh, n, strings.Join(names, "、"), more),
		fmt.Sprintf("listed for %s before, not in this file and still in force, %d: %s%s; to take one off the list send its row with action D", en, n, strings.Join(codes, ", "), andMore))
}

func listGoesFirst(column, seen string, p catalogue.Period, valid int) *event.Finding {
	zh, en := p.Names()
	return inform("LIST_AND_COUNT_DIFFER", column, seen,
		fmt.Sprintf("%s填报的汇总数为 %s，名单中期末有效的有 %d；以名单为准", zh, seen, valid),
		fmt.Sprintf("the figure reported for %s is %s and the list has %d that are valid at its end; the list counts", en, seen, valid))
}
