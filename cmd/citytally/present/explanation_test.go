package present

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/answer"
)

// A figure of a missing area that was refused is told with what was wrong, its row
// and the file.
//
// Rules: refused is told.
func TestExplanationTellsRefusedFigures(t *testing.T) {
	finding := event.Finding{Code: "VALUE_NOT_A_NUMBER", Severity: event.Reject, Row: 3, Seen: "约莫", MessageZH: "不是数值；请填数字", MessageEN: "not a number; write digits"}
	level := answer.Level{Period: "2021-Q3", Reported: true, Missing: []string{"101"}, Refused: []answer.RefusedFigure{
		{Area: "101", Indicator: "output", Finding: finding, Submission: "0a", Sequence: 7, File: "三季度.csv", ReceivedAt: time.Date(2021, 10, 9, 1, 0, 0, 0, time.UTC)},
		{Area: "101", Indicator: "firms", Finding: event.Finding{Code: "PERIOD_LOCKED", MessageZH: "已锁定", MessageEN: "locked"}, Submission: "0b", Sequence: 8},
	}}
	for language, want := range map[Language][]string{
		Chinese: {"缺：东区", "101 东区 已报送产值，被退回  约莫", "不是数值；请填数字 (VALUE_NOT_A_NUMBER)", "三季度.csv 第 3 行 · #7 0a · 收到 2021-10-09 09:00:00 +08:00", "101 东区 已报送企业，被退回"},
		English: {"missing: East", "101 East has sent output, which was refused  约莫", "not a number; write digits (VALUE_NOT_A_NUMBER)", "三季度.csv row 3 · #7 0a · received", "101 East has sent firms, which was refused"},
	} {
		var b bytes.Buffer
		e := answer.Explanation{Indicator: "output", Rule: catalogue.SumRule, Policy: catalogue.Complete, Level: level, ChangeReason: "VALUE_MISSING"}
		if err := printer(t, language).Explanation(&b, &e, FormatTable); err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(b.String(), text) {
				t.Errorf("%v does not tell %q:\n%s", language, text, b.String())
			}
		}
	}
}

// What the catalogue says of an indicator stands above its figures.
//
// Rules: definition.
func TestExplanationTellsDefinition(t *testing.T) {
	p := printer(t, Chinese)
	indicator, _ := p.Catalogue.Indicator("output")
	day := catalogue.Date{Time: time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)}
	indicator.Meaning, indicator.Population, indicator.Source, indicator.Redefined = "总产出", "规模以上工业", "工业统计月报", []catalogue.Date{day}
	var b bytes.Buffer
	e := answer.Explanation{Indicator: "output", Rule: catalogue.SumRule, Policy: catalogue.Complete, Level: answer.Level{Period: "2021"}, ChangeReason: "VALUE_MISSING"}
	if err := p.Explanation(&b, &e, FormatTable); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"含义：总产出\n", "统计范围：规模以上工业\n", "资料来源：工业统计月报\n", "指标口径自 2021-01-01 起调整\n"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q:\n%s", want, b.String())
		}
	}
}

// A part tells who set it and who confirmed it last, and not as superseded.
//
// Rules: provenance.
func TestExplanationTellsWhoSetAFigure(t *testing.T) {
	figure := func(file string, sequence uint64) answer.ExplainedFigure {
		return answer.ExplainedFigure{Area: "101", Period: "2021", Value: "5", Stage: "final", Status: "A", Dataset: "annual", File: file, Sequence: sequence}
	}
	part := answer.ExplainedPart{ExplainedFigure: figure("first.csv", 1), ConfirmedBy: []answer.ExplainedFigure{figure("third.csv", 3), figure("second.csv", 2)}}
	e := answer.Explanation{Indicator: "output", Rule: catalogue.SumRule, Policy: catalogue.Complete, Level: answer.Level{
		Period: "2021", Reported: true, Value: "5", Sums: []answer.Sum{{Role: answer.WholeRole, Indicator: "output", Value: "5", Parts: []answer.ExplainedPart{part}}},
	}}
	for language, want := range map[Language]string{Chinese: "此后再次报送，数据未变：third.csv", English: "said again since, last by: third.csv"} {
		var b bytes.Buffer
		if err := printer(t, language).Explanation(&b, &e, FormatTable); err != nil {
			t.Fatal(err)
		}
		set, confirmed := strings.Index(b.String(), "first.csv"), strings.Index(b.String(), want)
		if set < 0 || confirmed < set || strings.Contains(b.String(), "second.csv") {
			t.Errorf("%v does not tell who set the figure and then %q:\n%s", language, want, b.String())
		}
	}
}
