package decode

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// common reads the fields that long and wide rows share.
func (t *table) common(r *grid.Row) (o event.Observation, area, dataset string) {
	o.Row = r.Number
	o.Stage, o.Status, o.Qualifier, o.Note = r.Cell(t.At[header.StageField]), r.Cell(t.At[header.StatusField]), r.Cell(t.At[header.QualifierField]), r.Cell(t.At[header.NoteField])
	if t.SDMX {
		o.Status = t.label(o.Status)
	}
	if at := t.At[header.AreaField]; at >= 0 {
		if area = r.Cell(at); area != "" {
			area = t.area(area)
		}
	}
	if at := t.At[header.DatasetField]; at >= 0 {
		if dataset = r.Cell(at); dataset != "" {
			dataset = t.dataset(dataset)
		}
	}
	return o, area, dataset
}

func (t *table) longRow(r *grid.Row) error {
	o, area, dataset, problem := t.longFigure(r)
	if problem != nil {
		return t.malformed(r, problem)
	}
	t.sums.part(cmp.Or(area, t.Area, t.Own), &o)
	t.count(r.Number)
	return t.take(o, area, dataset)
}

// longFigure reads the figure of a row, or returns why it cannot be read.
func (t *table) longFigure(r *grid.Row) (o event.Observation, area, dataset string, problem *catalogue.Problem) {
	o, area, dataset = t.common(r)
	if problem := t.unreadable(r); problem != nil {
		return o, "", "", problem
	}
	name := r.Cell(t.At[header.IndicatorField])
	indicator := t.indicator(name)
	period := t.periodOf(r)
	o.Indicator, o.Period, o.Value = indicator.id, period.code, event.Text(r.Cell(t.At[header.ValueField]))
	t.toDate(&o, indicator.toDate || period.toDate)
	if problem := t.otherName(r, indicator, name); problem != nil {
		return o, "", "", problem
	}
	if t.headerRow != 0 {
		o.Cell = grid.ColumnName(t.At[header.ValueField]) + strconv.Itoa(r.Number)
	}
	o.Unit = r.Cell(t.At[header.UnitField])
	if t.SDMX {
		o.Unit = t.label(o.Unit)
	}
	if strings.IndexByte(string(o.Value), ',') >= 0 {
		if problem := t.commas.uncertain(string(o.Value), r.Number); problem != nil {
			return o, "", "", problem
		}
	}
	if problem := otherUnit(o.Unit, cmp.Or(indicator.unit, t.Columns[t.At[header.ValueField]].Unit)); problem != nil {
		return o, "", "", problem
	}
	if at := t.At[header.MultiplierField]; at >= 0 && r.Cell(at) != "" {
		unit, ok := multiplied(t.label(r.Cell(at)), o.Unit)
		if !ok {
			return o, "", "", newProblem("", "", fmt.Sprintf("UNIT_MULT %q 不是可用的倍数；请用 0、4（万）、8（亿）等", r.Cell(at)), fmt.Sprintf("UNIT_MULT %q is no multiplier that is known; use 0, 4 (万), 8 (亿) or the like", event.Excerpt(r.Cell(at), 40)))
		}
		o.Unit = unit
	}
	if o.Unit == "" {
		o.Unit = t.unitFor(indicator, &t.Columns[t.At[header.ValueField]], r, &o)
	}
	o.Stage = cmp.Or(o.Stage, t.Columns[t.At[header.ValueField]].Stage)
	t.stageOutside(&o)
	o.Base, o.Change = t.compared(r, t.Base), t.compared(r, t.Change)
	if at := t.At[header.ActionField]; at >= 0 {
		o.Action, problem = actionOf(r.Cell(at))
	}
	return o, area, dataset, problem
}

// unreadable returns the problem of a row with one figure in which a cell cannot be read or placed.
func (t *table) unreadable(r *grid.Row) *catalogue.Problem {
	for i := range t.Columns {
		if fault := r.Faults[i]; fault != nil && t.Columns[i].Role > header.Extra {
			return fault
		}
	}
	if i := t.At[header.ValueField]; r.Merged[i] {
		return mergedValue(i, r.Number)
	}
	return t.strayValue(r)
}

// compared returns what a column says that figures are held against; "" where it says nothing
// that can be read. The stage that forms write behind a figure in force is left out.
func (t *table) compared(r *grid.Row, i int) string {
	text := r.Cell(i)
	if at := strings.LastIndexByte(text, ' '); at >= 0 {
		if stage, err := catalogue.ParseStage(text[at+1:]); err == nil && stage != 0 {
			text = text[:at]
		}
	}
	if text == "" || r.Faults[i] != nil || r.Merged[i] {
		return ""
	}
	number := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(text, "百分点"), "个"), "%")
	if _, err := catalogue.ParseValue(strings.TrimPrefix(number, "+")); err != nil {
		return ""
	}
	return text
}

func mergedValue(i, number int) *catalogue.Problem {
	where := grid.ColumnName(i) + strconv.Itoa(number)
	return newProblem("", "", fmt.Sprintf("单元格 %s 与上面的合并，看不出数值属于哪一行；请取消合并", where), fmt.Sprintf("cell %s is merged with the one above, and it is not certain whose value it is; unmerge them", where))
}

// strayValue returns the problem of a row that holds something in a column without a name, or to the right of
// the header.
func (t *table) strayValue(r *grid.Row) *catalogue.Problem {
	for i := range r.Cells {
		if (i >= len(t.Columns) || t.Columns[i].Role == header.Unnamed) && r.Cell(i) != "" {
			return newProblem("", "", fmt.Sprintf("第 %d 列没有列名，却有内容 %q；请补上列名或删去", i+1, event.Excerpt(r.Cell(i), 40)),
				fmt.Sprintf("column %d has no name and holds %q; name it, or delete it", i+1, event.Excerpt(r.Cell(i), 40)))
		}
	}
	return nil
}

// otherName returns the problem of a row whose columns for the id and the name say different
// indicators.
func (t *table) otherName(r *grid.Row, indicator named, name string) *catalogue.Problem {
	at := t.At[header.NameField]
	if at < 0 || !indicator.known {
		return nil
	}
	beside := r.Cell(at)
	if beside == "" {
		return nil
	}
	if ind, _, ok := t.Catalogue.FindIndicator(beside); ok && ind.ID != indicator.id {
		return newProblem("", "", fmt.Sprintf("指标 %q 与旁边的名称 %q（%s）不是同一项；请改正其一", name, beside, ind.ID), fmt.Sprintf("the indicator %q and the name %q (%s) beside it are not the same; mend one", name, beside, ind.ID))
	}
	return nil
}

// unitFor returns the unit of a figure without one of its own: that of the indicator's cell, of
// the column's header, of a note that says nothing else, or of what the file says elsewhere.
func (t *table) unitFor(indicator named, c *header.Column, r *grid.Row, o *event.Observation) string {
	switch {
	case catalogue.Silent(string(o.Value)):
		return ""
	case indicator.unit != "":
		return indicator.unit
	case c.Unit != "":
		return c.Unit
	}
	if o.Note != "" && len(o.Note) <= header.MaxCell {
		if ind, ok := t.Catalogue.Indicator(indicator.id); ok {
			if said := t.reader.notes.get(o.Note, wording.FindUnits); said.General {
				if fits := fitting(said.Stated, ind); len(fits) == 1 && (t.At[header.UnitField] < 0 || fits[0] != "元") {
					t.units.apply(fits[0], "备注", "the notes").figures++
					return fits[0]
				}
			}
		}
	}
	return t.unitOutside(indicator.id, r, o)
}

// scaleWords are the counting words of powers of ten.
var scaleWords = map[string]string{"0": "", "1": "十", "2": "百", "3": "千", "4": "万", "5": "十万", "6": "百万", "7": "千万", "8": "亿", "9": "十亿", "10": "百亿", "11": "千亿", "12": "万亿"}

// multiplied returns a unit times a power of ten.
func multiplied(exponent, unit string) (string, bool) {
	word, ok := scaleWords[strings.TrimSpace(exponent)]
	return word + unit, ok && (word == "" || catalogue.IsUnit(word+unit))
}

// actionOf reads an action of SDMX, or a word for one: D withdraws, and the others report.
func actionOf(text string) (string, *catalogue.Problem) {
	switch action := strings.ToUpper(text); action {
	case "", "A", "I", "M", "R", "FALSE":
		return "", nil
	case "D", "TRUE", "撤回", "撤销", "删除", "作废": // TRUE is deleted, of DHIS2
		return "D", nil
	}
	return "", newProblem("", "", fmt.Sprintf("无法识别的操作 %q；撤回已报数据请填 D（或 撤回），报送数据请留空", event.Excerpt(text, 40)),
		fmt.Sprintf("the action %q is not known; write D to take back what was reported, and leave the cell empty to report", event.Excerpt(text, 40)))
}

// wideRow reads a row with many figures.
func (t *table) wideRow(r *grid.Row) error {
	w := t.wide(r)
	if t.isForeign(w.area) {
		return t.foreignRow(r, &w)
	}
	if w.problem != nil && slices.ContainsFunc(t.FigureColumns(), func(i int) bool { return !catalogue.Silent(r.Cell(i)) }) {
		return t.malformed(r, w.problem)
	}
	if problem := t.strayValue(r); problem != nil {
		return t.malformed(r, problem)
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Role != header.Figures {
			continue
		}
		if c.Later >= 0 && !catalogue.Silent(r.Cell(c.Later)) {
			t.reader.earlier++
			continue
		}
		o, area, known := w.figure(i)
		fault := r.Faults[i]
		if r.Merged[i] {
			fault = mergedValue(i, r.Number)
		}
		if fault == nil && !catalogue.Silent(string(o.Value)) {
			fault = otherUnit(w.unit, cmp.Or(w.indicator.unit, c.Unit))
		}
		if fault == nil && strings.IndexByte(string(o.Value), ',') >= 0 {
			fault = t.commas.uncertain(string(o.Value), r.Number)
		}
		if fault != nil {
			if err := t.take(event.Observation{Row: r.Number, Cell: o.Cell, Malformed: cmp.Or(o.Cell, c.Name), Problem: fault.EN, ProblemZH: fault.ZH}, "", ""); err != nil {
				return err
			}
			continue
		}
		if catalogue.Silent(string(o.Value)) && (area != "" && area != cmp.Or(t.Area, t.Own) || !known) {
			t.unspoken++ // other areas in a table of many are not spoken for
			continue
		}
		t.sums.part(cmp.Or(area, t.Area, t.Own), &o)
		if t.Orientation == header.AcrossAreas && t.isForeign(area) {
			if err := t.foreignColumn(i, area); err != nil {
				return err
			}
			continue
		}
		t.count(r.Number)
		if err := t.take(o, area, w.dataset); err != nil {
			return err
		}
	}
	t.cityColumns(r, &w)
	return nil
}

// foreignRow refuses a row of another area as one. Without a figure it says nothing.
func (t *table) foreignRow(r *grid.Row, w *wideFigures) error {
	said := false
	for _, i := range t.FigureColumns() {
		if o, _, _ := w.figure(i); !catalogue.Silent(string(o.Value)) {
			said = true
			t.sums.part(w.area, &o)
		}
	}
	if !said {
		t.unspoken += len(t.FigureColumns())
		return nil
	}
	text := cmp.Or(event.Excerpt(r.Text, maxMalformed), r.Excerpt(",", maxMalformed))
	return t.refuseForeign(event.Observation{Row: r.Number, Malformed: text}, w.area)
}

// foreignColumn refuses a column of another area, once.
func (t *table) foreignColumn(i int, area string) error {
	if t.foreignColumns[i] {
		return nil
	}
	if t.foreignColumns == nil {
		t.foreignColumns = map[int]bool{}
	}
	t.foreignColumns[i] = true
	o := event.Observation{Malformed: t.Columns[i].Name, Row: t.Row}
	if !t.keyed {
		o.Cell = grid.ColumnName(i) + strconv.Itoa(t.Row)
	}
	return t.refuseForeign(o, area)
}

// wideFigures are the figures of a row with many.
type wideFigures struct {
	*table
	row           *grid.Row
	base          event.Observation // what they have in common
	area, dataset string
	indicator     named
	unit          string
	problem       *catalogue.Problem // why the row has no period
	toDate        bool               // the row's period says that flows are of the year to date
}

func (t *table) wide(r *grid.Row) wideFigures {
	w := wideFigures{table: t, row: r, unit: r.Cell(t.At[header.UnitField])}
	w.base, w.area, w.dataset = t.common(r)
	if t.At[header.IndicatorField] >= 0 {
		w.indicator = t.indicator(r.Cell(t.At[header.IndicatorField]))
	}
	if t.Orientation != header.AcrossPeriods || t.ofRows {
		period := t.periodOf(r)
		w.base.Period, w.toDate, w.problem = period.code, period.toDate, period.problem
	}
	return w
}

// figure returns the figure in the i-th column, whose area it is, and whether its indicator is known.
func (w *wideFigures) figure(i int) (o event.Observation, area string, known bool) {
	c := &w.Columns[i]
	o, area = w.base, w.area
	if !w.keyed {
		o.Cell = grid.ColumnName(i) + strconv.Itoa(w.row.Number)
	}
	o.Value = event.Text(w.row.Cell(i))
	what := w.indicator
	switch w.Orientation {
	case header.AcrossPeriods:
		if o.Period = c.Period; c.OfRow != 0 {
			row, _ := catalogue.ParsePeriod(w.base.Period)
			period, _ := wording.EndingWith(row, c.OfRow)
			o.Period = period.String()
		}
	case header.AcrossIndicator:
		what = named{id: c.Indicator, unit: c.Unit, known: true}
		o.Period = cmp.Or(c.Period, o.Period)
	case header.AcrossAreas:
		area, o.Period = c.Area, cmp.Or(c.Period, o.Period)
	}
	o.Indicator, o.Stage = what.id, cmp.Or(o.Stage, c.Stage)
	w.table.toDate(&o, w.toDate || what.toDate || c.ToDate)
	if o.Unit = w.unit; o.Unit == "" {
		o.Unit = w.unitFor(what, c, w.row, &o)
	}
	w.stageOutside(&o)
	o.Base, o.Change = w.compared(w.row, c.Base), w.compared(w.row, c.Change)
	return o, area, what.known
}
