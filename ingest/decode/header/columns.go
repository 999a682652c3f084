package header

import (
	"regexp"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// headerColumns reads the cells of a header. It returns nil where a cell holds a number that is no
// period, since then the row is data.
func (t *table) headerColumns(cells []string) []Column {
	first := ""
	if len(cells) > 0 {
		first, _, _ = strings.Cut(Key(cells[0]), ":")
	}
	sdmx := first == "dataflow" || first == "structure"
	if list := listColumns(cells); list != nil {
		t.SDMX = false
		return list
	}
	columns := make([]Column, len(cells))
	t.rowPeriods = slices.ContainsFunc(cells, func(cell string) bool {
		field, _ := Field(cell, sdmx)
		return field == PeriodField && len(cell) <= MaxCell
	})
	for i, cell := range cells {
		text := grid.Trim(cell)
		c := &columns[i]
		if c.Name = text; text == "" {
			continue
		}
		if len(text) > MaxCell {
			c.Role = Extra
			continue
		}
		if c.Role, c.Unit = Field(text, sdmx); c.Role != Extra {
			if stage, ok := wording.StagedFigures(unbracketed(text)); ok && c.Role == ValueField {
				c.Stage = stage.String()
			}
			continue
		}
		if c.Level = wording.Level(Key(text)); c.Level > 0 {
			continue
		}
		if t.figuresOf(c) || c.problem != nil || t.relativePeriod(c) {
			continue
		}
		if wording.PassedOver(Key(text)) {
			c.City = wording.CityTotal(catalogue.NormalizeName(text))
			continue
		}
		if v, err := catalogue.ParseValue(text); err == nil && strings.ContainsAny(text, "0123456789") && len(text) < 20 && (v.Unit == "" || catalogue.IsUnit(v.Unit)) {
			return nil
		}
	}
	t.SDMX = sdmx
	return columns
}

// behindName is what headers write behind an indicator's name, of its figures.
var behindName = regexp.MustCompile(`(?:绝对[额值量数]|总量|实绩|实际数?|数值|完成[数值]|完成情况)(\([^()]+\))?$`)

// periodSuffix is what tables write behind a period: 2022年末, 2022年（实际）, 3月当月, 2022年核定数. Two columns
// of one period, such as what was reported and what was verified, are a question.
var periodSuffix = regexp.MustCompile(`[(\[]?(?:年末|期末|末|底|(?:实际|实绩|完成|数值|数据|调整后?|当月|本月|单月|当季|本季|单季|当期|上报|自报|申报|填报|核定|审定|认定)(?:情况|数|值)?|数)[)\]]?$`)

// stageSuffix is a stage behind a period: 2025年快报, 2025年（预计）.
var stageSuffix = regexp.MustCompile(`[(\[]?((?:快报|预计|预测|年报|初步核算|初步|最终核实|最终)数?)[)\]]?$`)

// figuresOf recognises a header that names an indicator, an area or a period.
func (t *table) figuresOf(c *Column) bool {
	if ind, unit, toDate, ok := FindIndicator(t.Catalogue, c.Name); ok {
		c.Role, c.Indicator, c.Unit, c.ToDate = Figures, ind.ID, unit, toDate
		return true
	}
	name, unit := c.Name, ""
	if base, inner, ok := splitBrackets(catalogue.NormalizeName(name)); ok && catalogue.IsUnit(inner) {
		name, unit = base, catalogue.UnitName(inner)
	}
	if area, ok := t.Catalogue.FindArea(name); ok {
		c.Unit = unit
		if c.Role, c.Area = Figures, area.Code; t.CityFor(area) {
			c.Role, c.Area, c.City = Extra, "", true
		}
		return true
	}
	text := c.Name
	if short := behindName.ReplaceAllString(catalogue.NormalizeName(text), "$1"); short != "" && len(short) < len(text) {
		if ind, unit, ok := t.Catalogue.FindIndicator(short); ok {
			c.Role, c.Indicator, c.Unit = Figures, ind.ID, unit
			return true
		}
	}
	if base, inner, ok := splitBrackets(catalogue.NormalizeName(text)); ok && (catalogue.IsUnit(inner) || inner == "%") {
		text, c.Unit = base, catalogue.UnitName(inner)
	}
	if text != "" && c.Stage == "" {
		short := catalogue.NormalizeName(text)
		if m := stageSuffix.FindStringSubmatch(short); m != nil {
			if stage, err := catalogue.ParseStage(m[1]); err == nil {
				text, c.Stage = strings.TrimSuffix(short, m[0]), stage.String()
			}
		}
	}
	period, toDate, err := ReadPeriod(text, t.Year)
	if err != nil {
		whole := catalogue.NormalizeName(text)
		if short := periodSuffix.ReplaceAllString(whole, ""); short != whole && short != "" {
			if strings.HasSuffix(whole, "年末") {
				short += "年"
			}
			if period, shorter := catalogue.ReadPeriod(short, t.Year); shorter == nil {
				c.Role, c.Period = Figures, period.String()
				return true
			}
		}
		if t.ofAPeriod(c) {
			return true
		}
		if problem := asProblem(err); problem.Code != "PERIOD_INVALID" {
			c.problem = problem
		}
		return false
	}
	c.Role, c.Period, c.ToDate = Figures, period.String(), toDate
	return true
}

// periodBeside finds a period before or behind the name of an indicator or an area.
var periodBeside = func() [2]*regexp.Regexp {
	const period = `((?:(?:19|20)\d{2}(?:年度?|-)?)?(?:第?[一二三四1-4]季度|[上下]半年|前三季度|1[-—–~至]\d{1,2}月|\d{1,2}月|q[1-4]|s[12]|h[12])|(?:19|20)\d{2}年?度?)`
	return [2]*regexp.Regexp{regexp.MustCompile(`^` + period + `(.*)$`), regexp.MustCompile(`^(.*?\D)` + period + `$`)}
}()

// ofAPeriod recognises a header that names an indicator or an area, and the period of its figures:
// 2022年地区生产总值（亿元）, or 地区生产总值 over 2022年.
func (t *table) ofAPeriod(c *Column) bool {
	text := catalogue.NormalizeName(c.Name)
	for i, pattern := range periodBeside {
		m := pattern.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		written, name := m[1+i], strings.Trim(m[2-i], ":、,")
		period, toDate, err := ReadPeriod(written, t.Year)
		if err != nil || name == "" {
			continue
		}
		if ind, unit, named, ok := FindIndicator(t.Catalogue, name); ok {
			c.Role, c.Indicator, c.Unit, c.Period, c.ToDate = Figures, ind.ID, unit, period.String(), toDate || named
			return true
		}
		if area, ok := t.Catalogue.FindArea(name); ok && !t.CityFor(area) {
			c.Role, c.Area, c.Period, c.ToDate = Figures, area.Code, period.String(), toDate
			return true
		}
	}
	return false
}

func asProblem(err error) *catalogue.Problem {
	if p, ok := err.(*catalogue.Problem); ok {
		return p
	}
	return &catalogue.Problem{ZH: err.Error(), EN: err.Error()}
}

// combine joins the two rows of a header: 2022年 over 三季度, or a name over its unit. Cells to
// the right of a filled one in the upper row belong to it while they are empty.
func (t *table) combine(top, bottom []string) []string {
	cells := make([]string, max(len(top), len(bottom)))
	group := ""
	for i := range cells {
		upper, lower := "", ""
		if i < len(top) {
			upper = grid.Trim(top[i])
		}
		if i < len(bottom) {
			lower = grid.Trim(bottom[i])
		}
		if upper != "" {
			group = upper
		} else if lower != "" {
			upper = group
		}
		unit := strings.Trim(catalogue.NormalizeName(lower), "()[]【】")
		switch {
		case lower == "" || lower == upper:
			cells[i] = upper
		case upper == "":
			cells[i] = lower
		case catalogue.IsUnit(unit):
			cells[i] = upper + "（" + unit + "）"
		default:
			cells[i] = upper + lower
			if field, unit := Field(lower, false); field == ValueField && t.namesFigures(upper) {
				if cells[i] = upper; unit != "" {
					cells[i] += "（" + unit + "）"
				}
			} else if field != Extra {
				cells[i] = lower
			} else if _, err := catalogue.ReadPeriod(cells[i], 0); err != nil {
				if _, _, ok := t.Catalogue.FindIndicator(lower); ok && !t.tellsApart(upper) {
					cells[i] = lower
				}
			}
		}
	}
	return cells
}

// tellsApart reports whether what stands over the names of indicators says which of their figures are meant: a
// period, an area, those of the year before. Other words head a group of indicators.
func (t *table) tellsApart(upper string) bool {
	if kind, ok := wording.RelativePeriod(catalogue.NormalizeName(upper)); ok {
		period, of := wording.EndingWith(t.Period, kind)
		return !of || period != t.Period
	}
	if area, ok := t.Catalogue.FindArea(upper); ok {
		return area.Code != t.Sender
	}
	c := Column{Name: upper}
	compared, _ := wording.Compares(upper)
	return compared != wording.NoComparison || wording.PassedOver(Key(upper)) || t.figuresOf(&c) && c.Period != ""
}

// namesFigures reports whether a header names an indicator, an area or a period.
func (t *table) namesFigures(name string) bool {
	c := Column{Name: name}
	return t.figuresOf(&c) && c.Role == Figures || t.relativePeriod(&c)
}
