package bulletin

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
)

// Page is a period's city totals for publication, in one HTML file.
type Page struct {
	Writer
	Of catalogue.Period
	// Rows are the totals in the catalogue's order.
	Rows []sink.ReportRow
	// Totals are the same with their inputs, Trends their past with the period
	// itself last, both by indicator.
	Totals map[string]*event.Total
	Trends map[string][]Point
	// Release and AsOf say what the figures are from, where that is not the
	// present; Made is when the page was made. Times are shown in their zone.
	Release, Note string
	AsOf, Made    time.Time
	Basis         uint64
	Version       string // of the catalogue
}

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// Write writes the page. It loads nothing from elsewhere, and reads well on
// paper, in the dark, and by a screen reader.
func (p *Page) Write(w io.Writer) error {
	if err := pageTemplate.Execute(w, p.content()); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

type content struct {
	Lang, Title, City string
	Facts             []string
	Reporting         []reporting
	Programmes        []programme
	Words             map[string]string
	Bar               float64
}

// reporting is how many of the totals that expect an area have its figure.
type reporting struct {
	Area           string
	Have, Expected int
	Bar            float64
}

type programme struct {
	ID, Name string
	Cards    []card
}

// card is one indicator.
type card struct {
	ID, Name, Sentence, Figure, Change, Stage string
	// Unit is that of the charts; "" where the name says what is counted.
	Unit          string
	Trend         *trendChart
	Contributions *contributions
	Coverage      string
	Slots         []slot
	SlotsWidth    int
	Publishable   bool
}

// slot is one expected area in the coverage bar.
type slot struct {
	X    int
	Have bool
}

const slotWidth = 14

func (p *Page) content() content {
	c := content{Lang: p.pick("zh-CN", "en"), City: p.area(p.Catalogue.City), Words: p.words(), Bar: contributionWidth}
	c.Title = p.pick(c.City+p.Period(p.Of)+"主要指标", "City totals of "+c.City+", "+p.Period(p.Of))
	c.Facts = p.facts()
	c.Reporting = p.reporting()
	rows := map[string]*sink.ReportRow{}
	for i := range p.Rows {
		rows[p.Rows[i].Indicator] = &p.Rows[i]
	}
	for _, heading := range p.programmes() {
		for i := range p.Catalogue.Indicators {
			indicator := &p.Catalogue.Indicators[i]
			if row := rows[indicator.ID]; row != nil && indicator.Programme == heading.ID {
				heading.Cards = append(heading.Cards, p.card(indicator, row))
			}
		}
		if len(heading.Cards) > 0 {
			c.Programmes = append(c.Programmes, heading)
		}
	}
	return c
}

// programmes are the headings; indicators without a programme come first.
func (p *Page) programmes() []programme {
	headings := []programme{{Name: p.pick("指标", "Indicators")}}
	for i := range p.Catalogue.Programmes {
		of := &p.Catalogue.Programmes[i]
		name := p.name(&catalogue.Indicator{NameZH: of.NameZH, NameEN: of.NameEN})
		headings = append(headings, programme{ID: of.ID, Name: name})
	}
	return headings
}

func (p *Page) card(indicator *catalogue.Indicator, row *sink.ReportRow) card {
	stages := map[string]string{"forecast": p.pick("预测", "forecast"), "estimate": p.pick("预计", "estimate"), "flash": p.pick("快报", "flash"), "final": p.pick("年报", "final")}
	c := card{
		ID: indicator.ID, Name: p.name(indicator), Sentence: p.Sentence(row), Figure: p.Figure(row), Change: p.ChangeFigure(row),
		Stage: stages[row.Stage], Unit: row.Unit, Trend: p.trend(indicator.ID, p.Trends[indicator.ID]),
		Contributions: p.contributions(indicator, p.Totals[indicator.ID]), Publishable: row.Publishable,
	}
	if p.Lang != "zh" {
		c.Unit = unitInEnglish(row.Unit)
	}
	c.Coverage = fmt.Sprintf(p.pick("%d/%d个地区", "%d of %d areas"), row.Coverage.Have, row.Coverage.Expected)
	if indicator.Total == catalogue.CityRule {
		c.Coverage = p.pick("市级填报", "reported by the city")
		return c
	}
	if len(row.Coverage.Missing) > 0 {
		c.Coverage += p.pick("，缺", "; without ") + p.areas(row.Coverage.Missing)
	}
	for i := range row.Coverage.Expected {
		c.Slots = append(c.Slots, slot{X: i * slotWidth, Have: i < row.Coverage.Have})
	}
	c.SlotsWidth = row.Coverage.Expected * slotWidth
	return c
}

// reporting counts, for each area that the city's sums expect, the totals that
// have its figure.
func (p *Page) reporting() []reporting {
	missing := map[string]int{}
	totals := 0
	for i := range p.Rows {
		indicator, ok := p.Catalogue.Indicator(p.Rows[i].Indicator)
		if !ok || indicator.Total == catalogue.CityRule {
			continue
		}
		totals++
		for _, code := range p.Rows[i].Coverage.Missing {
			missing[code]++
		}
	}
	var all []reporting
	for _, code := range p.Catalogue.Expected(p.Of) {
		r := reporting{Area: p.area(code), Have: max(0, totals-missing[code]), Expected: totals}
		if totals > 0 {
			r.Bar = contributionWidth * float64(r.Have) / float64(totals)
		}
		all = append(all, r)
	}
	return all
}

func (p *Page) facts() []string {
	const minute = "2006-01-02 15:04 -07:00"
	var facts []string
	if p.Release != "" {
		facts = append(facts, strings.TrimSpace(p.pick("发布：", "Release: ")+p.Release+" "+p.Note))
	}
	if !p.AsOf.IsZero() {
		facts = append(facts, p.pick("只计此时及以前收到的数据：", "As received by ")+p.AsOf.Format(minute))
	}
	withheld := 0
	for i := range p.Rows {
		if !p.Rows[i].Publishable {
			withheld++
		}
	}
	count := fmt.Sprintf(p.pick("共%d项指标", "%d indicators"), len(p.Rows))
	if withheld > 0 {
		count += fmt.Sprintf(p.pick("，其中%d项未报齐，暂不可发布", ", %d of them incomplete and not for publication"), withheld)
	}
	return append(facts, count,
		fmt.Sprintf(p.pick("数据依据：日志第%d条及以前，目录版本%s", "Basis: log up to %d, catalogue %s"), p.Basis, p.Version),
		p.pick("生成时间：", "Made ")+p.Made.Format(minute))
}

func (p *Page) words() map[string]string {
	return map[string]string{
		"contents": p.pick("目录", "Contents"), "reporting": p.pick("各地区报送情况", "Reporting by area"),
		"reportingHow": p.pick("全市加总指标中，含该地区数据的项数。", "How many of the totals that add up areas have the area's figure."),
		"area":         p.pick("地区", "area"), "have": p.pick("已报项数", "totals"), "bar": p.pick("比例", "share"), "value": p.pick("数值", "value"),
		"share": p.pick("占全市", "of the city"), "areas": p.pick("各地区数", "By area"), "ratios": p.pick("各地区自身比值（竖线为全市）", "Each area's own ratio (the line is the city's)"),
		"comma": p.pick("，", ", "), "none": p.pick("为零：", "None in "), "trend": p.pick("历年", "Over the years"), "coverage": p.pick("报送覆盖", "Coverage"),
		"all": p.pick("全部指标", "All figures"), "indicator": p.pick("指标", "indicator"), "city": p.pick("全市", "city"),
		"change": p.pick("比上年", "on the year"), "stage": p.pick("阶段", "stage"), "method": p.pick("说明", "Notes"),
		"withheld": p.pick("暂不可发布", "not for publication"),
		"methodText": p.pick("全市数由各地区数加总，比重由分子、分母分别加总后相除，均按未舍入数计算，仅在显示时舍入。区内功能区的数已含在所在地区数内，不重复加总。空心柱为预计或快报数，尚非年报数。",
			"City totals add up the areas' figures; ratios divide one such sum by another. They are computed from unrounded figures and rounded for display only. A zone inside an area is contained in its figure and not added again. Hollow columns are estimates or flash figures, not final ones."),
	}
}
