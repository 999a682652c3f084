package present

import (
	"bytes"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/answer"
	"github.com/citytally/citytally/transform/tally"
)

// Why a total has no change, and what is special about it, is told in every format, by
// words or a code that no other cause has; areas that are the reason are named.
//
// Rules: overflow, one code per cause.
func TestEveryFormatTellsEachCause(t *testing.T) {
	causes := []struct{ code, zh, en string }{
		{tally.BaseMissing, "无上年", "no figure for the year before"}, {tally.BaseZero, "上年为零", "zero in the year before"},
		{tally.BaseNegative, "上年为负", "negative in the year before"}, {tally.SignChange, "由负转正", "from minus to plus"},
		{tally.Break, "区划", "territory changed|the territory changed"}, {tally.NewArea, "新设地区", "new area|an area is new"},
		{tally.MissingMember, "未报齐", "areas missing|areas are missing"}, {tally.HeldMember, "有数待核实", "figures held|figures are held"},
		{tally.Definition, "指标口径", "definition changed|the definition changed"},
		{tally.Overflow, "位数", "digits"}, {event.DerivedNegative, "推算出的当期数为负", "a derived figure is below zero"},
	}
	for i, cause := range causes {
		r := row(func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", cause.code })
		switch cause.code {
		case tally.Break, tally.NewArea, tally.MissingMember, tally.HeldMember:
			r.ChangeAreas = []string{"101"}
			if cause.code == tally.HeldMember {
				r.Held = &event.TotalWithHeld{Holds: []string{"8.1"}, Areas: []string{"101"}, Value: r.Value, Change: "1"}
			}
		case tally.Overflow:
			r.Value, r.ChangeAbsolute, r.Publishable, r.Flags = "", "", false, []string{event.Overflow}
		case event.DerivedNegative:
			r.ChangeReason, r.Change, r.Flags = "", "1", []string{event.DerivedNegative}
		}
		for _, language := range []Language{Chinese, English} {
			p := printer(t, language)
			for format, text := range causeInEveryFormat(t, p, &r) {
				if format == FormatCSV {
					if !strings.Contains(text, cause.code) {
						t.Errorf("%s: the CSV has no such code:\n%s", cause.code, text)
					}
					continue
				}
				for j, other := range causes {
					words := other.zh
					if language == English {
						words = other.en
					}
					if told := containsAny(text, words); told != (i == j) {
						t.Errorf("%s in %s, %v: tells %s %v:\n%s", cause.code, format, language, other.code, told, text)
					}
				}
				if len(r.ChangeAreas) > 0 && !strings.Contains(text, p.Area("101")) {
					t.Errorf("%s in %s, %v: the area is not named:\n%s", cause.code, format, language, text)
				}
			}
		}
	}
}

func containsAny(text, words string) bool {
	for word := range strings.SplitSeq(words, "|") {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// causeInEveryFormat returns how a total is told, by format.
func causeInEveryFormat(t *testing.T, p *Printer, r *sink.ReportRow) map[string]string {
	t.Helper()
	total := event.Total{
		Indicator: r.Indicator, Value: r.Value, Unit: r.Unit, Stage: r.Stage, Change: r.Change, ChangeKind: r.ChangeKind, ChangeReason: r.ChangeReason,
		ChangeAbsolute: r.ChangeAbsolute, ChangeAreas: r.ChangeAreas, Flags: r.Flags, Expected: r.Coverage.Expected, Publishable: r.Publishable, Held: r.Held,
	}
	texts := map[string]string{"sentence": p.Sentence("2021", r)}
	if r.Value != "" {
		texts["release"] = p.releasedTotal("2021", r.Indicator, releasedTotal(&total))
	} else {
		texts["release"] = p.DescribeUnpublishable(&answer.UnpublishableError{Totals: []event.Total{total}})
	}
	var b bytes.Buffer
	for _, format := range []string{FormatTable, FormatMarkdown, FormatHTML, FormatCSV} {
		b.Reset()
		if err := p.Report(&b, &Report{Period: "2021", Totals: []sink.ReportRow{*r}, Inputs: map[string]*event.Total{r.Indicator: &total}}, format); err != nil {
			t.Fatal(err)
		}
		texts[format] = b.String()
	}
	b.Reset()
	level := answer.Level{Period: "2021", Reported: true, Value: r.Value, Unit: r.Unit, Flags: r.Flags, Have: 2, Expected: 2}
	e := answer.Explanation{
		Indicator: r.Indicator, Rule: catalogue.SumRule, Policy: catalogue.Complete, Level: level, Base: &answer.Level{Period: "2020"},
		Change: r.Change, ChangeKind: r.ChangeKind, ChangeAbsolute: r.ChangeAbsolute, ChangeReason: r.ChangeReason, ChangeAreas: r.ChangeAreas, Held: r.Held,
	}
	if err := p.Explanation(&b, &e, FormatTable); err != nil {
		t.Fatal(err)
	}
	texts["explain"] = b.String()
	return texts
}
