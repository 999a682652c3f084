package present

import (
	"bytes"
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

var update = flag.Bool("update", false, "write the golden files anew")

func printer(t *testing.T, l Language) *Printer {
	t.Helper()
	c, err := catalogue.Load("testdata/catalogue.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return &Printer{Catalogue: c, Language: l, Location: time.FixedZone("", 8*3600)}
}

func row(change func(*sink.ReportRow)) sink.ReportRow {
	r := sink.ReportRow{
		Indicator: "output", Value: "4444", Unit: "亿元", Stage: "final", Change: "10.409937888199", ChangeKind: "percent", ChangeAbsolute: "419",
		Coverage: sink.Coverage{Have: 2, Expected: 2}, Publishable: true,
		Basis: 18, Catalogue: "0123456789ab", ComputedAt: time.Date(2022, 2, 1, 1, 0, 0, 0, time.UTC),
	}
	change(&r)
	return r
}

// Rules: words.
func TestSentences(t *testing.T) {
	zh, en := printer(t, Chinese), printer(t, English)
	for _, test := range []struct {
		name   string
		change func(*sink.ReportRow)
		zh, en string
	}{
		{"final", func(*sink.ReportRow) {}, "产值为4444.0亿元，比上年增长10.41%。", "Output: 444.4 billion yuan, up 10.41 % on the year."},
		{"estimate", func(r *sink.ReportRow) { r.Stage = "estimate" }, "产值预计达4444.0亿元，预计比上年增长10.41%。", "Output: expected to reach 444.4 billion yuan, up 10.41 % on the year."},
		{"forecast", func(r *sink.ReportRow) { r.Stage, r.Change = "forecast", "-3" }, "产值预测达4444.0亿元，预测比上年下降3.00%。", "Output: forecast at 444.4 billion yuan, down 3.00 % on the year."},
		{"flash", func(r *sink.ReportRow) { r.Stage = "flash" }, "产值快报数为4444.0亿元，比上年增长10.41%。", "Output: 444.4 billion yuan by flash figures, up 10.41 % on the year."},
		{"expected and nearly", func(r *sink.ReportRow) { r.Stage, r.Qualifier, r.Value = "estimate", "below", "40" }, "产值预计近40.0亿元，预计比上年增长10.41%。", "Output: expected to be nearly 4 billion yuan, up 10.41 % on the year."},
		{"over", func(r *sink.ReportRow) { r.Qualifier = "above" }, "产值超4444.0亿元，比上年增长10.41%。", "Output: over 444.4 billion yuan, up 10.41 % on the year."},
		{"about", func(r *sink.ReportRow) { r.Qualifier = "about" }, "产值约4444.0亿元，比上年增长10.41%。", "Output: about 444.4 billion yuan, up 10.41 % on the year."},
		{"points", func(r *sink.ReportRow) {
			r.Indicator, r.Unit, r.Value, r.ChangeKind, r.Change = "share", "%", "1.802430243024", "point", "0.062430243024"
		}, "产值占比为1.8%，比上年上升0.06个百分点。", "Output share: 1.8 %, up 0.06 percentage points on the year."},
		{"points down", func(r *sink.ReportRow) {
			r.Indicator, r.Unit, r.Value, r.ChangeKind, r.Change = "share", "%", "58.4", "point", "-1"
		}, "产值占比为58.4%，比上年下降1.00个百分点。", "Output share: 58.4 %, down 1.00 percentage points on the year."},
		{"trillions", func(r *sink.ReportRow) { r.Value = "80000" }, "产值为80000.0亿元，比上年增长10.41%。", "Output: 8 trillion yuan, up 10.41 % on the year."},
		{"unchanged", func(r *sink.ReportRow) { r.Change = "0" }, "产值为4444.0亿元，与上年持平。", "Output: 444.4 billion yuan, unchanged on the year before."},
		{"almost unchanged", func(r *sink.ReportRow) { r.Change = "-0.001" }, "产值为4444.0亿元，与上年基本持平。", "Output: 444.4 billion yuan, almost unchanged on the year before."},
		{"no base", func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "BASE_MISSING" }, "产值为4444.0亿元（无上年可比数）。", "Output: 444.4 billion yuan (no figure for the year before)."},
		{"base zero", func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "BASE_ZERO" }, "产值为4444.0亿元（上年为零，不计增速）。", "Output: 444.4 billion yuan (zero in the year before, so no rate)."},
		{"from minus to plus", func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "SIGN_CHANGE" }, "产值为4444.0亿元，比上年增加419.0亿元（由负转正，不计增速）。", "Output: 444.4 billion yuan, up by 41.9 billion yuan on the year (from minus to plus, so no rate)."},
		{"from plus to minus", func(r *sink.ReportRow) {
			r.Value, r.Change, r.ChangeReason, r.ChangeAbsolute = "-1", "", "SIGN_CHANGE", "-11"
		}, "产值为-1.0亿元，比上年减少11.0亿元（由正转负，不计增速）。", "Output: -100 million yuan, down by 1.1 billion yuan on the year (from plus to minus, so no rate)."},
		{"a member is missing", func(r *sink.ReportRow) {
			r.Change, r.ChangeReason, r.ChangeAreas, r.Publishable = "", "MISSING_MEMBER", []string{"x"}, false
			r.Coverage = sink.Coverage{Have: 1, Expected: 2, Missing: []string{"x"}}
		}, "产值为4444.0亿元（未报齐，暂不计增速）（1/2个地区，缺x，暂不可发布）。", "Output: 444.4 billion yuan (areas are missing, so no rate) (1 of 2 areas; without x; not for publication)."},
		{"qualified growth", func(r *sink.ReportRow) { r.Change, r.ChangeQualifier = "10.414", "above" }, "产值为4444.0亿元，比上年增长超10.41%。", "Output: 444.4 billion yuan, up over 10.41 % on the year."},
		{"qualified fall", func(r *sink.ReportRow) { r.Change, r.ChangeQualifier = "-3", "below" }, "产值为4444.0亿元，比上年下降超3.00%。", "Output: 444.4 billion yuan, down over 3.00 % on the year."},
		{"qualified and rounded down", func(r *sink.ReportRow) { r.Qualifier, r.Value, r.ChangeQualifier = "below", "4444.04", "about" }, "产值约4444.0亿元，比上年增长约10.41%。", "Output: about 444.4 billion yuan, up about 10.41 % on the year."},
		{"qualified and rounded up", func(r *sink.ReportRow) { r.Change, r.ChangeQualifier = "-3.006", "below" }, "产值为4444.0亿元，比上年下降约3.01%。", "Output: 444.4 billion yuan, down about 3.01 % on the year."},
		{"overflow", func(r *sink.ReportRow) {
			r.Value, r.Change, r.ChangeReason, r.Flags, r.Publishable = "", "", "OVERFLOW", []string{"OVERFLOW"}, false
		}, "产值尚无全市数（数值位数超出存储范围，未列出，暂不可发布）。", "Output: no city total yet (a figure has more digits than can be stored and is left out; not for publication)."},
		{"derived and negative", func(r *sink.ReportRow) { r.Flags = []string{"DERIVED", "DERIVED_NEGATIVE"} }, "产值为4444.0亿元，比上年增长10.41%（推算出的当期数为负）。", "Output: 444.4 billion yuan, up 10.41 % on the year (a derived figure is below zero)."},
		{"carried", func(r *sink.ReportRow) { r.Carried = []string{"x"} }, "产值为4444.0亿元，比上年增长10.41%（沿用前一阶段数：x）。", "Output: 444.4 billion yuan, up 10.41 % on the year (carried at an earlier stage: x)."},
		{"base negative", func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "BASE_NEGATIVE" }, "产值为4444.0亿元，比上年增加419.0亿元（上年为负，不计增速）。", "Output: 444.4 billion yuan, up by 41.9 billion yuan on the year (negative in the year before, so no rate)."},
		{"break", func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "BREAK" }, "产值为4444.0亿元（区划口径有变动，与上年不可比）。", "Output: 444.4 billion yuan (not comparable with the year before: the territory changed)."},
		{"incomplete", func(r *sink.ReportRow) {
			r.Coverage, r.Publishable = sink.Coverage{Have: 1, Expected: 2, Missing: []string{"102"}}, false
		}, "产值为4444.0亿元，比上年增长10.41%（1/2个地区，缺西区，暂不可发布）。", "Output: 444.4 billion yuan, up 10.41 % on the year (1 of 2 areas; without West; not for publication)."},
		{"incomplete but let out", func(r *sink.ReportRow) {
			r.Coverage = sink.Coverage{Have: 1, Expected: 2, Missing: []string{"102"}}
		}, "产值为4444.0亿元，比上年增长10.41%（1/2个地区，缺西区）。", "Output: 444.4 billion yuan, up 10.41 % on the year (1 of 2 areas; without West)."},
		{"nothing", func(r *sink.ReportRow) {
			r.Value, r.Change, r.Coverage = "", "", sink.Coverage{Have: 0, Expected: 2, Missing: []string{"101", "102"}}
		}, "产值尚无全市数（0/2个地区，缺东区、西区）。", "Output: no city total yet (0 of 2 areas; without East, West)."},
		{"a count", func(r *sink.ReportRow) { r.Indicator, r.Unit, r.Value = "firms", "家", "582" }, "企业为582家，比上年增长10.41%。", "Firms: 582, up 10.41 % on the year."},
		{"an indicator that is gone", func(r *sink.ReportRow) { r.Indicator, r.Change = "gone", "" }, "gone为4444亿元。", "Gone: 444.4 billion yuan."},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := row(test.change)
			if got := zh.Sentence("2021", &r); got != test.zh {
				t.Errorf("zh: %s\nwant %s", got, test.zh)
			}
			if got := en.Sentence("2021", &r); got != test.en {
				t.Errorf("en: %s\nwant %s", got, test.en)
			}
		})
	}
}

func TestUnitsInEnglish(t *testing.T) {
	for _, test := range []struct{ figure, unit, want, name string }{
		{"4444.00", "亿元", "444.4 billion yuan", "100 million yuan"},
		{"0.5", "亿元", "50 million yuan", "100 million yuan"},
		{"200", "万元", "2 million yuan", "10,000 yuan"},
		{"-920", "万元", "-9.2 million yuan", "10,000 yuan"},
		{"0", "万元", "0 yuan", "10,000 yuan"},
		{"12.5", "元", "12.5 yuan", "yuan"},
		{"582", "家", "582", ""},
		{"456", "万人", "4.56 million", "10,000"},
		{"1.8", "%", "1.8 %", "%"},
		{"3.5", "家/亿元", "3.5 家/亿元", "家/亿元"},
	} {
		if got := amountInEnglish(test.figure, test.unit); got != test.want {
			t.Errorf("%s %s = %q, want %q", test.figure, test.unit, got, test.want)
		}
		if got := catalogue.ParseUnit(test.unit).InEnglish(); got != test.name {
			t.Errorf("%s is %q, want %q", test.unit, got, test.name)
		}
	}
}

func TestPeriodNames(t *testing.T) {
	zh, en := Printer{Language: Chinese}, Printer{Language: English}
	for code, want := range map[string][2]string{
		"2021": {"2021年", "2021"}, "2021-S2": {"2021年下半年", "second half of 2021"}, "2021-Q3": {"2021年三季度", "third quarter of 2021"},
		"2021-06": {"2021年6月", "June 2021"}, "2021-YTD06": {"2021年1—6月", "January to June 2021"}, "2021-YTD01": {"2021年1月", "January 2021"},
	} {
		p, err := catalogue.ParsePeriod(code)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{zh.Period(p), en.Period(p)}; got != want {
			t.Errorf("%s = %q, want %q", code, got, want)
		}
	}
}

// bulletin is the report of a small city: a sum, a ratio of it, a count, a figure with
// an area missing, and a figure of the city itself.
func bulletin(t *testing.T) *Report {
	t.Helper()
	of := func(year int16) catalogue.Period { return catalogue.Period{Year: year, Kind: catalogue.Year} }
	input := func(area, indicator, value string) event.Input {
		reading, err := catalogue.ParseValue(value)
		if err != nil {
			t.Fatal(err)
		}
		return event.Input{Area: area, Indicator: indicator, Value: reading.Value, Stage: catalogue.Final}
	}
	missing := sink.Coverage{Have: 1, Expected: 2, Missing: []string{"102"}}
	return &Report{
		Unreported: []tally.Unreported{{Indicator: "part", Missing: []string{"101", "102"}}},
		Period:     "2021", Release: "bulletin", Note: "<b>统计公报</b>", AsOf: time.Date(2022, 1, 31, 15, 59, 59, 0, time.UTC),
		Totals: []sink.ReportRow{
			row(func(r *sink.ReportRow) { r.Stage = "estimate" }),
			row(func(r *sink.ReportRow) {
				r.Indicator, r.Unit, r.Value, r.ChangeKind, r.Change = "share", "%", "10", "point", "-0.5"
			}),
			row(func(r *sink.ReportRow) { r.Indicator, r.Unit, r.Value = "firms", "家", "3" }),
			row(func(r *sink.ReportRow) {
				r.Indicator, r.Unit, r.Value, r.Coverage, r.Publishable = "balance", "万元", "-5", missing, false
				r.Change, r.ChangeReason, r.ChangeAbsolute = "", "BASE_NEGATIVE", "-15"
			}),
			row(func(r *sink.ReportRow) {
				r.Indicator, r.Unit, r.Value, r.Coverage = "rank", "位", "7", sink.Coverage{Have: 1, Expected: 1}
			}),
		},
		Inputs: map[string]*event.Total{
			"output":  {Value: "4444", Expected: 2, Inputs: event.NewInputs(input("101", "output", "4000.25"), input("102", "output", "443.75"))},
			"share":   {Value: "10", Expected: 2, Inputs: event.NewInputs(input("101", "part", "400"), input("102", "part", "44.4"), input("101", "output", "4000"), input("102", "output", "444"))},
			"firms":   {Value: "3", Expected: 2, Inputs: event.NewInputs(input("101", "firms", "3"), input("102", "firms", "0"))},
			"balance": {Value: "-5", Expected: 2, Missing: []string{"102"}, Inputs: event.NewInputs(input("101", "balance", "-5"))},
			"rank":    {Value: "7", Expected: 1, Inputs: event.NewInputs(input("100", "rank", "7"))},
		},
		Earlier: map[string][]Point{
			"output":  {NewPoint(of(2018), "3999.96", "below", "flash", false, ""), NewPoint(of(2019), "4000", "", "final", true, "BREAK"), {Period: of(2020), Stage: "final"}},
			"balance": {revised(NewPoint(of(2020), "10", "", "final", false, ""))},
		},
	}
}

func revised(p Point) Point {
	p.Revised = true
	return p
}

func TestPage(t *testing.T) {
	for _, lang := range []Language{Chinese, English} {
		t.Run(string(lang), func(t *testing.T) {
			var out bytes.Buffer
			if err := printer(t, lang).Report(&out, bulletin(t), FormatHTML); err != nil {
				t.Fatal(err)
			}
			golden := "testdata/page." + string(lang) + ".html"
			if *update {
				if err := os.WriteFile(golden, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), out.String()); diff != "" {
				t.Errorf("page; go test ./cmd/citytally/present -update accepts it:\n%s", diff)
			}
			if elsewhere := regexp.MustCompile(`(?i)(src|href)\s*=\s*"[^#"]|url\(|@import|https?:|<script|ZgotmplZ`).FindString(out.String()); elsewhere != "" {
				t.Errorf("the page refers to something elsewhere: %q", elsewhere)
			}
			if strings.Contains(out.String(), "<b>统计公报</b>") {
				t.Error("text of a release gets into the page unescaped")
			}
			for _, pair := range [][2]string{{"<svg", "</svg>"}, {"<table", "</table>"}, {"<svg", "<title"}} {
				opened := strings.Count(out.String(), pair[0])
				if closed := strings.Count(out.String(), pair[1]); opened == 0 || closed < opened {
					t.Errorf("%d %s but %d %s", opened, pair[0], closed, pair[1])
				}
			}
		})
	}
}

func TestPartsAddUpVisibly(t *testing.T) {
	p, totals := printer(t, Chinese), bulletin(t).Inputs
	output, _ := p.Catalogue.Indicator("output")
	c := p.contributions(output, totals["output"])
	if len(c.Rows) != 2 || c.Rows[0].Value != "4000.25" || c.Rows[0].Share != "90.0%" || c.Rows[1].Value != "443.75" || c.Rows[0].Bar != contributionWidth {
		t.Errorf("contributions = %+v", c)
	}
	share, _ := p.Catalogue.Indicator("share")
	if c := p.contributions(share, totals["share"]); !c.Ratio || c.Rows[0].Share != "" || c.Rows[0].Value != "10.0" {
		t.Errorf("ratios = %+v", c)
	}
	firms, _ := p.Catalogue.Indicator("firms")
	if c := p.contributions(firms, totals["firms"]); len(c.Rows) != 1 || c.None != "西区" {
		t.Errorf("with an area that has none: %+v", c)
	}
	balance, _ := p.Catalogue.Indicator("balance")
	held := &event.TotalWithHeld{Holds: []string{"7.1"}, Areas: []string{"102"}, Value: "6"}
	if c := p.contributions(balance, &event.Total{Value: "5", Expected: 2, Missing: []string{"102"}, Held: held, Inputs: totals["firms"].Inputs}); len(c.Rows) != 2 || c.Rows[1] != (contribution{Area: "西区", Value: "待核实"}) {
		t.Errorf("an area whose figure is held: %+v", c)
	}
	if c := p.contributions(balance, &event.Total{Value: "5", Expected: 2, Missing: []string{"102"}, Inputs: totals["firms"].Inputs}); len(c.Rows) != 2 || c.Rows[1] != (contribution{Area: "西区", Value: "缺报"}) {
		t.Errorf("with an area that is missing: %+v", c)
	}
	zero, err := catalogue.ParseValue("0")
	if err != nil {
		t.Fatal(err)
	}
	none := event.NewInputs(event.Input{Area: "101", Indicator: "firms", Value: zero.Value, Stage: catalogue.Final})
	if c := p.contributions(firms, &event.Total{Value: "0", Expected: 2, Missing: []string{"102"}, Inputs: none}); c == nil || len(c.Rows) != 1 || c.Rows[0].Value != "缺报" || c.None != "东区" {
		t.Errorf("with nothing but zero, and an area that is missing: %+v", c)
	}
	rank, _ := p.Catalogue.Indicator("rank")
	if c := p.contributions(rank, totals["rank"]); c != nil {
		t.Errorf("the city's own figure is taken apart: %+v", c)
	}
}
