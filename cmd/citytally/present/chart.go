package present

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/tally"
)

// Point is the total of one period in a trend. Value is "" where there is none.
type Point struct {
	Period           catalogue.Period
	Value, Qualifier string
	Stage            string
	// Partial is true where areas are missing, Broken where the total is not comparable
	// with that of the year before, Revised where another one was released.
	Partial, Broken, Revised bool
}

// NewPoint returns the total of a period as a point.
func NewPoint(period catalogue.Period, value, qualifier, stage string, partial bool, changeReason string) Point {
	broken := changeReason == tally.Break || changeReason == tally.NewArea || changeReason == tally.Definition
	return Point{Period: period, Value: value, Qualifier: qualifier, Stage: stage, Partial: partial, Broken: broken}
}

// trendChart has a column for each period, in the coordinates of its SVG: the origin
// is at the top left.
type trendChart struct {
	Width, Height float64
	// Zero is the vertical coordinate of the value 0, on which the columns stand.
	Zero    float64
	Columns []trendColumn
	Summary string
}

type trendColumn struct {
	X, Y, Width, Height float64
	Middle              float64 // of the column, for its labels
	// ValueX and ValueY are the middle of the value, which may not leave the chart; ShowValue
	// is false where there is no room for it.
	ValueX, ValueY float64
	ShowValue      bool
	Value, Label   string
	// Class is "past", "now" for the last period, "open" for a figure that is not final, or
	// "partial" for one that lacks areas; with "revised" behind it where another figure was
	// released.
	Class string
	// Broken is true where the column is not comparable with the one before it, from
	// which a line at Left parts it.
	Broken bool
	Left   float64
}

const (
	trendWidth   = 320.0
	trendHeight  = 120.0
	trendTop     = 20.0 // room for the values
	trendBottom  = 18.0 // room for the periods
	trendWidest  = 56.0
	trendNarrows = 0.62 // width of a column as a share of the room for it
)

// trend returns the chart of an indicator's periods, nil for fewer than two.
func (p *Printer) trend(indicator string, points []Point) *trendChart {
	if len(points) < 2 {
		return nil
	}
	low, high := 0.0, 0.0
	values := make([]float64, len(points))
	for i, point := range points {
		if point.Value != "" {
			values[i] = decimal.RequireFromString(point.Value).InexactFloat64()
			low, high = min(low, values[i]), max(high, values[i])
		}
	}
	if low == high {
		high = low + 1
	}
	if low < 0 {
		low -= (high - low) * 0.15
	}
	room := trendHeight - trendTop - trendBottom
	y := func(v float64) float64 { return trendTop + room*(high-v)/(high-low) }
	step := trendWidth / float64(len(points))
	width := min(trendWidest, step*trendNarrows)
	chart := &trendChart{Width: trendWidth, Height: trendHeight, Zero: y(0)}
	for i, point := range points {
		column := trendColumn{
			Middle: step * (float64(i) + 0.5), Width: width, Label: fmt.Sprint(point.Period.Year), Class: point.class(i == len(points)-1), Value: "—",
			Broken: point.Broken && i > 0, Left: step * float64(i),
		}
		column.X = column.Middle - width/2
		top, bottom := min(y(values[i]), y(0)), max(y(values[i]), y(0))
		column.Y, column.Height, column.ValueY = top, bottom-top, top-5
		if point.Value != "" {
			figure := p.digits(indicator, decimal.RequireFromString(point.Value), point.Qualifier)
			column.Value = p.qualified(figure.text, figure.qualifier)
		}
		chart.Summary += column.Label + ": " + column.Value + p.pointMarks(&point) + p.words().Entry
		chart.Columns = append(chart.Columns, column)
	}
	chart.placeValues(step)
	return chart
}

// placeValues keeps the values of columns inside the chart, and leaves some out where they
// would run into each other; that of the last column always stands.
func (c *trendChart) placeValues(step float64) {
	widest := 0.0
	for i := range c.Columns {
		widest = max(widest, widthOf(c.Columns[i].Value))
	}
	every := int(math.Ceil(widest / step))
	for i := range c.Columns {
		column := &c.Columns[i]
		half := widthOf(column.Value) / 2
		column.ValueX = max(half, min(column.Middle, c.Width-half))
		column.ShowValue = (len(c.Columns)-1-i)%max(1, every) == 0
	}
}

// widthOf estimates how wide a value is drawn, with a margin.
func widthOf(text string) float64 {
	width := 4.0
	for _, r := range text {
		if width += 7; r > unicode.MaxLatin1 {
			width += 5
		}
	}
	return width
}

// class returns the class of a point's column.
func (point *Point) class(last bool) string {
	if point.Value != "" && point.Revised {
		return (&Point{Value: point.Value, Stage: point.Stage, Partial: point.Partial}).class(last) + " revised"
	}
	switch {
	case point.Value != "" && point.Partial:
		return "partial"
	case point.Value != "" && point.Stage != catalogue.Final.String():
		return "open"
	case last:
		return "now"
	}
	return "past"
}

// pointMarks says in brackets what a point's column looks like.
func (p *Printer) pointMarks(point *Point) string {
	words := p.words()
	var marks []string
	if point.Value != "" && point.Stage != catalogue.Final.String() {
		marks = append(marks, words.Stages[point.Stage])
	}
	if point.Value != "" && point.Partial {
		marks = append(marks, words.Page.Partial)
	}
	if point.Value != "" && point.Revised {
		marks = append(marks, words.Page.Revised)
	}
	if point.Broken {
		marks = append(marks, words.Page.Broken)
	}
	if len(marks) == 0 {
		return ""
	}
	return fmt.Sprintf(words.Sentence.Gaps, strings.Join(marks, words.Clause))
}

// contribution is one area's part of a total.
type contribution struct {
	// Value is a word where the area is missing.
	Area, Value string
	// Share is the share of the total in percent, "" for a ratio, whose parts do not
	// add up.
	Share string
	// Bar is the length of the bar, up to contributionWidth.
	Bar float64
}

const contributionWidth = 100.0

// contributions are the areas' parts of a total, the largest first and those that are
// missing last. Areas whose part is zero have no row.
type contributions struct {
	Rows []contribution
	// None names the areas whose figure is zero.
	None string
	// Ratio is true where each area's own ratio is shown beside the city's.
	Ratio bool
	// City is the position of the city's ratio, up to contributionWidth.
	City float64
}

// contributions divides a total by area. It returns nil for a figure that the city
// reports itself, and for one that only one area could report.
func (p *Printer) contributions(indicator *catalogue.Indicator, total *event.Total) *contributions {
	if total == nil || total.Value == "" || total.Expected < 2 {
		return nil
	}
	values := areaValues(indicator, total)
	codes := make([]string, 0, len(values))
	highest := decimal.Zero
	whole := decimal.RequireFromString(total.Value)
	ratio := indicator.Total == catalogue.RatioRule
	if ratio {
		highest = whole
	}
	for code, value := range values {
		codes = append(codes, code)
		highest = decimal.Max(highest, value.Abs())
	}
	slices.SortFunc(codes, func(a, b string) int { return cmp.Or(values[b].Cmp(values[a]), cmp.Compare(a, b)) })
	if highest.IsZero() {
		if len(total.Missing) == 0 {
			return nil
		}
		highest = decimal.New(1, 0) // no bar has a length
	}
	places := partPlaces(indicator, whole, values)
	c := &contributions{Ratio: ratio, City: bar(whole, highest)}
	var none []string
	for _, code := range codes {
		value := values[code]
		if value.IsZero() && !ratio {
			none = append(none, code)
			continue
		}
		row := contribution{Area: p.Area(code), Value: indicator.Display(value, places), Bar: bar(value, highest)}
		if !ratio && whole.IsPositive() {
			row.Share = fmt.Sprintf(p.words().Percent, value.Mul(decimal.New(100, 0)).DivRound(whole, 1).StringFixed(1))
		}
		c.Rows = append(c.Rows, row)
	}
	for _, code := range total.Missing {
		said := p.words().Page.NotReported
		if !slices.Contains(total.NotReported(), code) {
			said = p.words().Hold.States["pending"]
		}
		c.Rows = append(c.Rows, contribution{Area: p.Area(code), Value: said})
	}
	c.None = p.Areas(none)
	return c
}

// mostPartPlaces is the most decimal places of an area's figure, where the city's
// figure has fewer.
const mostPartPlaces = 2

// partPlaces is how many decimal places the areas' figures have: those of the total,
// and up to mostPartPlaces where the figures have more, so that they visibly add up.
func partPlaces(indicator *catalogue.Indicator, whole decimal.Decimal, values map[string]decimal.Decimal) int {
	places := 0
	for _, value := range values {
		_, fraction, _ := strings.Cut(value.String(), ".")
		places = max(places, len(fraction))
	}
	return max(indicator.DisplayDecimals(whole), min(places, mostPartPlaces))
}

func bar(value, highest decimal.Decimal) float64 {
	return max(0, value.Div(highest).InexactFloat64()) * contributionWidth
}

// areaValues returns the value of each area: the sum of its inputs, or its own ratio.
func areaValues(indicator *catalogue.Indicator, total *event.Total) map[string]decimal.Decimal {
	tops, bottoms := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	inputs, _ := total.Inputs.All() // the tally has written them
	for i := range inputs {
		in := &inputs[i]
		value := in.Value.Decimal()
		if in.Subtracted {
			value = value.Neg()
		}
		if indicator.Total == catalogue.RatioRule && in.Indicator == indicator.Denominator {
			bottoms[in.Area] = bottoms[in.Area].Add(value)
		} else {
			tops[in.Area] = tops[in.Area].Add(value)
		}
	}
	if indicator.Total != catalogue.RatioRule {
		return tops
	}
	ratios := map[string]decimal.Decimal{}
	for area, bottom := range bottoms {
		if !bottom.IsZero() {
			ratios[area] = indicator.Quotient(tops[area].Mul(decimal.NewFromInt(indicator.Factor)), bottom, max(indicator.Decimals, mostPartPlaces))
		}
	}
	return ratios
}
