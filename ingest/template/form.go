package template

import (
	"fmt"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Form is what a form is made for.
type Form struct {
	Catalogue *catalogue.Catalogue
	Area      *catalogue.Area
	Dataset   *catalogue.Dataset
	Period    catalogue.Period
	// English has headings and advice in English; names are in both languages always.
	English bool
	// Known has figures in force as text.
	Known map[Place]string
}

// Place is an indicator in a period.
type Place struct {
	Indicator string
	Period    catalogue.Period
}

// Check returns a [*catalogue.Problem] where nothing can be reported with the form.
func (f *Form) Check() error {
	problem := func(code, zh, en string) error {
		return &catalogue.Problem{Code: code, Seen: f.Period.String(), ZH: zh, EN: en}
	}
	switch {
	case !f.Dataset.Takes(f.Period):
		return problem("PERIOD_NOT_IN_DATASET", fmt.Sprintf("%s（%s）不报 %s 这样的时期", f.Dataset.ID, f.Dataset.NameZH, f.Period),
			fmt.Sprintf("%s (%s) takes no period such as %s", f.Dataset.ID, f.Dataset.NameEN, f.Period))
	case !f.Area.ValidIn(f.Period):
		return problem("AREA_NOT_VALID", fmt.Sprintf("%s（%s）在 %s 期末不存在", f.Area.Code, f.Area.NameZH, f.Period),
			fmt.Sprintf("%s (%s) does not exist at the end of %s", f.Area.Code, f.Area.NameEN, f.Period))
	case len(f.Indicators()) == 0:
		return problem("SUBMISSION_EMPTY", fmt.Sprintf("%s（%s）在 %s 中没有需要填报的指标", f.Area.Code, f.Area.NameZH, f.Dataset.ID),
			fmt.Sprintf("%s (%s) reports no indicator of %s", f.Area.Code, f.Area.NameEN, f.Dataset.ID))
	}
	return nil
}

// Indicators returns what the area reports in the dataset for the period, in the catalogue's
// order.
func (f *Form) Indicators() []*catalogue.Indicator {
	return Indicators(f.Catalogue, f.Area, f.Dataset, f.Period)
}

// Indicators returns what an area reports in a dataset for a period, in the catalogue's order.
func Indicators(c *catalogue.Catalogue, area *catalogue.Area, dataset *catalogue.Dataset, period catalogue.Period) []*catalogue.Indicator {
	var reported []*catalogue.Indicator
	for i := range c.Indicators {
		indicator := &c.Indicators[i]
		city := area.Kind == catalogue.City
		if slices.Contains(indicator.Datasets, dataset.ID) && indicator.Total != catalogue.RatioRule && indicator.ValidIn(period) &&
			(indicator.Total == catalogue.CityRule) == city {
			reported = append(reported, indicator)
		}
	}
	return reported
}

// beside returns another period that ends with the form's, in which a flow may be reported as well,
// where the dataset takes both: the year to the end of a quarter or a month, and the last month of a
// year to date. The first period of a year is the year to its end, and 1-2月 is reported as one.
func (f *Form) beside() (p catalogue.Period, ok bool) {
	switch p = f.Period; {
	case p.Kind == catalogue.Quarter && p.Index > 1:
		p.Kind, p.Index = catalogue.YearToDate, 3*p.Index
	case p.Kind == catalogue.Month && p.Index > 1:
		p.Kind = catalogue.YearToDate
	case p.Kind == catalogue.YearToDate && p.Index > 2:
		p.Kind = catalogue.Month
	default:
		return p, false
	}
	return p, f.Dataset.Takes(p)
}

// earlier returns the periods whose figures stand beside those of a row, as [Earlier] does; before
// the year to the end of a quarter comes that to the end of the one before.
func (f *Form) earlier(p catalogue.Period) []catalogue.Period {
	earlier := Earlier(p)
	if f.Period.Kind == catalogue.Quarter && p.Kind == catalogue.YearToDate {
		earlier[0].Index = p.Index - 3
	}
	return earlier
}

// Periods returns the periods of which the form shows figures in force.
func (f *Form) Periods() []catalogue.Period {
	periods := append(f.earlier(f.Period), f.Period)
	if other, several := f.beside(); several {
		periods = append(append(periods, f.earlier(other)...), other)
	}
	return periods
}

// Earlier returns the periods whose figures stand beside the form's: the one before, of the
// same kind, and that of the year before; one where they are the same.
func Earlier(p catalogue.Period) []catalogue.Period {
	before := Previous(p)
	if year := p.YearBefore(); year != before {
		return []catalogue.Period{before, year}
	}
	return []catalogue.Period{before}
}

// Previous returns the period of the same kind before a period: of years to date, the one
// that ends a month earlier.
func Previous(p catalogue.Period) catalogue.Period {
	if p.Index > 1 {
		p.Index--
		return p
	}
	last := p.YearBefore()
	for _, q := range catalogue.PeriodsOfYear(last.Year) {
		if q.Kind == p.Kind {
			last = q
		}
	}
	return last
}

// Latest returns the dataset's newest period that has ended and is owed, or else, where none is owed,
// the newest that has ended of its first kind of period.
func Latest(dataset *catalogue.Dataset, ended, owed func(catalogue.Period) bool, year int) catalogue.Period {
	var latest, due catalogue.Period
	for _, y := range []int16{int16(year - 1), int16(year)} {
		for _, p := range catalogue.PeriodsOfYear(y) {
			if !dataset.Takes(p) || !ended(p) {
				continue
			}
			if p.Kind == dataset.Periods[0] {
				latest = p
			}
			if owed(p) && (due.Kind == 0 || p.LastDay().After(due.LastDay())) {
				due = p
			}
		}
	}
	if due.Kind != 0 {
		return due
	}
	return latest
}

// column is a column of a form.
type column struct {
	zh, en string
	width  float64
	// open columns are filled in; the others are protected.
	open bool
	text func(f *Form, r row) string
}

// row is what a row of a form is for: an indicator in a period; a row of a list has no indicator.
type row struct {
	*catalogue.Indicator
	period catalogue.Period
}

// name returns the indicator's name, with the period where the form has several.
func (r row) name(f *Form) (zh, en string) {
	zh, en = r.NameZH, r.NameEN
	if _, several := f.beside(); several && r.Kind == catalogue.Flow {
		periodZH, periodEN := r.period.Names()
		zh, en = zh+"（"+periodZH+"）", en+" ("+periodEN+")"
	}
	return zh, en
}

func (c *column) name(english bool) string {
	if english {
		return c.en
	}
	return c.zh
}

// valueColumn is the place of the figures among the columns.
const valueColumn = 7

// columns returns the columns of the form. Those behind the open ones are passed over when
// the form is read.
func (f *Form) columns() []column {
	if f.list() {
		return listColumns()
	}
	empty := func(*Form, row) string { return "" }
	columns := []column{
		{"地区代码", "area", 10, false, func(f *Form, _ row) string { return f.Area.Code }},
		{"报表", "dataset", 14, false, func(f *Form, _ row) string { return f.Dataset.ID }},
		{"报告期", "period", 12, false, func(_ *Form, r row) string { return r.period.String() }},
		{"指标", "indicator", 22, false, func(_ *Form, r row) string { return r.ID }},
		{"指标名称", "指标名称", 32, false, func(f *Form, r row) string { zh, _ := r.name(f); return zh }},
		{"name", "name", 36, false, func(f *Form, r row) string { _, en := r.name(f); return en }},
		{"单位", "unit", 8, false, func(_ *Form, r row) string { return r.UnitName }},
		{"数值", "value", 16, true, empty},
		{"阶段", "stage", 10, true, empty},
		{"状态", "status", 8, true, empty},
		{"限定", "qualifier", 8, true, empty},
		{"备注", "note", 24, true, empty},
	}
	for n, p := range Earlier(f.Period) {
		c := column{"上期数", "previous period", 18, false, func(f *Form, r row) string { return f.Known[Place{r.ID, f.earlier(r.period)[n]}] }}
		if n > 0 || p == f.Period.YearBefore() {
			c.zh, c.en = "上年同期数", "last year"
		}
		columns = append(columns, c)
	}
	if f.reported() {
		columns = append(columns, column{"上期已报数（本期）", "previous report of this period", 18, false, func(f *Form, r row) string { return f.Known[Place{r.ID, r.period}] }})
	}
	return columns
}

// reported reports whether a figure of the form's own period is in force.
func (f *Form) reported() bool {
	other, several := f.beside()
	for place := range f.Known {
		if place.Period == f.Period || several && place.Period == other {
			return true
		}
	}
	return false
}

// table returns the header and the rows.
func (f *Form) table() [][]string {
	columns := f.columns()
	header := make([]string, len(columns))
	for i := range columns {
		header[i] = columns[i].name(f.English)
	}
	table := [][]string{header}
	for _, r := range f.rows() {
		cells := make([]string, len(columns))
		for i := range columns {
			cells[i] = columns[i].text(f, r)
		}
		table = append(table, cells)
	}
	return table
}

// Text returns a figure in force as it stands beside the cell for a new one: 近87 年报.
func Text(s event.Said, english bool) string {
	text := s.Value
	if s.Value == "" {
		text = s.Status
	}
	stage, qualifier := s.Stage, s.Qualifier
	if !english {
		stage, qualifier = wordOf("I", stage), wordOf("K", qualifier)
	} else if qualifier != "" {
		qualifier += " "
	}
	return strings.TrimSpace(qualifier + text + " " + stage)
}

// wordOf returns the Chinese word of a column's choice.
func wordOf(column, english string) string {
	for _, c := range choices {
		if i := slices.Index(c.en, english); c.column == column && i >= 0 {
			return c.zh[i]
		}
	}
	return english
}
