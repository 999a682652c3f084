package decode

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// units are what a table's file says of units outside of the figures: in titles, the header, the
// file's name, headings and footnotes.
type units struct {
	whole []statedUnits // of the whole table
	below []statedUnits // of the whole table too, but found below figures
	// section is the heading that rows stand below, where it or an earlier one states units.
	section *statedUnits
	// found are the units of indicators, by their ids, in this section.
	found map[string]foundUnit
	// cell is the last unit of the unit column, where that is one of money, and its row.
	cell    string
	cellRow int
	money   cache[string]
	// wanting is whether there was a figure without a unit of its own.
	wanting bool
	// applied are the statements that figures had their units of, in order.
	applied []*appliedUnit
	byPlace map[[2]string]*appliedUnit // the same, by unit and place
	// aside is whether figures are read that are only compared.
	aside bool
	// question is why the file cannot be read, if it cannot.
	question *catalogue.Problem
}

// statedUnits is one place that speaks of units.
type statedUnits struct {
	wording.Units
	whereZH, whereEN string
	// indicators are those that it names; it speaks of all where it names none.
	indicators []string
	// rank and used are of a heading: how deep it stands, and whether rows stand below it.
	rank int
	used bool
}

// foundUnit is the unit of an indicator's figures; "" is that of the catalogue.
type foundUnit struct {
	unit    string
	applied *appliedUnit
	// contrary are places that make it uncertain.
	contrary []*statedUnits
}

// appliedUnit counts the figures that had a unit of a statement.
type appliedUnit struct {
	unit             string
	whereZH, whereEN string
	figures          int
}

// statedBelow is the error of a table whose footnotes state units or stages of figures that were read
// without them. It is read again.
type statedBelow struct {
	units  []statedUnits
	stages []statedStage
}

func (*statedBelow) Error() string { return "units or stages are stated below the figures" }

// findUnits notes what stands above the figures and beside the table.
func (t *table) findUnits() {
	t.units = units{found: map[string]foundUnit{}}
	if t.stated != nil {
		t.units.whole = slices.Clone(t.stated.units)
	}
	for i := range t.sample {
		r := &t.sample[i]
		if r.Number >= t.Row || t.keyed || r.Number == 0 { // what stands beside a list of JSON is among t.outside
			break
		}
		for c := range r.Cells {
			t.stateUnits(r.Cell(c), fmt.Sprintf("第 %d 行", r.Number), fmt.Sprintf("row %d", r.Number))
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		label := c.Role == header.IndicatorField || c.Role == header.NameField || c.Role == header.AreaField || c.Role == header.PeriodField ||
			c.Role == header.Extra && strings.Contains(c.Name, "单位") && !t.isCompared(i)
		if label {
			t.stateUnits(c.Name, "表头", "the header")
		}
	}
	for _, text := range t.outside {
		t.stateUnits(text, "列表之外的", "what stands outside of the list")
	}
	t.stateUnits(strings.TrimSuffix(t.File, path.Ext(t.File)), "文件名", "the file's name")
	t.stateUnits(t.sheet, "工作表名", "the sheet's name")
}

// stateUnits notes what a text says of the units of the whole table.
func (t *table) stateUnits(text, whereZH, whereEN string) {
	if s, ok := t.statementOf(text, whereZH, whereEN); ok {
		s.General = true
		t.units.whole = append(t.units.whole, s)
	}
}

func (t *table) statementOf(text, whereZH, whereEN string) (s statedUnits, ok bool) {
	said := t.remark(text)
	if said.units.Empty() {
		return s, false
	}
	shown := event.Excerpt(text, 60)
	s.Units, s.indicators = said.units, said.indicators
	s.whereZH, s.whereEN = whereZH+catalogue.Quoted(shown), fmt.Sprintf("%s, %q", whereEN, shown)
	return s, true
}

// maxStatement is how many bytes a text may have that states units.
const maxStatement = 600

// unitsInRow notes what a row that is passed over says of units. A heading speaks of the rows below
// it, unless it says nothing but a unit.
func (t *table) unitsInRow(r *grid.Row, heading bool) {
	if !heading {
		t.stagesInRow(r)
	}
	if t.IsList() {
		return
	}
	kindZH, kindEN := "脚注", "the footnote in row"
	if heading {
		kindZH, kindEN = "小标题", "the heading in row"
	}
	said := false
	for i := range r.Cells {
		s, ok := t.statementOf(r.Cell(i), fmt.Sprintf("第 %d 行%s", r.Number, kindZH), fmt.Sprintf("%s %d", kindEN, r.Number))
		remark := t.remark(r.Cell(i))
		switch {
		case !ok:
			continue
		case heading && !s.General:
			t.beginSection(&s, r.Cell(i))
		case remark.stated:
		case heading && t.reader.first == 0:
			t.units.whole, t.units.found = append(t.units.whole, s), map[string]foundUnit{}
		default:
			t.units.below = append(t.units.below, s)
		}
		said = true
		remark.stated = remark.stated || !heading || s.General
	}
	_, text := r.Filled()
	if s := t.units.section; heading && !said && s != nil && sectionRank(text) <= s.rank {
		// Whether what follows has the same unit, a heading without one does not say.
		t.beginSection(&statedUnits{whereZH: s.whereZH, whereEN: s.whereEN, Units: wording.Units{Mentioned: append(s.Stated, s.Mentioned...)}, used: true}, text)
	}
}

// beginSection makes a heading that of the rows below.
func (t *table) beginSection(s *statedUnits, text string) {
	t.endSection()
	s.rank = sectionRank(text)
	t.units.section, t.units.found = s, map[string]foundUnit{}
}

// endSection makes a heading that nothing stood below a footnote.
func (t *table) endSection() {
	if s := t.units.section; s != nil && !s.used {
		t.units.below = append(t.units.below, *s)
	}
}

// sectionRank is how deep a heading stands among others, by how it is numbered.
func sectionRank(text string) int {
	return slices.IndexFunc(sectionNumbers, func(pattern *regexp.Regexp) bool { return pattern.MatchString(catalogue.NormalizeName(text)) })
}

var sectionNumbers = []*regexp.Regexp{
	regexp.MustCompile(`^[一二三四五六七八九十]+[、.:]`), regexp.MustCompile(`^\([一二三四五六七八九十]+\)`), regexp.MustCompile(`^\d+[、.:]`), regexp.MustCompile(`^(?:\(\d+\)|[①-⑳])`), regexp.MustCompile(``),
}

// endUnits ends the table. Figures that were read without units that stand below them are to be read
// again with those.
func (t *table) endUnits() error {
	t.endSection()
	if t.stated == nil && (len(t.units.below) > 0 && t.units.wanting || len(t.stages.below) > 0 && t.stages.wanting) {
		return &statedBelow{t.units.below, t.stages.below}
	}
	for i, a := range t.units.applied {
		if i == maxUnitsTold {
			t.understanding.say("其余单位按各小标题", "and others by their headings")
			break
		}
		t.understanding.say(fmt.Sprintf("%d 个数据按%s以%s为单位", a.figures, a.whereZH, a.unit), fmt.Sprintf(plural(a.figures, "%d figure")+" in %s, by %s", a.figures, a.unit, a.whereEN))
	}
	return nil
}

// maxUnitsTold is how many statements an understanding repeats.
const maxUnitsTold = 4

// unitOutside returns the unit of a figure that has none of its own, by what the file says; "" is the
// catalogue's. Where that is uncertain, it leaves a question.
func (t *table) unitOutside(id string, r *grid.Row, o *event.Observation) string {
	ind, ok := t.Catalogue.Indicator(id)
	if !ok {
		return ""
	}
	t.units.wanting = true
	if len(t.units.whole) == 0 && t.units.section == nil && t.units.cell == "" {
		return "" // most files, of which some have millions of figures
	}
	if reading, err := catalogue.ParseValue(string(o.Value)); err != nil || reading.Missing || reading.Unit != "" {
		return ""
	}
	found, ok := t.units.found[id]
	if !ok {
		found = t.findUnit(ind)
		t.units.found[id] = found
	}
	switch {
	case t.units.question != nil, t.units.aside:
	case len(found.contrary) > 0:
		t.units.question = uncertainUnit(ind, r.Number, t.keyed, found.contrary)
	case found.unit == "" && t.units.cell != "" && t.units.cell != ind.UnitName && wording.IsMoney(ind.UnitName) && !t.keyed && r.Cell(t.At[header.IndicatorField]) != id:
		// A merged cell that was saved as text leaves its lower rows empty. Programs, which write ids,
		// merge none.
		s := &statedUnits{whereZH: fmt.Sprintf("第 %d 行的单位%s", t.units.cellRow, catalogue.Quoted(t.units.cell)), whereEN: fmt.Sprintf("the unit in row %d, %q", t.units.cellRow, t.units.cell)}
		t.units.question = uncertainUnit(ind, r.Number, t.keyed, []*statedUnits{s})
	case found.applied != nil:
		found.applied.figures++
	}
	return found.unit
}

// noteUnitCell remembers the unit column's cell.
func (u *units) noteUnitCell(unit string, row int) {
	if unit == "" {
		return
	}
	u.cellRow, u.cell = row, u.money.get(unit, func(unit string) string {
		if name := catalogue.UnitName(catalogue.NormalizeName(unit)); wording.IsMoney(name) {
			return name
		}
		return ""
	})
}

// findUnit finds the unit of an indicator: by the heading, then by what names the indicator, then by
// what speaks of all.
func (t *table) findUnit(ind *catalogue.Indicator) (found foundUnit) {
	var named, general, doubts []*statedUnits
	for i := range t.units.whole {
		s := &t.units.whole[i]
		switch fits := fitting(s.Stated, ind); {
		case len(fits) > 0 && slices.Contains(s.indicators, ind.ID):
			named = append(named, s)
		case len(fits) > 0 && s.General && len(s.indicators) == 0:
			general = append(general, s)
		case len(fits)+len(fitting(s.Mentioned, ind)) > 0:
			doubts = append(doubts, s)
		}
	}
	candidates := named
	if len(named) == 0 {
		candidates = general
	}
	if s := t.units.section; s != nil {
		if len(fitting(s.Stated, ind)) > 0 {
			candidates, doubts = []*statedUnits{s}, nil
		} else if len(fitting(s.Mentioned, ind)) > 0 {
			doubts = append(doubts, s)
		}
	}
	told := ""
	for _, s := range candidates {
		for _, unit := range fitting(s.Stated, ind) {
			if told != "" && unit != told {
				found.contrary = candidates
				return found
			}
			told = unit
		}
	}
	for _, s := range doubts {
		limited := len(s.indicators) > 0 && !slices.Contains(s.indicators, ind.ID)
		if told != "" && limited {
			continue
		}
		for _, unit := range fitting(append(slices.Clone(s.Stated), s.Mentioned...), ind) {
			if unit != cmp.Or(told, ind.UnitName) {
				found.contrary = append(candidates, s)
				return found
			}
		}
	}
	if told == "" {
		return found
	}
	return foundUnit{unit: told, applied: t.units.apply(told, candidates[0].whereZH, candidates[0].whereEN)}
}

// apply returns the count of the figures that have a unit of a statement.
func (u *units) apply(unit, whereZH, whereEN string) *appliedUnit {
	key := [2]string{unit, whereEN}
	if a := u.byPlace[key]; a != nil {
		return a
	}
	if u.byPlace == nil {
		u.byPlace = map[[2]string]*appliedUnit{}
	}
	a := &appliedUnit{unit: unit, whereZH: whereZH, whereEN: whereEN}
	u.applied, u.byPlace[key] = append(u.applied, a), a
	return a
}

// fitting returns the units that figures of an indicator may have: those that convert, and for money
// those of all currencies, which are refused then.
func fitting(stated []string, ind *catalogue.Indicator) (fits []string) {
	for _, unit := range stated {
		if catalogue.ParseUnit(unit).Dimension == ind.Unit().Dimension || wording.IsMoney(unit) && wording.IsMoney(ind.UnitName) {
			fits = append(fits, unit)
		}
	}
	return fits
}

// uncertainUnit is the question of a figure of which places make the unit uncertain.
func uncertainUnit(ind *catalogue.Indicator, row int, keyed bool, places []*statedUnits) *catalogue.Problem {
	var zh, en []string
	for _, s := range places[:min(len(places), 3)] {
		zh, en = append(zh, s.whereZH), append(en, s.whereEN)
	}
	nameZH, nameEN := ind.Names()
	rowZH, rowEN := fmt.Sprintf("第 %d 行", row), fmt.Sprintf("row %d", row)
	if keyed {
		rowZH, rowEN = fmt.Sprintf("第 %d 个对象", row), fmt.Sprintf("object %d", row)
	}
	return newProblem(Ambiguous, event.Excerpt(strings.Join(zh, "；"), maxSeen),
		fmt.Sprintf("%s%s没有写明单位；%s写到了单位，看不出是否就是这个数据的单位（目录中的单位是%s）；请在这一行的“单位”列，或在指标名称后的括号里写明单位，再报送",
			rowZH, catalogue.Quoted(nameZH), strings.Join(zh, "、"), ind.UnitName),
		fmt.Sprintf("%s, %s, has no unit of its own; %s speaks of units, and it is not certain which one the figure has (the catalogue's is %s); write the unit in the row, in a column 单位 or in brackets behind the indicator's name, and send it again",
			rowEN, nameEN, strings.Join(en, ", and "), ind.UnitName))
}
