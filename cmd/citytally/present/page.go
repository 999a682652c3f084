package present

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page prints a report as an HTML page. The page loads nothing from elsewhere, and has
// styles for paper and for dark screens and texts for screen readers.
func (p *Printer) page(w io.Writer, r *Report) error {
	content, err := p.pageContent(r)
	if err != nil {
		return err
	}
	if err := pageTemplate.Execute(w, content); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// pageContent is what the template shows.
type pageContent struct {
	Title      string
	Facts      []string
	Reporting  []reporting
	Programmes []programme
	Unreported []string // what nobody has reported, and who was to
	Words      *Words
	Base       *BaseWords
	Bar        float64 // the length of a full bar
}

// reporting is how many of the totals that an area belongs to have its figure.
type reporting struct {
	Area           string
	Have, Expected int
	Bar            float64
}

type programme struct {
	ID, Name string
	Cards    []card
}

// card shows one indicator.
type card struct {
	ID, Name, Sentence, Figure, Change, Stage string
	// Unit is the unit of the charts; "" where the indicator's name has it.
	Unit          string
	Trend         *trendChart
	Contributions *contributions
	Coverage      string
	Slots         []slot
	SlotsWidth    int
	Publishable   bool
	Revised       bool
	HasRate       bool // Change is one, and not why there is none
}

// slot is the place of one expected area in the coverage bar.
type slot struct {
	X    int
	Have bool
}

const slotWidth = 14

func (p *Printer) pageContent(r *Report) (*pageContent, error) {
	period, err := catalogue.ParsePeriod(r.Period)
	if err != nil {
		return nil, err
	}
	words := p.words()
	c := &pageContent{
		Title: fmt.Sprintf(words.Page.Title, p.Area(p.Catalogue.City), p.Period(period)), Words: words, Base: p.base(r.Period), Bar: contributionWidth,
		Facts: p.pageFacts(r), Reporting: p.reporting(r, period),
	}
	for i := range r.Unreported {
		c.Unreported = append(c.Unreported, p.unreported(&r.Unreported[i]))
	}
	rows := rowsByIndicator(r.Totals)
	for _, heading := range p.pageHeadings() {
		for i := range p.Catalogue.Indicators {
			indicator := &p.Catalogue.Indicators[i]
			if row := rows[indicator.ID]; row != nil && indicator.Programme == heading.ID {
				trend := append(slices.Clone(r.Earlier[indicator.ID]), NewPoint(period, row.Value, row.Qualifier, row.Stage, row.Coverage.Have < row.Coverage.Expected, row.ChangeReason))
				trend[len(trend)-1].Revised = r.Revised[indicator.ID]
				heading.Cards = append(heading.Cards, p.card(r.Period, indicator, row, trend, r.Inputs[indicator.ID]))
			}
		}
		if len(heading.Cards) > 0 {
			c.Programmes = append(c.Programmes, heading)
		}
	}
	return c, nil
}

// pageHeadings are the programmes, still without cards. The first is for indicators
// that have no programme.
func (p *Printer) pageHeadings() []programme {
	headings := []programme{{Name: p.words().Page.Indicators}}
	for i := range p.Catalogue.Programmes {
		entry := &p.Catalogue.Programmes[i]
		headings = append(headings, programme{ID: entry.ID, Name: p.title(entry.NameZH, entry.NameEN)})
	}
	return headings
}

func (p *Printer) card(period string, indicator *catalogue.Indicator, row *sink.ReportRow, trend []Point, total *event.Total) card {
	words := p.words()
	c := card{
		ID: indicator.ID, Name: p.title(indicator.NameZH, indicator.NameEN), Sentence: p.Sentence(period, row), Figure: p.Figure(row), Change: p.signedChange(period, row),
		Stage: words.Stages[row.Stage], Unit: catalogue.ParseUnit(row.Unit).Written(), Trend: p.trend(indicator.ID, trend),
		Contributions: p.contributions(indicator, total), Publishable: row.Publishable, HasRate: row.Change != "", Revised: trend[len(trend)-1].Revised,
	}
	if p.Language != Chinese {
		c.Unit = catalogue.ParseUnit(row.Unit).InEnglish()
	}
	if indicator.Total == catalogue.CityRule {
		c.Coverage = words.Page.CityReports
		return c
	}
	c.Coverage = p.coverage(row)
	for i := range row.Coverage.Expected {
		c.Slots = append(c.Slots, slot{X: i * slotWidth, Have: i < row.Coverage.Have})
	}
	c.SlotsWidth = row.Coverage.Expected * slotWidth
	return c
}

// reporting counts for each expected area the totals that have its figure. Figures
// that the city reports itself do not count.
func (p *Printer) reporting(r *Report, period catalogue.Period) []reporting {
	missing := map[string]int{}
	totals := 0
	for i := range r.Totals {
		indicator, ok := p.Catalogue.Indicator(r.Totals[i].Indicator)
		if !ok || indicator.Total == catalogue.CityRule {
			continue
		}
		totals++
		for _, code := range r.Totals[i].Coverage.Missing {
			missing[code]++
		}
	}
	var all []reporting
	for _, code := range p.Catalogue.Expected(period) {
		area := reporting{Area: p.Area(code), Have: max(0, totals-missing[code]), Expected: totals}
		if totals > 0 {
			area.Bar = contributionWidth * float64(area.Have) / float64(totals)
		}
		all = append(all, area)
	}
	return all
}

// pageFacts say what the totals are, what they were computed from, and when.
func (p *Printer) pageFacts(r *Report) []string {
	minute := func(t time.Time) string { return t.In(p.Location).Format("2006-01-02 15:04 -07:00") }
	words := &p.words().Page
	var facts []string
	if r.Release != "" {
		facts = append(facts, strings.TrimSpace(fmt.Sprintf(words.Release, r.Release, r.Note)))
	}
	if !r.AsOf.IsZero() {
		facts = append(facts, fmt.Sprintf(words.AsOf, minute(r.AsOf)))
	}
	withheld, version, basis, written := 0, p.Catalogue.Version(), uint64(0), time.Now()
	for i := range r.Totals {
		row := &r.Totals[i]
		if !row.Publishable {
			withheld++
		}
		version, basis, written = row.Catalogue, row.Basis, row.ComputedAt
	}
	count := fmt.Sprintf(words.Count, len(r.Totals))
	if withheld > 0 {
		count += fmt.Sprintf(words.Incomplete, withheld)
	}
	return append(facts, count, fmt.Sprintf(words.Basis, basis, version), fmt.Sprintf(words.WrittenAt, minute(written)))
}
