package tally

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A city of one district that two others became part of in mid-year, and one to which a
// zone was given back then.
const derivingCity = `
city: c
areas:
  - {code: c, kind: city}
  - {code: a, kind: district, valid_to: "2021-07-01"}
  - {code: b, kind: district, valid_to: "2021-07-01"}
  - {code: m, kind: district, valid_from: "2021-07-01", predecessors: [a, b]}
  - {code: old, kind: district}
  - {code: host, kind: district, gained: [{from: zone, day: "2021-07-01"}]}
  - {code: zone, kind: carved_out, valid_to: "2021-07-01"}
datasets: [{id: d, periods: [year, half, quarter, month, ytd]}]
indicators:
  - {id: flow, unit: 亿元, datasets: [d]}
  - {id: count, unit: 家, datasets: [d]}
  - {id: stock, unit: 亿元, kind: stock, datasets: [d]}
`

// reported builds a source from lines such as "old 2021-S1 5 flash"; "O" is a figure
// that the area said is missing.
func reported(t *testing.T, indicator, lines string) cells {
	t.Helper()
	source := cells{}
	for n, line := range strings.Split(lines, "; ") {
		words := strings.Fields(line)
		part := ledger.Part{Area: words[0], Sequence: uint64(n + 1), Figure: ledger.Figure{Stage: catalogue.Final, Status: catalogue.Normal}}
		if words[2] == "O" {
			part.Status = catalogue.Missing
		} else {
			reading, err := catalogue.ParseValue(words[2])
			if err != nil {
				t.Fatal(err)
			}
			part.Value, part.Qualifier = reading.Value, reading.Qualifier
		}
		if len(words) > 3 {
			stage, err := catalogue.ParseStage(words[3])
			if err != nil {
				t.Fatal(err)
			}
			part.Stage = stage
		}
		cell := ledger.Cell{Indicator: indicator, Period: fixture.Period(words[1])}
		source[cell] = append(source[cell], part)
		slices.SortFunc(source[cell], func(a, b ledger.Part) int { return strings.Compare(a.Area, b.Area) })
	}
	return source
}

// Rules: missing, year to date, tiling, January and February.
func TestFiguresThatFollow(t *testing.T) {
	c, err := catalogue.Parse([]byte(derivingCity))
	if err != nil {
		t.Fatal(err)
	}
	joined := "old 2021-YTD02 30; old 2021-03 10; old 2021-04 10; old 2021-05 10; old 2021-06 10; old 2021-07 10; old 2021-08 10; old 2021-09 10; old 2021-10 10; old 2021-11 10; old 2021-12 10"
	for _, test := range []struct {
		name, lines, area string
		want              map[string]string // figure by period
	}{
		{"January and February as one", joined, "old", map[string]string{
			"2021": "130", "2021-S1": "70", "2021-S2": "60", "2021-Q1": "40", "2021-Q4": "30", "2021-YTD11": "120", "2021-01": "", "2021-02": ""}},
		{"spans of different kinds", "old 2021-S1 50; old 2021-Q3 20; old 2021-Q4 30", "old", map[string]string{"2021": "100", "2021-YTD09": "70", "2021-S2": "50"}},
		{"year to date and a month", "old 2021-YTD06 60; old 2021-07 7", "old", map[string]string{"2021-YTD07": "67", "2021-S1": "60", "2021": ""}},
		{"differences", "old 2021-YTD06 60; old 2021-Q1 25; old 2021 130", "old", map[string]string{"2021-Q2": "35", "2021-S2": "70", "2021-Q3": ""}},
		{"half less quarter", "old 2021-S2 60; old 2021-Q3 25", "old", map[string]string{"2021-Q4": "35"}},
		{"December's year to date is not the year", "old 2021-YTD12 60", "old", map[string]string{"2021": "", "2021-YTD12": "60"}},
		{"reported itself first", "old 2021-Q1 9 estimate; old 2021-YTD03 8 final", "old", map[string]string{"2021-Q1": "9", "2021-YTD03": "8", "2021-YTD01": ""}},
		{"highest lowest stage", "old 2021-S1 1 flash; old 2021-S2 1 final; old 2021-YTD11 5; old 2021-12 5", "old", map[string]string{"2021": "10"}},
		{"fewest parts", "old 2021-01 1; old 2021-02 1; old 2021-YTD02 5; old 2021-03 1; old 2021-Q2 1; old 2021-S2 1", "old", map[string]string{"2021": "8"}},
		{"then the latest", "old 2021-YTD03 1; old 2021-Q1 2; old 2021-Q2 10", "old", map[string]string{"2021-S1": "12"}},
		{"said to be missing", "old 2021-S1 50; old 2021-S2 50; old 2021 O; old 2021-YTD06 O", "old", map[string]string{"2021": "", "2021-YTD06": "", "2021-YTD12": "100"}},
		{"merger in mid-year", "a 2021-S1 10; b 2021-Q1 5; b 2021-Q2 6; m 2021-S2 30", "m", map[string]string{"2021": "51", "2021-S2": "30", "2021-YTD12": "51"}},
		{"merger and years to date", "a 2021-YTD06 10; b 2021-YTD06 5; m 2021-YTD07 20", "m", map[string]string{"2021-07": "5"}},
		{"a zone given back", "host 2021-S1 10; zone 2021-Q1 1; zone 2021-Q2 2; host 2021-S2 30", "host", map[string]string{"2021": "43", "2021-S1": "10", "2021-S2": "30"}},
		{"a zone given back, told by the host", "host 2021-YTD09 10; zone 2021-S1 3; host 2021-Q4 30", "host", map[string]string{"2021": "40"}},
		{"a zone given back and years to date", "host 2021-YTD06 10; zone 2021-YTD06 3; host 2021-YTD07 20", "host", map[string]string{"2021-07": "7"}},
		{"a zone given back that said nothing", "host 2021-S1 10; host 2021-S2 30", "host", map[string]string{"2021": ""}},
		{"merger with a part missing", "a 2021-S1 10; m 2021-S2 30", "m", map[string]string{"2021": ""}},
	} {
		source := reported(t, "flow", test.lines)
		for period, want := range test.want {
			got := ""
			if own, ok := OfArea(c, source, ledger.Cell{Indicator: "flow", Period: fixture.Period(period)}, test.area); ok {
				got = own.Value.String()
			}
			if got != want {
				t.Errorf("%s: %s: want %q, got %q", test.name, period, want, got)
			}
		}
	}
}

// Rules: period, one instant.
func TestStocksAtOneInstantAreOneReading(t *testing.T) {
	c, err := catalogue.Parse([]byte(derivingCity))
	if err != nil {
		t.Fatal(err)
	}
	source := reported(t, "stock", "old 2021-12 7 flash; old 2021 5 final; old 2021-Q4 6 flash; old 2021-YTD12 O final; old 2021-06 1; old 2021-S1 2; old 2021-Q2 O")
	for period, want := range map[string]string{
		"2021": "5", "2021-S2": "5", "2021-Q4": "5", "2021-12": "5", "2021-YTD12": "", "2021-06": "2", "2021-S1": "2", "2021-Q2": "", "2021-YTD06": "2",
	} {
		got := ""
		if own, ok := OfArea(c, source, ledger.Cell{Indicator: "stock", Period: fixture.Period(period)}, "old"); ok {
			got = own.Value.String()
		}
		if got != want {
			t.Errorf("%s: want %q, got %q", period, want, got)
		}
	}
}

// Rules: contradictions.
func TestContradictionsAreNamed(t *testing.T) {
	c, err := catalogue.Parse([]byte(derivingCity))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, indicator, lines, period string
		want                           []string
	}{
		{"two spellings", "flow", "old 2021-Q1 30; old 2021-YTD03 31", "2021-Q1", []string{"old: 30 = 2021-Q1, 31 = 2021-YTD03"}},
		{"and the other", "flow", "old 2021-Q1 30; old 2021-YTD03 31", "2021-YTD03", []string{"old: 31 = 2021-YTD03, 30 = 2021-Q1"}},
		{"rounded parts", "flow", "old 2021-S1 50; old 2021-Q1 25; old 2021-Q2 24", "2021-S1", nil},
		{"counts are not rounded", "count", "old 2021-S1 50; old 2021-Q1 25; old 2021-Q2 24", "2021-S1", []string{"old: 50 = 2021-S1, 49 = 2021-Q1 + 2021-Q2"}},
		{"neither reported itself", "flow", "old 2021-S1 50; old 2021-YTD06 70; old 2021-S2 10", "2021", []string{"old: 60 = 2021-S1 + 2021-S2, 80 = 2021-YTD06 + 2021-S2"}},
		{"a difference", "count", "old 2021-YTD06 60; old 2021-YTD03 20; old 2021-Q2 30", "2021-Q2", []string{"old: 30 = 2021-Q2, 40 = - 2021-YTD03 + 2021-YTD06"}},
		{"quarters within a half", "count", "old 2021-S1 5; old 2021-S2 5; old 2021-Q1 2; old 2021-Q2 2; old 2021-Q3 1; old 2021-Q4 1", "2021", []string{"old: 10 = 2021-S1 + 2021-S2, 6 = 2021-Q1 + 2021-Q2 + 2021-Q3 + 2021-Q4"}},
		{"qualified", "flow", "old 2021-Q1 近30; old 2021-YTD03 25", "2021-Q1", nil},
	} {
		var got []string
		for _, of := range Contradictions(c, reported(t, test.indicator, test.lines), ledger.Cell{Indicator: test.indicator, Period: fixture.Period(test.period)}) {
			got = append(got, fmt.Sprintf("%s: %s = %s, %s = %s", of.Area, of.One.Value, spansText(of.One.Inputs, test.period), of.Two.Value, spansText(of.Two.Inputs, test.period)))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: want %q, got %q", test.name, test.want, got)
		}
	}
}

func spansText(inputs []event.Input, period string) string {
	text := ""
	for i := range inputs {
		sign := " + "
		if inputs[i].Subtracted {
			sign = " - "
		}
		of := inputs[i].Period.String()
		if of == "" {
			of = period
		}
		text += sign + of
	}
	return strings.TrimPrefix(strings.TrimPrefix(text, " + "), " ")
}
