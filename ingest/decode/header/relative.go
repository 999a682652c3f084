package header

import (
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// relativePeriod recognises a header that names a period by its place to that of the table: 本月,
// 1-本月累计. It reports false for another header.
func (t *table) relativePeriod(c *Column) bool {
	text := catalogue.NormalizeName(c.Name)
	if base, inner, ok := splitBrackets(text); ok && catalogue.IsUnit(inner) {
		text, c.Unit = base, catalogue.UnitName(inner)
	}
	if c.Stage != "" {
		text = stageSuffix.ReplaceAllString(text, "")
	}
	kind, found := wording.RelativePeriod(text)
	if !found {
		return false
	}
	if kind == catalogue.YearToDate && t.Period.Kind == catalogue.Year {
		kind = catalogue.Year // all of the year, for which the sender sends the table
	}
	if t.rowPeriods && kind != catalogue.Year {
		c.Role, c.OfRow, c.relative = Figures, kind, true
		return true
	}
	if period, ok := wording.EndingWith(t.Period, kind); ok {
		c.Role, c.Period, c.relative = Figures, period.String(), true
		return true
	}
	zh, en := "没有说明是哪一期", "does not say of which period"
	if t.Period.Kind != 0 {
		name, _ := t.Period.Names()
		zh, en = fmt.Sprintf("与报告期 %s 不相符", name), fmt.Sprintf("does not go with the period %s", t.Period)
	}
	c.problem = newProblem(withoutYear, c.Name, fmt.Sprintf("%s%s；%s", catalogue.Quoted(c.Name), zh, giveMonth[0]), fmt.Sprintf("%q %s; %s", c.Name, en, giveMonth[1]))
	return true
}

// giveMonth says how the period of a header such as 本月 is told.
var giveMonth = [2]string{"请在报送时选择“报告期”（如 2022年3月、2022年一季度），或在表头写明时期", "give the parameter period (2022-03, 2022-Q1), or write the period into the header"}

// attachCompared finds the columns of figures that columns of last year's figures and of changes
// belong to: by the name before theirs, as the only one, or each behind its own. Where it is not
// certain, a column belongs to none and is passed over.
func (t *table) attachCompared(columns []Column) {
	var owners []int
	for i := range columns {
		if columns[i].Base, columns[i].Change, columns[i].Later = -1, -1, -1; columns[i].Role == Figures {
			owners = append(owners, i)
		}
	}
	for _, i := range owners {
		stage, _ := catalogue.ParseStage(columns[i].Stage)
		for _, other := range owners {
			o := &columns[other]
			later, _ := catalogue.ParseStage(o.Stage)
			if o.Stage == "" {
				later = catalogue.Final // what is no forecast beside one
			}
			if stage != 0 && later > stage && o.Period == columns[i].Period && o.ToDate == columns[i].ToDate {
				columns[i].Later, stage = other, later
			}
		}
	}
	set := func(kind wording.Comparison, owner, i int) {
		at := &columns[owner].Base
		if kind == wording.ChangeOf {
			at = &columns[owner].Change
		}
		if *at < 0 {
			*at = i
		}
	}
	nameless := map[wording.Comparison][][2]int{} // the column before and the compared one
	for i := range columns {
		kind, of := wording.Compares(columns[i].Name)
		if kind == wording.NoComparison && t.Period.Kind == catalogue.Year && wording.YearBefore(catalogue.NormalizeName(columns[i].Name)) {
			kind = wording.BaseOf
		}
		if columns[i].Role != Extra || kind == wording.NoComparison {
			continue
		}
		if of == "" {
			before := -1
			for _, owner := range owners {
				if owner < i {
					before = owner
				}
			}
			nameless[kind] = append(nameless[kind], [2]int{before, i})
			continue
		}
		for _, owner := range owners {
			if t.sameFigures(of, &columns[owner]) {
				set(kind, owner, i)
				break
			}
		}
	}
	for kind, pairs := range nameless {
		if len(pairs) != len(owners) {
			continue
		}
		seen := map[int]bool{}
		for n, pair := range pairs {
			if len(owners) > 1 && (pair[0] != owners[n] || seen[pair[0]]) {
				seen = nil
				break
			}
			seen[pair[0]] = true
		}
		for n, pair := range pairs {
			if seen != nil {
				set(kind, owners[n], pair[1])
			}
		}
	}
}

// sameFigures reports whether a name is that of a column of figures.
func (t *table) sameFigures(name string, of *Column) bool {
	c := Column{Name: name}
	return (t.figuresOf(&c) || t.relativePeriod(&c)) && c.Role == Figures && c.Indicator == of.Indicator && c.Period == of.Period && c.OfRow == of.OfRow && c.Area == of.Area
}
