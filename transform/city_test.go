package transform

import (
	"fmt"
	"strings"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// drawCity makes up a city: districts, some of which took over others in 2016,
// carved-out zones and zones inside districts, and indicators of every kind.
func drawCity(t *rapid.T) *catalogue.Catalogue {
	var b strings.Builder
	b.WriteString("city: c\nareas:\n  - {code: c, name_zh: 市, name_en: City, kind: city}\n")
	area := func(code, rest string) {
		fmt.Fprintf(&b, "  - {code: %s, name_zh: 区%s, name_en: Area %s, %s}\n", code, code, code, rest)
	}
	for i := range rapid.IntRange(1, 4).Draw(t, "districts") {
		code := fmt.Sprintf("d%d", i)
		switch rapid.SampledFrom([]string{"plain", "plain", "merged", "new", "ended"}).Draw(t, "history of "+code) {
		case "plain":
			area(code, "kind: district")
			if rapid.Bool().Draw(t, "zone inside "+code) {
				area(code+"z", "kind: inside, host: "+code)
			}
		case "merged":
			var before []string
			for j := range rapid.IntRange(1, 3).Draw(t, "predecessors") {
				before = append(before, fmt.Sprintf("%sp%d", code, j))
				area(before[j], `kind: district, valid_to: "2016-10-08"`)
			}
			area(code, fmt.Sprintf(`kind: district, valid_from: "2016-10-08", predecessors: [%s]`, strings.Join(before, ", ")))
		case "new":
			area(code, `kind: district, valid_from: "2016-10-08"`)
		case "ended":
			area(code, `kind: district, valid_to: "2016-10-08"`)
		}
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "carved out") {
		area(fmt.Sprintf("z%d", i), "kind: carved_out")
	}
	b.WriteString("datasets:\n  - {id: annual, name_zh: 报表, name_en: Report, periods: [year, half, quarter, month, ytd]}\nindicators:\n")
	sums := rapid.IntRange(1, 3).Draw(t, "sums")
	for i := range sums {
		fmt.Fprintf(&b, "  - {id: s%d, name_zh: 数, name_en: Sum, unit: 万元, kind: %s, coverage: %s, datasets: [annual]}\n", i,
			rapid.SampledFrom([]string{"flow", "stock"}).Draw(t, "kind"),
			rapid.SampledFrom([]string{"complete", "partial", "carry"}).Draw(t, "coverage"))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "ratios") {
		fmt.Fprintf(&b, "  - {id: r%d, name_zh: 比, name_en: Ratio, unit: %q, kind: ratio, numerator: s%d, denominator: s%d, coverage: %s}\n", i,
			rapid.SampledFrom([]string{"%", "‰", "1"}).Draw(t, "unit"),
			rapid.IntRange(0, sums-1).Draw(t, "numerator"), rapid.IntRange(0, sums-1).Draw(t, "denominator"),
			rapid.SampledFrom([]string{"complete", "partial"}).Draw(t, "coverage"))
	}
	b.WriteString("  - {id: own, name_zh: 市数, name_en: Own, unit: \"%\", kind: ratio, city_total: city, change: point, datasets: [annual]}\n")
	c, err := catalogue.Parse([]byte(b.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	return c
}

// The periods within a year that histories are drawn from. March's year to date
// may lack January's, as where January and February are reported as one.
var partsOf2016 = []string{
	"2016-01", "2016-02", "2016-03", "2016-YTD02", "2016-YTD03", "2016-Q1", "2016-Q2", "2016-Q3", "2016-Q4",
}

// drawnPeriods are those in which totals may follow.
func drawnPeriods() []string {
	return append([]string{"2015", "2016", "2017", "2018", "2016-S1", "2017-Q1"}, partsOf2016...)
}

// history of a generated city: submissions of a few rows each.
func drawHistory(t *rapid.T, c *catalogue.Catalogue) []event.AcceptedSubmission {
	var areas, indicators []string
	for i := range c.Areas {
		areas = append(areas, c.Areas[i].Code)
	}
	for i := range c.Indicators {
		if c.Indicators[i].Total != catalogue.RatioRule {
			indicators = append(indicators, c.Indicators[i].ID)
		}
	}
	periods := append([]string{"2015", "2016", "2017"}, partsOf2016...)
	var all []event.AcceptedSubmission
	for i := range rapid.IntRange(1, 40).Draw(t, "submissions") {
		s := event.AcceptedSubmission{
			ID: fmt.Sprintf("%032x", i+1), Sequence: uint64(i + 1), Dataset: "annual",
			Area: rapid.SampledFrom(areas).Draw(t, "area"),
		}
		cells := rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Cell {
			return Cell{rapid.SampledFrom(indicators).Draw(t, "indicator"), mustPeriod(rapid.SampledFrom(periods).Draw(t, "period"))}
		}), 1, 6, rapid.ID).Draw(t, "cells")
		for n, cell := range cells {
			s.Add(drawObservation(t, c, cell, n+1))
		}
		all = append(all, s)
	}
	return all
}

func drawObservation(t *rapid.T, c *catalogue.Catalogue, cell Cell, row int) event.AcceptedObservation {
	indicator, _ := c.Indicator(cell.Indicator)
	o := event.AcceptedObservation{Indicator: cell.Indicator, Unit: indicator.UnitName, Period: cell.Period, Row: row,
		Stage: rapid.SampledFrom([]catalogue.Stage{catalogue.Estimate, catalogue.Flash, catalogue.Final}).Draw(t, "stage"), Status: catalogue.Normal}
	if rapid.IntRange(0, 9).Draw(t, "missing") == 0 {
		o.Status = catalogue.Missing
		return o
	}
	lowest := int64(0)
	if indicator.UnitName == "万元" {
		lowest = -1000
	}
	coefficient := rapid.OneOf(rapid.Int64Range(lowest, 1000), rapid.Int64Range(999_999_999_999_999_000, 999_999_999_999_999_999)).Draw(t, "value")
	text := catalogue.Value{Coefficient: coefficient, Scale: uint8(rapid.IntRange(0, 12).Draw(t, "scale"))}.String()
	reading, err := catalogue.ParseValue(text)
	if err != nil {
		t.Fatal(err)
	}
	o.Value = reading.Value
	return o
}
