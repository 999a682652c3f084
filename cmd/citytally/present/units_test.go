package present

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
)

// In every unit, format and language a figure has its unit behind it, but for the unit
// 1, and the change is told in percent or, of shares, in percentage points.
func TestUnitsAndChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom([]string{"1", "%", "‰", "元", "万元", "亿元", "家", "万家", "人次", "吨", "家/亿元", "元/人", "平方公里"}).Draw(t, "unit")
		kind := rapid.SampledFrom([]string{"", "percent", "point"}).Draw(t, "change kind")
		share := unit == "1" || unit == "%" || unit == "‰"
		change := ""
		if kind != "" {
			change = ", change: " + kind
		}
		c, err := catalogue.Parse([]byte(fmt.Sprintf(`
city: c
programmes: [{id: p, name_zh: 栏目, name_en: programme}]
areas: [{code: c, name_zh: 市, name_en: City, kind: city}]
datasets: [{id: d, periods: [year]}]
indicators:
  - {id: i, name_zh: 指标, name_en: indicator, programme: p, unit: %q, city_total: city, decimals: 1, change_decimals: 2, datasets: [d]%s}
`, unit, change)))
		if wrong := kind == "point" && !share || kind == "percent" && share; wrong != (err != nil) {
			t.Fatalf("change %q in %s: %v", kind, unit, err)
		}
		if err != nil {
			return
		}
		indicator, _ := c.Indicator("i")
		row := sink.ReportRow{
			Indicator: "i", NameZH: "指标", NameEN: "indicator", Value: "1.6", Unit: unit, Stage: "final", Status: "A",
			Qualifier:  rapid.SampledFrom([]string{"", "below", "above", "about"}).Draw(t, "qualifier"),
			Change:     rapid.SampledFrom([]string{"0.05", "-0.05", "0", ""}).Draw(t, "change"),
			ChangeKind: string(indicator.Change), Coverage: sink.Coverage{Have: 1, Expected: 1}, Publishable: true,
		}
		for _, language := range []Language{Chinese, English} {
			p := &Printer{Catalogue: c, Language: language, Location: time.UTC}
			for _, format := range []string{FormatTable, FormatMarkdown, FormatHTML} {
				var b bytes.Buffer
				if err := p.Report(&b, &Report{Period: "2021", Totals: []sink.ReportRow{row}}, format); err != nil {
					t.Fatal(err)
				}
				checkUnits(t, b.String(), &row, format, language)
			}
			checkUnits(t, p.Figure(&row)+" "+p.Sentence(&row), &row, "sentence", language)
		}
	})
}

func checkUnits(t *rapid.T, text string, row *sink.ReportRow, format string, language Language) {
	bad := func(why string) { t.Fatalf("%s, %v, %s: %s:\n%s", format, language, row.Unit, why, text) }
	if row.Unit == "1" && (strings.Contains(text, "1.61") || strings.Contains(text, "1.6 1")) {
		bad("the unit 1 is printed")
	}
	if language == Chinese && row.Unit != "1" && !strings.Contains(text, row.Unit) {
		bad("the unit is not printed")
	}
	points := strings.Contains(text, "百分点") || strings.Contains(text, "point")
	if shares := row.ChangeKind == "point"; row.Change != "" && row.Change != "0" && points != shares {
		bad("the change is told in the wrong kind")
	}
}
