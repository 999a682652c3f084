package event_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/ingest/event"
)

func TestDecodeSubmissionKeepsWhatItCan(t *testing.T) {
	tests := map[string]struct {
		text string
		want []event.Observation
	}{
		"the contract": {
			`{"area":"320812","dataset":"sti-annual","observations":[{"indicator":"hnte_valid","period":"2021","value":"120","unit":"家","stage":"estimate","status":"A","qualifier":"","note":""}]}`,
			[]event.Observation{{Indicator: "hnte_valid", Period: "2021", Value: "120", Unit: "家", Stage: "estimate", Status: "A"}}},
		"numbers to the digit": {`{"observations":[{"value":0.10},{"value":12345678901234567890.123},{"value":1e3},{"value":-0}]}`,
			[]event.Observation{{Value: "0.10"}, {Value: "12345678901234567890.123"}, {Value: "1e3"}, {Value: "-0"}}},
		"no value":        {`{"observations":[{"value":null},{"value":""},{}]}`, []event.Observation{{}, {}, {}}},
		"no observations": {`{}`, nil},
		"boolean value": {`{"observations":[{"indicator":"a","value":"1"},{"value":true}]}`, []event.Observation{
			{Indicator: "a", Value: "1"}, {Malformed: `{"value":true}`, Problem: "value: want text or a number, got true", ProblemZH: "字段 value 应为文本或数字，收到的是 true"}}},
		"unknown field": {`{"observations":[{"valu":"1"},{"indicator":"a"}]}`, []event.Observation{
			{Malformed: `{"valu":"1"}`, Problem: `unknown field "valu"`, ProblemZH: `未知字段 "valu"`}, {Indicator: "a"}}},
		"number for text": {`{"observations":[{"period":2021},{"indicator":"a"}]}`, []event.Observation{
			{Malformed: `{"period":2021}`, Problem: "period: want text in quotation marks, got number", ProblemZH: "字段 period 应为带引号的文本，收到的是 数字"}, {Indicator: "a"}}},
		"rows of no file": {`{"observations":[{"indicator":"a","period":"2021","value":"1","row":-1},{"indicator":"b","row":4294967297},{"indicator":"c","row":7}]}`, []event.Observation{
			{Malformed: "a 2021 1", Problem: "row: want 1 to 100000000, got -1", ProblemZH: "字段 row 应为 1 至 100000000，收到的是 -1"},
			{Malformed: "b  ", Problem: "row: want 1 to 100000000, got 4294967297", ProblemZH: "字段 row 应为 1 至 100000000，收到的是 4294967297"}, {Indicator: "c", Row: 7}}},
		"no object": {`{"observations":[17,{"indicator":"a"}]}`, []event.Observation{
			{Malformed: "17", Problem: "want an object {…}, got number", ProblemZH: "应为对象 {…}，收到的是 数字"}, {Indicator: "a"}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := event.DecodeSubmission([]byte(test.text))
			check(t, err)
			if diff := cmp.Diff(test.want, got.Observations); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	long, err := event.DecodeSubmission([]byte(`{"area":"a","observations":[{"x":"` + strings.Repeat("淮", 500) + `"}]}`))
	check(t, err)
	if m := long.Observations[0].Malformed; len(m) > 210 || !strings.HasSuffix(m, "…") || long.Area != "a" {
		t.Errorf("want the text clipped, got %d bytes: %s", len(m), m)
	}
}

func TestDecodeSubmissionErrors(t *testing.T) {
	for text, want := range map[string]string{
		"": "no JSON at all", " ": "no JSON at all", "[]": "want an object {…}, got array", "{} {}": "more text after the end", `{"area":1}`: "area: want text in quotation marks, got number",
		`{"observation":[]}`: `unknown field "observation"`, `{"observations":{}}`: "observations: want a list […], got object", `{"area":"1"`: "cut off",
		`{"Area":"1"}`: `unknown field "Area"`, `{"area":"1","area":"1"}`: `field "area" occurs twice`, "{\"area\":\"\xff\"}": "invalid UTF-8",
		`{"observations":[{"indicator":"gdp","period":"2021","value":77}],"observations":[{"indicator":"rd_expenditure","period":"2009"}]}`: `field "observations" occurs twice`,
	} {
		_, err := event.DecodeSubmission([]byte(text))
		if err == nil {
			t.Errorf("%s: want %q, got no error", text, want)
			continue
		}
		if zh, en := event.ExplainJSON(err); !strings.Contains(en, want) || zh == "" {
			t.Errorf("%s: want %q, got %q, %q", text, want, en, zh)
		}
	}
}

// A message that lists more rows than a submission may hold is refused before any is read.
func TestRowsAreCountedBeforeTheyAreRead(t *testing.T) {
	for name, row := range map[string]string{"numbers": `1,`, "objects": `{},`, "lists": `[[1,2],"],["],`} {
		const most = "holds at most 200000 rows"
		text := `{"reason":"[,,\\\",","observations":[` + strings.Repeat(row, event.MaxRows) + row[:len(row)-1] + `]}`
		_, err := event.DecodeSubmission([]byte(text))
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if _, en := event.ExplainJSON(err); !strings.Contains(en, most) {
			t.Errorf("%s: %s", name, en)
		}
	}
	s, err := event.DecodeSubmission([]byte(`{"reason":"` + strings.Repeat(`,[{\"`, event.MaxRows) + `","observations":[{"indicator":"a"},1]}`))
	if err != nil || len(s.Observations) != 2 {
		t.Errorf("%d rows, %v", len(s.Observations), err)
	}
}

// An object with many fields is refused before they are read, wherever it stands in a message: a strict
// reader keeps the name of every one, to know those that come twice.
func TestFieldsAreCountedBeforeTheyAreRead(t *testing.T) {
	var fields strings.Builder
	for i := range 1_000_000 {
		fmt.Fprintf(&fields, `,"%x":1`, i)
	}
	for name, text := range map[string]string{
		"in a row":     `{"observations":[{"indicator":"a"` + fields.String() + `}]}`,
		"in the whole": `{"observations":[{"indicator":"a"}]` + fields.String() + `}`,
		"of columns":   `{"columns":{"a":"B"` + fields.String() + `},"observations":[{"indicator":"a"}]}`,
		"deep in one":  `{"observations":[{"indicator":[[[[[[[[{"a":1` + fields.String() + `}]]]]]]]]}]}`,
	} {
		_, err := event.DecodeSubmission([]byte(text))
		if err == nil || !strings.Contains(err.Error(), "an object has more than 1000 fields") {
			t.Errorf("%s: %.300v", name, err)
			continue
		}
		if n := testing.AllocsPerRun(1, func() { _, _ = event.DecodeSubmission([]byte(text)) }); n > 100 {
			t.Errorf("%s: %.0f allocations", name, n)
		}
	}
}

func FuzzDecodeSubmission(f *testing.F) {
	for _, seed := range []string{
		`{"area":"1","dataset":"d","reason":"r","observations":[{"indicator":"a","period":"2021","value":1.50},{"value":[]}]}`,
		`{"observations":[null,1,"x",{"value":"\u0000\n"}]}`, `null`, `{"observations":[{"malformed":"x"}]} `,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := event.DecodeSubmission(text)
		if err != nil {
			return
		}
		body, err := json.Marshal(s)
		check(t, err)
		again, err := event.DecodeSubmission(body)
		check(t, err)
		if again.ID() != s.ID() {
			t.Fatalf("%s and %s differ", text, body)
		}
	})
}

// The log and the districts keep ids for ever, so this one never changes.
func TestIDGolden(t *testing.T) {
	s := event.Submission{Area: "320812", Dataset: "sti-annual", Observations: []event.Observation{
		{Indicator: "hnte_valid", Period: "2021", Value: "120", Unit: "家", Stage: "estimate", Status: "A"},
		{Indicator: "rd_spending", Period: "2021", Value: "0.10"}}}
	if got, want := s.ID(), "81e3f2f731ab486bc97e31bdf456b43f"; got != want {
		t.Errorf("want %s, got %s", want, got)
	}
}

func TestCellOf(t *testing.T) {
	long := event.Submission{Columns: map[string]string{"period": "B", "value": "AC"}}
	wide := event.Submission{Sheet: "表1", Columns: map[string]string{"indicator": "A"}}
	spaced := event.Submission{Sheet: "Bob's 表"}
	for _, test := range []struct {
		of          *event.Submission
		cell        string
		field, want string
	}{
		{&long, "", "period", "B7"}, {&long, "", "value", "AC7"}, {&long, "", "note", ""},
		{&wide, "C7", "value", "表1!C7"}, {&wide, "C7", "indicator", "表1!A7"}, {&wide, "C7", "", "表1!C7"}, {&spaced, "C7", "value", "'Bob''s 表'!C7"},
	} {
		if got := test.of.CellOf(&event.Observation{Row: 7, Cell: test.cell}, test.field); got != test.want {
			t.Errorf("%q: got %q, want %q", test.field, got, test.want)
		}
	}
	for _, columns := range []string{`{"value":"c"}`, `{"value":"ABCD"}`, `{"value":"C4"}`} {
		s, err := event.DecodeSubmission([]byte(`{"columns":` + columns + `,"observations":[]}`))
		if err != nil || s.Columns != nil {
			t.Errorf("%s: want it dropped, got %v, %v", columns, s.Columns, err)
		}
	}
}

func TestIDIsTheContents(t *testing.T) {
	base := func() event.Submission {
		return event.Submission{Area: "a", Dataset: "d", Reason: "r", Observations: []event.Observation{
			{Indicator: "x", Period: "2021", Value: "1"}, {Indicator: "y", Period: "2021", Value: "2", Note: "n"}}}
	}
	want := base()
	for name, change := range map[string]func(*event.Submission){
		"order": func(s *event.Submission) {
			s.Observations[0], s.Observations[1] = s.Observations[1], s.Observations[0]
		},
		"place and file":     func(s *event.Submission) { s.Observations[0].Row, s.File = 7, "f.csv" },
		"surrounding space":  func(s *event.Submission) { s.Observations[0].Value = " 1\t" },
		"words of a problem": func(s *event.Submission) { s.Observations[0].Problem = "worded anew" },
	} {
		if s := base(); func() bool { change(&s); return s.ID() != want.ID() }() {
			t.Errorf("%s: want the same id", name)
		}
	}
	for name, change := range map[string]func(*event.Submission){
		"area":         func(s *event.Submission) { s.Area = "b" },
		"dataset":      func(s *event.Submission) { s.Dataset = "e" },
		"reason":       func(s *event.Submission) { s.Reason = "" },
		"value":        func(s *event.Submission) { s.Observations[0].Value = "1.0" },
		"note":         func(s *event.Submission) { s.Observations[1].Note = "" },
		"row more":     func(s *event.Submission) { s.Observations = append(s.Observations, s.Observations[0]) },
		"row less":     func(s *event.Submission) { s.Observations = s.Observations[:1] },
		"field moved":  func(s *event.Submission) { s.Observations[0].Unit, s.Observations[0].Value = "1", "" },
		"field joined": func(s *event.Submission) { s.Observations[0].Indicator, s.Observations[0].Period = "x\x002021", "" },
		"row in reason": func(s *event.Submission) {
			s.Reason, s.Observations = "r\nx\x002021\x001\x00\x00\x00\x00\x00\x00\x00", s.Observations[1:]
		},
	} {
		if s := base(); func() bool { change(&s); return s.ID() == want.ID() }() {
			t.Errorf("%s: want another id", name)
		}
	}
}

func TestIDProperty(t *testing.T) {
	text := rapid.StringMatching(`[ab\x00\n ]{0,3}`)
	observation := rapid.Custom(func(t *rapid.T) event.Observation {
		return event.Observation{Indicator: "i" + text.Draw(t, "indicator") + "i", Period: "p" + text.Draw(t, "period") + "p"}
	})
	submission := rapid.Custom(func(t *rapid.T) event.Submission {
		return event.Submission{Reason: text.Draw(t, "reason"), Observations: rapid.SliceOfN(observation, 0, 3).Draw(t, "rows")}
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := submission.Draw(t, "a"), submission.Draw(t, "b")
		if a.ID() == b.ID() && (a.Reason != b.Reason || len(a.Observations) != len(b.Observations)) {
			t.Fatalf("different submissions have one id: %+v %+v", a, b)
		}
		b = event.Submission{Reason: a.Reason, Observations: rapid.Permutation(a.Observations).Draw(t, "shuffled")}
		if a.ID() != b.ID() {
			t.Fatalf("order matters")
		}
	})
}
