package present

import (
	"bytes"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/inquiry"
	"github.com/citytally/citytally/sink"
	"github.com/citytally/citytally/transform/tally"
)

// Periods are written in words, never as codes, and a part of a year is compared with the
// same part of the year before.
//
// Rules: words.
func TestPeriodsInWords(t *testing.T) {
	for _, test := range []struct{ period, zh, en string }{
		{"2021", "2021年", "2021"}, {"2021-S1", "2021年上半年", "first half of 2021"}, {"2021-Q3", "2021年三季度", "third quarter of 2021"},
		{"2021-06", "2021年6月", "June 2021"}, {"2021-YTD02", "2021年1—2月", "January to February 2021"}, {"2021-YTD01", "2021年1月", "January 2021"},
		{"2021-YTD12", "2021年1—12月", "January to December 2021"},
	} {
		for _, language := range []Language{Chinese, English} {
			p := printer(t, language)
			total := row(func(*sink.ReportRow) {})
			for _, format := range []string{FormatTable, FormatMarkdown, FormatHTML} {
				var b bytes.Buffer
				if err := p.Report(&b, &Report{Period: test.period, Totals: []sink.ReportRow{total}}, format); err != nil {
					t.Fatal(err)
				}
				text := b.String()
				if name := language.Choose(test.zh, test.en); !strings.Contains(text, name) || strings.Contains(test.period, "-") && strings.Contains(text, test.period) {
					t.Errorf("%s as %s in %v: want %q and no code:\n%s", test.period, format, language, name, text)
				}
				year, part := language.Choose("比上年", "on the year"), language.Choose("同比", "year on year")
				if test.period != "2021" {
					year, part = part, year
				}
				if !strings.Contains(text, year) || strings.Contains(text, part) {
					t.Errorf("%s as %s in %v: want %q, not %q:\n%s", test.period, format, language, year, part, text)
				}
			}
		}
	}
}

// Rules: words.
func TestSentencesOfPartsOfYear(t *testing.T) {
	for _, test := range []struct {
		change func(*sink.ReportRow)
		zh, en string
	}{
		{func(r *sink.ReportRow) {}, "产值为4444.0亿元，同比增长10.41%。", "Output: 444.4 billion yuan, up 10.41 % year on year."},
		{func(r *sink.ReportRow) { r.Stage = "estimate" }, "产值预计达4444.0亿元，预计同比增长10.41%。", "Output: expected to reach 444.4 billion yuan, up 10.41 % year on year."},
		{func(r *sink.ReportRow) { r.Change = "0" }, "产值为4444.0亿元，与上年同期持平。", "Output: 444.4 billion yuan, unchanged on the same period of the year before."},
		{func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "SIGN_CHANGE" }, "产值为4444.0亿元，同比增加419.0亿元（由负转正，不计增速）。", "Output: 444.4 billion yuan, up by 41.9 billion yuan year on year (from minus to plus, so no rate)."},
		{func(r *sink.ReportRow) { r.Change, r.ChangeReason = "", "BASE_ZERO" }, "产值为4444.0亿元（上年同期为零，不计增速）。", "Output: 444.4 billion yuan (zero in the same period of the year before, so no rate)."},
		{func(r *sink.ReportRow) { r.Change, r.ChangeReason, r.ChangeAreas = "", "BREAK", []string{"101"} }, "产值为4444.0亿元（区划口径有变动：东区，与上年同期不可比）。", "Output: 444.4 billion yuan (not comparable with the same period of the year before: the territory changed: East)."},
	} {
		r := row(test.change)
		if got := printer(t, Chinese).Sentence("2021-YTD02", &r); got != test.zh {
			t.Errorf("got  %s\nwant %s", got, test.zh)
		}
		if got := printer(t, English).Sentence("2021-YTD02", &r); got != test.en {
			t.Errorf("got  %s\nwant %s", got, test.en)
		}
	}
}

// What a total would be with what is held is told beside what it is, with both changes, and with
// as many decimals as tell the two apart; both as qualified as they are.
func TestHeldIsToldBesideWhatCounts(t *testing.T) {
	for _, test := range []struct{ now, would, change, changeThen, qualifier, zh, en string }{
		{"4444", "4454.5", "10.4", "10.7", "", "不含为4444.0亿元（+10.40%），采用后为4454.5亿元（+10.70%）", "444.4 billion yuan (+10.40 %) without it, 445.45 billion yuan (+10.70 %) with it"},
		{"4444", "4454.5", "10.4", "10.7", "below", "不含为近4444.0亿元（升近10.40%），采用后为近4454.5亿元（升近10.70%）", "nearly 444.4 billion yuan (up nearly 10.40 %) without it, nearly 445.45 billion yuan (up nearly 10.70 %) with it"},
		{"4444", "4444.003", "10.4", "10.4", "", "不含为4444.000亿元，采用后为4444.003亿元", "444.4 billion yuan without it, 444.4003 billion yuan with it"},
	} {
		r := row(func(r *sink.ReportRow) {
			r.Value, r.Change, r.Qualifier, r.ChangeQualifier = test.now, test.change, test.qualifier, test.qualifier
			r.Held = &event.TotalWithHeld{Holds: []string{"7.1"}, Areas: []string{"101"}, Value: test.would, Change: test.changeThen, Qualifier: test.qualifier, ChangeQualifier: test.qualifier}
		})
		for language, want := range map[Language]string{Chinese: test.zh, English: test.en} {
			if got := printer(t, language).withHeld(heldOfRow(&r)); !strings.Contains(got, want) {
				t.Errorf("want %s\ngot  %s", want, got)
			}
		}
	}
}

// A total of what is held alone says so in every format, and nowhere that nobody reported it.
//
// Rules: one code per cause.
func TestHeldAloneIsToldInEveryFormat(t *testing.T) {
	r := row(func(r *sink.ReportRow) {
		r.Value, r.Stage, r.Change, r.ChangeAbsolute, r.ChangeReason, r.Publishable = "", "", "", "", tally.ValueMissing, false
		r.Coverage = sink.Coverage{Have: 0, Expected: 2, Missing: []string{"101", "102"}}
		r.Held = &event.TotalWithHeld{Holds: []string{"7.1"}, Areas: []string{"101"}, Value: "4444"}
	})
	for language, want := range map[Language]string{Chinese: "另有1项待核实（东区），采用后为4444.0亿元", English: "1 held (East), 444.4 billion yuan with it"} {
		p := printer(t, language)
		for format, text := range causeInEveryFormat(t, p, &r) {
			if format == FormatCSV {
				want := "7.1,101,4444"
				if !strings.Contains(text, want) || strings.Contains(text, unreportedFlag) {
					t.Errorf("CSV lacks %q:\n%s", want, text)
				}
				continue
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s, %v: lacks %q:\n%s", format, language, want, text)
			}
			for _, word := range []string{"均未报送", "nothing from"} {
				if strings.Contains(text, word) {
					t.Errorf("%s, %v: says %q:\n%s", format, language, word, text)
				}
			}
		}
	}
}

// An area whose explanation released its figure has not had it approved by the bureau.
func TestExplanationThatReleasesIsTheAreasOwn(t *testing.T) {
	said := inquiry.Statement{Text: "new works", Person: event.Person{Name: "East", Role: "district"}, Sequence: 9}
	h := inquiry.Hold{ID: "7.1", State: "released", Area: "101", Indicator: "output", Period: "2021", Said: event.Said{Value: "9"}, Explanations: []inquiry.Statement{said}, Decision: &said}
	for language, want := range map[Language]string{Chinese: "说明情况后采用：new works", English: "released by the explanation of East"} {
		text := strings.Join(printer(t, language).wholeHold(&h), "\n")
		if !strings.Contains(text, want) || strings.Contains(text, "核准") || strings.Count(text, "new works") != 1 {
			t.Errorf("%s", text)
		}
	}
	h.Decision = &inquiry.Statement{Text: "seen", Person: event.Person{Name: "clerk", Role: event.RoleOperator}, Sequence: 12}
	if text := strings.Join(printer(t, Chinese).wholeHold(&h), "\n"); !strings.Contains(text, "核准采用：seen") || !strings.Contains(text, "说明：new works") {
		t.Errorf("released by the bureau:\n%s", text)
	}
}

// A report has the totals of indicators without a programme, too, in every format.
func TestReportHasIndicatorsWithoutProgramme(t *testing.T) {
	r := row(func(*sink.ReportRow) {})
	p := printer(t, Chinese)
	for i := range p.Catalogue.Indicators {
		p.Catalogue.Indicators[i].Programme = ""
	}
	p.Catalogue.Programmes = nil
	for format, text := range causeInEveryFormat(t, p, &r) {
		if want := "4444"; !strings.Contains(text, want) {
			t.Errorf("%s lacks %s:\n%s", format, want, text)
		}
	}
}
