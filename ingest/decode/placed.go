package decode

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// otherSection returns the question of a heading that names an area or a period, in a table whose
// figures are all of another one: what stands below may be of either.
func (t *table) otherSection(r *grid.Row, text string) error {
	if len(text) > header.MaxCell {
		return nil
	}
	shown := event.Excerpt(text, 40)
	if t.At[header.AreaField] < 0 && t.Orientation != header.AcrossAreas {
		sender := cmp.Or(t.Area, t.Own)
		if area, ok := t.Catalogue.FindArea(text); ok && area.Kind != catalogue.City && area.Code != sender {
			zh, en := "", ""
			if own, ok := t.Catalogue.Area(sender); ok {
				zh, en = fmt.Sprintf("，报送的地区是%s", own.NameZH), fmt.Sprintf(", and the file is sent for %s", own.NameEN)
			}
			return newProblem(Ambiguous, shown,
				fmt.Sprintf("第 %d 行的小标题是 %q%s，看不出下面的数属于哪个地区；请加一列“地区”，每行写明，或只留本地区的数", r.Number, shown, zh),
				fmt.Sprintf("row %d is a heading, %q%s, and it is not certain whose figures stand below it; write the area into each row, in a column 地区, or keep your own figures alone", r.Number, shown, en))
		}
	}
	if year := t.yearIn(r, text); year != 0 && year != t.Year && t.Orientation == header.AcrossPeriods && slices.ContainsFunc(t.Columns, yearless) {
		return newProblem(Ambiguous, shown,
			fmt.Sprintf("第 %d 行的小标题是 %d 年，表头的时期没有写明年份，按报送时选择的报告期或标题是 %d 年，看不出下面的数属于哪一年；请在表头写明年份，每年一列，或分成几个文件", r.Number, year, t.Year),
			fmt.Sprintf("row %d is a heading, %d, and the periods in the header name no year, which is %d by the period given or the title: it is not certain of which year the figures below are; write the year into the header, with a column for each period of each year, or send one file for each year", r.Number, year, t.Year))
	}
	if t.Whole == "" || t.At[header.PeriodField] >= 0 || t.IsList() {
		return nil
	}
	if period, _, err := header.ReadPeriod(text, t.Year); err == nil && period.String() != t.Whole {
		zh, en := period.Names()
		wholeZH, wholeEN := periodNames(t.Whole)
		return newProblem(Ambiguous, shown,
			fmt.Sprintf("第 %d 行的小标题说的是%s，报送时选择的报告期是%s，看不出下面的数属于哪一期；请加一列“报告期”，每行写明", r.Number, zh, wholeZH),
			fmt.Sprintf("row %d is a heading, %s, and the period given is %s, so that it is not certain of which period the figures below are; write the period into each row, in a column 报告期", r.Number, en, wholeEN))
	}
	return nil
}

// yearIn returns the year that a row with one cell names before anything else; 0 is none.
func (t *table) yearIn(r *grid.Row, text string) int {
	if r.Cell(0) != text {
		return 0
	}
	return t.reader.years.get(text, func(text string) int {
		if period, _, err := header.ReadPeriod(text, 0); err == nil && period.Kind == catalogue.Year {
			return int(period.Year)
		}
		return 0
	})
}

// yearless reports whether a column's period has its year from elsewhere than the header.
func yearless(c header.Column) bool {
	return c.Period != "" && !strings.Contains(catalogue.NormalizeName(c.Name), c.Period[:4])
}

// yearHeading reports whether a row is a heading that names the year of the rows below it, as tables of months
// have it. Periods without a year are then of that one, whatever the request says.
func (t *table) yearHeading(r *grid.Row, text string) bool {
	year := t.yearIn(r, text)
	if year == 0 || t.At[header.PeriodField] < 0 || t.At[header.YearField] >= 0 || t.IsList() || t.Columns[0].Role == header.ValueField || t.Columns[0].Role == header.Figures {
		return false
	}
	if year != t.Year {
		t.Year, t.reader.periods, t.reader.headings = year, cache[periodCode]{}, cache[error]{}
	}
	t.reader.yearAbove = year
	t.reader.passed++
	t.understanding.note("ROW_PASSED_OVER", r.Number, "", text, fmt.Sprintf("第 %d 行（%s）是小标题；下面没有写明年份的时期属 %d 年", r.Number, event.Excerpt(text, 40), year),
		fmt.Sprintf("row %d, %q, is a heading; periods below it that name no year are of %d", r.Number, event.Excerpt(text, 40), year))
	return true
}

// otherYear returns why it is not certain of which year a row's period is that names none: the last one that
// rows above name is another than the request's or the title's.
func (t *table) otherYear(r *grid.Row) *catalogue.Problem {
	text := r.Cell(t.At[header.PeriodField])
	if text == "" || t.Year == 0 || t.At[header.YearField] >= 0 {
		return nil
	}
	period, above := t.periodCode(text), t.reader.yearAbove
	if period.year != 0 {
		t.reader.yearAbove = period.year
		return nil
	}
	if period.problem != nil || above == 0 || above == t.Year || !t.holdsFigure(r) {
		return nil
	}
	return newProblem("", "", fmt.Sprintf("%s没有写明年份，上面的行写的是 %d 年，报送时选择的报告期、标题或小标题是 %d 年，看不出属于哪一年；请每行写明年份", catalogue.Quoted(text), above, t.Year),
		fmt.Sprintf("%q names no year, the rows above name %d, and the period given, the title or a heading %d: it is not certain which is meant; write the year into each row", event.Excerpt(text, 40), above, t.Year))
}

// unplaced returns why it is not certain to which area or period a row belongs that names none: the
// rows above it name another than the file's own, as tables do that write a group's name once. Programs,
// which write codes, leave out what the request says.
func (t *table) unplaced(r *grid.Row) *catalogue.Problem {
	if at := t.At[header.AreaField]; at >= 0 {
		if cell := r.Cell(at); cell != "" {
			t.reader.areaAbove = cell
		} else if above := t.reader.areaAbove; above != "" && t.area(above) != above && t.area(above) != cmp.Or(t.Area, t.Own) && t.holdsFigure(r) {
			return newProblem("", "", fmt.Sprintf("没有写明地区，上面的行写的是%s，看不出这一行属于哪个地区；请每行写明", catalogue.Quoted(above)),
				fmt.Sprintf("it names no area, and the rows above name %q: it is not certain whose figure this is; write the area into each row", event.Excerpt(above, 40)))
		}
	}
	if at := t.At[header.PeriodField]; at >= 0 && t.period.Kind != 0 && t.At[header.YearField] < 0 {
		if cell := r.Cell(at); cell != "" {
			t.reader.periodAbove = cell
		} else if above := t.reader.periodAbove; above != "" && t.periodCode(above).code != t.period.String() && t.holdsFigure(r) {
			zh, en := t.period.Names()
			return newProblem("", "", fmt.Sprintf("没有写明报告期，上面的行写的是%s，报送时选择的是%s，看不出这一行属于哪一期；请每行写明", catalogue.Quoted(above), zh),
				fmt.Sprintf("it names no period, the rows above name %q, and the period given is %s: it is not certain which is meant; write the period into each row", event.Excerpt(above, 40), en))
		}
	}
	return t.otherYear(r)
}

// holdsFigure reports whether a row has something in a place of figures.
func (t *table) holdsFigure(r *grid.Row) bool {
	if t.Orientation == header.Long {
		return t.IsList() || !catalogue.Silent(r.Cell(t.At[header.ValueField]))
	}
	return slices.ContainsFunc(t.FigureColumns(), func(i int) bool { return !catalogue.Silent(r.Cell(i)) })
}

// otherUnit returns why a figure's unit is not certain: its row says one of money, and the header or
// the indicator's cell another one that is larger or smaller.
func otherUnit(row, beside string) *catalogue.Problem {
	if row == "" || beside == "" || row == beside {
		return nil
	}
	row, beside = catalogue.UnitName(catalogue.NormalizeName(row)), catalogue.UnitName(catalogue.NormalizeName(beside))
	if !wording.IsMoney(row) || !wording.IsMoney(beside) || catalogue.ParseUnit(row) == catalogue.ParseUnit(beside) {
		return nil
	}
	return newProblem("", "", fmt.Sprintf("单位列写的是%s，表头或指标名称写的是%s，看不出哪个对；请只保留正确的一个", row, beside),
		fmt.Sprintf("the unit column says %s, and the header or the name of the indicator says %s; keep the one that is right", row, beside))
}

// contradictedBelow returns the question of a footnote which says that figures count from the beginning
// of the year, where the table has them as those of months or quarters alone.
func (t *table) contradictedBelow() error {
	if t.toDateBelow.text == "" || t.ToDate.Title != "" {
		return nil
	}
	alone := catalogue.Period{}
	for i := range t.submissions {
		for n := range t.submissions[i].Observations {
			o := &t.submissions[i].Observations[n]
			ind, ok := t.Catalogue.Indicator(o.Indicator)
			period, err := catalogue.ParsePeriod(o.Period)
			switch {
			case !ok || err != nil || ind.Kind != catalogue.Flow || period.Kind == catalogue.Year || catalogue.Silent(string(o.Value)):
			case period.Kind == catalogue.YearToDate:
				return nil // the table tells both apart
			case period.Start().Month() > 1:
				alone = period
			}
		}
	}
	if alone.Kind == 0 {
		return nil
	}
	zh, en := alone.Names()
	to := catalogue.Period{Year: alone.Year, Kind: catalogue.YearToDate, Index: uint8(alone.LastDay().Month())}
	toZH, toEN := to.Names()
	return newProblem(Ambiguous, t.toDateBelow.text,
		fmt.Sprintf("第 %d 行脚注 %q 说是累计数，表中的数却是%s当期的；请在列名或报告期中写明是%s还是%s", t.toDateBelow.row, t.toDateBelow.text, zh, zh, toZH),
		fmt.Sprintf("the footnote in row %d, %q, says that figures count from the beginning of the year, and the table has them as those of %s; say in the header or as the period which it is, %s or %s", t.toDateBelow.row, t.toDateBelow.text, en, en, toEN))
}

// otherPeriodSaid returns the question of a title, a footnote about all figures, or the name of the file or sheet
// that says a period of which the table has no figure.
func (t *table) otherPeriodSaid() error {
	said, met := slices.Clone(t.Said), map[string]bool{}
	var of catalogue.Period
	for i := range t.submissions {
		for n := range t.submissions[i].Observations {
			if len(said) == 0 || t.IsList() || t.keyed {
				return nil
			}
			o := &t.submissions[i].Observations[n]
			if met[o.Period] || catalogue.Silent(string(o.Value)) {
				continue
			}
			met[o.Period] = true
			period, err := catalogue.ParsePeriod(o.Period)
			if err != nil {
				continue
			}
			of = period
			said = slices.DeleteFunc(said, func(s header.Said) bool {
				return slices.ContainsFunc(s.Periods, func(p catalogue.Period) bool { return header.Covers(p, period) })
			})
		}
	}
	if len(said) == 0 || of.Kind == 0 {
		return nil
	}
	named := said[0].Periods[0]
	named.Year = cmp.Or(named.Year, of.Year)
	zh, en := named.Names()
	ofZH, ofEN := of.Names()
	text := event.Excerpt(said[0].Text, 60)
	return newProblem(Ambiguous, text,
		fmt.Sprintf("%q 说的是%s，表中的数却是%s的，看不出是哪一期的数；请核对后改为一致", text, zh, ofZH),
		fmt.Sprintf("%q says %s, and the table has figures of %s, so that it is not certain of which period they are; make them agree", text, en, ofEN))
}

// fewestNames is how many names of no indicator make a list of projects of a table.
const fewestNames = 3

// namesNoIndicator returns the problem of a table whose column of names, such as 项目名称, names no indicator
// at all.
func (t *table) namesNoIndicator() error {
	at := t.At[header.IndicatorField]
	if at < 0 || len(t.reader.names.all) < fewestNames {
		return nil
	}
	if field, _ := header.Field(t.Columns[at].Name, t.SDMX); field != header.NameField {
		return nil
	}
	for _, name := range t.reader.names.all {
		if name.known {
			return nil
		}
	}
	names := slices.Sorted(maps.Keys(t.reader.names.all))
	return header.DetailsListed(t.Columns[at].Name + "：" + strings.Join(names[:fewestNames], "、"))
}
