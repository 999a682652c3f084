package present

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
)

// In every unit, kind of change, format and language a figure has its unit behind it, but
// for the unit 1, and its change is in percent or, of shares, in percentage points.
//
// Rules: units.
func TestUnitsAndChanges(t *testing.T) {
	for _, unit := range everyUnit() {
		share := unit == "1" || unit == "%" || unit == "‰"
		for _, kind := range []catalogue.ChangeKind{"", catalogue.Percent, catalogue.Point} {
			c, err := catalogueIn(unit, kind)
			if wrong := kind != "" && share != (kind == catalogue.Point); wrong != (err != nil) {
				t.Fatalf("change %q in %s: %v", kind, unit, err)
			}
			if err == nil {
				checkUnit(t, c, unit, share)
			}
		}
	}
}

// everyUnit returns the units of the catalogue's table, and some that it does not have.
func everyUnit() []string {
	units := []string{"1", "%", "‰", "元/人", "家/亿元", "吨标准煤/万元", "平方公里", "万吨标准煤", "指数"}
	for _, base := range []string{"元", "美元", "吨", "千瓦时", "人", "人次", "家", "个", "项", "件", "户", "名", "次", "场", "份", "条"} {
		for _, word := range []string{"", "十", "百", "千", "万", "十万", "百万", "千万", "亿", "十亿", "百亿", "千亿", "万亿"} {
			units = append(units, word+base)
		}
	}
	return units
}

func catalogueIn(unit string, kind catalogue.ChangeKind) (*catalogue.Catalogue, error) {
	change := ""
	if kind != "" {
		change = ", change: " + string(kind)
	}
	return catalogue.Parse([]byte(fmt.Sprintf(`
city: c
programmes: [{id: p, name_zh: 栏目, name_en: programme}]
areas: [{code: c, name_zh: 市, name_en: City, kind: city}]
datasets: [{id: d, periods: [year]}]
indicators:
  - {id: i, name_zh: 指标, name_en: indicator, programme: p, unit: %q, city_total: city, decimals: 1, change_decimals: 2, datasets: [d]%s}
`, unit, change)))
}

func checkUnit(t *testing.T, c *catalogue.Catalogue, unit string, share bool) {
	indicator, _ := c.Indicator("i")
	for _, qualifier := range []string{"", "below", "above", "about"} {
		for _, change := range []string{"0.05", "-0.05", "0"} {
			row := sink.ReportRow{
				Indicator: "i", NameZH: "指标", NameEN: "indicator", Value: "1.6", Unit: unit, Stage: "final", Status: "A", Qualifier: qualifier,
				Change: change, ChangeAbsolute: change, ChangeKind: string(indicator.Change), ChangeQualifier: qualifier, Coverage: sink.Coverage{Have: 1, Expected: 1}, Publishable: true,
			}
			for _, language := range []Language{Chinese, English} {
				p := &Printer{Catalogue: c, Language: language, Location: time.UTC}
				for format, text := range inEveryFormat(t, p, &row) {
					for _, wrong := range wrongUnits(text, unit, share, language, format) {
						t.Fatalf("%s, %v, %s, %q, change %s: %s:\n%s", format, language, unit, qualifier, change, wrong, text)
					}
				}
			}
		}
	}
}

// inEveryFormat returns how a total is told, by format.
func inEveryFormat(t *testing.T, p *Printer, row *sink.ReportRow) map[string]string {
	t.Helper()
	texts := map[string]string{
		"figure": p.Figure(row), "sentence": p.Sentence("2021", row), "page": p.signedChange("2021", row),
		"release": p.releasedTotal("2021", row.Indicator, &ReleasedTotal{
			Value: row.Value, Unit: row.Unit, Stage: row.Stage, Status: row.Status, Qualifier: row.Qualifier,
			Change: row.Change, ChangeKind: row.ChangeKind, ChangeQualifier: row.ChangeQualifier,
		}),
	}
	var b bytes.Buffer
	for _, format := range []string{FormatTable, FormatMarkdown} {
		b.Reset()
		if err := p.Report(&b, &Report{Period: "2021", Totals: []sink.ReportRow{*row}}, format); err != nil {
			t.Fatal(err)
		}
		texts[format] = b.String()
	}
	b.Reset()
	level := answer.Level{Period: "2020", Reported: true, Value: "1.6", Unit: row.Unit, Qualifier: row.Qualifier, Stage: "final", Sums: []answer.Sum{{Role: answer.WholeRole, Indicator: "i", Unit: row.Unit, Value: "1.6"}}}
	e := answer.Explanation{
		Indicator: "i", Rule: catalogue.CityRule, Policy: catalogue.Complete, Level: level, Base: &level,
		Change: row.Change, ChangeKind: row.ChangeKind, ChangeAbsolute: row.ChangeAbsolute, ChangeQualifier: row.ChangeQualifier,
	}
	if err := p.Explanation(&b, &e, FormatTable); err != nil {
		t.Fatal(err)
	}
	texts["explain"] = b.String()
	return texts
}

// wrongUnits says what is wrong with the units of a total of 1.6 that is told in a format.
func wrongUnits(text, unit string, share bool, language Language, format string) (wrong []string) {
	if strings.Contains(text, "1.61") || strings.Contains(text, "1.6 1") || strings.Contains(text, "0.051") || strings.Contains(text, "0.05 1") {
		wrong = append(wrong, "the unit 1 is printed")
	}
	figure, column := "1.6"+unit, false
	if language == English {
		figure, column = amountInEnglish("1.6", unit), format == FormatMarkdown || format == FormatTable // whose heading has the unit
	}
	if unit != "1" && format != "page" && !column && !strings.Contains(text, figure) {
		wrong = append(wrong, "the unit is not behind the figure")
	}
	if format == "figure" {
		return wrong
	}
	points := strings.Contains(text, "百分点") || strings.Contains(text, "point")
	rates := strings.Count(text, "%")
	if unit == "%" {
		rates -= strings.Count(text, "1.6%") + strings.Count(text, "1.6 %")
	}
	told := !strings.Contains(text, "持平") && !strings.Contains(text, "unchanged")
	switch {
	case share && told && !points:
		wrong = append(wrong, "the change of a share is not in points")
	case share && rates > 0:
		wrong = append(wrong, "the change of a share is in percent")
	case !share && points:
		wrong = append(wrong, "the change of a level is in points")
	case !share && told && rates == 0:
		wrong = append(wrong, "the change of a level is not in percent")
	}
	return wrong
}
