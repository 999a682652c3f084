package decode_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode"
	"github.com/citytally/citytally/ingest/event"
)

// readText reads a text as figures.csv of a district.
func readText(t testing.TB, text string) ([]event.Submission, error) {
	t.Helper()
	o := options(t)
	o.File = "figures.csv"
	got, err := decode.Read([]byte(text), o)
	return got.Submissions, err
}

// withoutColumns compares submissions but for where they stood, which TestCellsOfFindings looks at.
var withoutColumns = cmpopts.IgnoreFields(event.Submission{}, "Columns", "Sheet")

func one(observations ...event.Observation) []event.Submission {
	return []event.Submission{{Area: "320812", Dataset: "sti-annual", File: "figures.csv", Observations: observations}}
}

func TestCSV(t *testing.T) {
	valid := event.Observation{Row: 2, Indicator: "hnte_valid", Period: "2021", Value: "120"}
	tests := map[string]struct {
		text string
		want []event.Submission
	}{
		"required columns only":                      {"indicator,period,value\nhnte_valid,2021,120\n", one(valid)},
		"no newline at the end":                      {"indicator,period,value\nhnte_valid,2021,120", one(valid)},
		"byte order mark, CRLF, any order, capitals": {"\uFEFFValue,PERIOD,indicator\r\n120,2021,hnte_valid\r\n", one(valid)},
		"surrounding space goes, inner stays": {"indicator , period,value,note\n hnte_valid ,\u30002021,1 200, a  b \n",
			one(event.Observation{Row: 2, Indicator: "hnte_valid", Period: "2021", Value: "1 200", Note: "a  b"})},
		"every column": {"indicator,period,value,unit,stage,status,qualifier,note\nrd,2021,0.10,亿元,estimate,A,近,修订\n",
			one(event.Observation{Row: 2, Indicator: "rd", Period: "2021", Value: "0.10", Unit: "亿元", Stage: "estimate", Status: "A", Qualifier: "近", Note: "修订"})},
		"what a figure is held against": {"指标,报告期,数值,上年同期（亿元）,同比增长(%)\nrd,2021,1.5,1.4,7.1%\nrd,2020,1.4,,#DIV/0!\n",
			one(event.Observation{Row: 2, Indicator: "rd", Period: "2021", Value: "1.5", Base: "1.4", Change: "7.1%"}, event.Observation{Row: 3, Indicator: "rd", Period: "2020", Value: "1.4"})},
		"rows that say nothing count": {"\nindicator,period,value\n\n,,\nhnte_valid,2021,120\n",
			one(event.Observation{Row: 5, Indicator: "hnte_valid", Period: "2021", Value: "120"})},
		"quoted cells": {"indicator,period,value,note\n\"rd\",2021,\"1,200.5\",\"he said \"\"so\"\"\nand left\"\nrd,2020,1,\n",
			one(event.Observation{Row: 2, Indicator: "rd", Period: "2021", Value: "1,200.5", Note: "he said \"so\"\nand left"},
				event.Observation{Row: 3, Indicator: "rd", Period: "2020", Value: "1"})},
		"an empty cell is kept": {"indicator,period,value\nrd,2021,\n", one(event.Observation{Row: 2, Indicator: "rd", Period: "2021"})},
		"no rows":               {"indicator,period,value\n", one()},
		"several submissions": {"area,dataset,indicator,period,value\n1,a,x,2021,1\n2,a,x,2021,2\n1,b,x,2021,3\n1,a,y,2021,4\n,,x,2021,5\n", []event.Submission{
			{Area: "1", Dataset: "a", File: "figures.csv", Observations: []event.Observation{
				{Row: 2, Indicator: "x", Period: "2021", Value: "1"}, {Row: 5, Indicator: "y", Period: "2021", Value: "4"}}},
			{Area: "2", Dataset: "a", File: "figures.csv", Observations: []event.Observation{{Row: 3, Indicator: "x", Period: "2021", Value: "2"}}},
			{Area: "1", Dataset: "b", File: "figures.csv", Observations: []event.Observation{{Row: 4, Indicator: "x", Period: "2021", Value: "3"}}},
			{Area: "320812", Dataset: "sti-annual", File: "figures.csv", Observations: []event.Observation{{Row: 6, Indicator: "x", Period: "2021", Value: "5"}}},
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readText(t, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, withoutColumns); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestCSVKeepsTheOtherRows(t *testing.T) {
	const header = "indicator,period,value,note\n"
	tests := map[string]struct{ bad, problem string }{
		"too few fields":        {"rd,2021", "2 fields where the header has 4"},
		"too many fields":       {"rd,2021,1,2,3", "5 fields where the header has 4"},
		"thousands separator":   {"rd,2021,1,200,", "5 fields where the header has 4"},
		"bare quote":            {`rd,2021,1,5" pipe`, "stray quotation mark"},
		"open quote":            {`rd,2021,1,"never closed`, "stray quotation mark"},
		"text after the quotes": {`rd,2021,1,"a"b`, "stray quotation mark"},
		"very long line":        {"rd,2021,1," + strings.Repeat("x", 70<<10), "a line of more than 65536 bytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := readText(t, header+"a,2021,1,\n"+test.bad+"\nb,2021,2,\n\"c\",2021,3,\n")
			if err != nil {
				t.Fatal(err)
			}
			rows := got[0].Observations
			if len(got) != 1 || len(rows) != 4 {
				t.Fatalf("want one submission of 4 rows, got %+v", got)
			}
			if o := rows[1]; o.Row != 3 || o.Malformed == "" || !strings.Contains(o.Problem, test.problem) {
				t.Errorf("want row 3 malformed with %q, got %+v", test.problem, o)
			}
			if o := rows[1]; o.ProblemZH == "" || strings.ContainsFunc(o.Problem, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
				t.Errorf("want each language by itself, got %q and %q", o.Problem, o.ProblemZH)
			}
			for i, want := range []string{"a", "", "b", "c"} {
				if rows[i].Indicator != want || rows[i].Row != i+2 {
					t.Errorf("want %q in row %d, got %+v", want, i+2, rows[i])
				}
			}
			if len(rows[1].Malformed) > 210 {
				t.Errorf("want the row's text clipped, got %d bytes", len(rows[1].Malformed))
			}
		})
	}
}

func TestCSVMalformedRowsStayWithTheirNeighbours(t *testing.T) {
	got, err := readText(t, "area,indicator,period,value\nbad\n1,x,2021,1\n2,x,2021,2\nworse\n1,y,2021,3\n")
	if err != nil {
		t.Fatal(err)
	}
	var places []string
	for _, s := range got {
		for _, o := range s.Observations {
			places = append(places, fmt.Sprintf("%s:%d:%s", s.Area, o.Row, o.Malformed))
		}
	}
	if diff := cmp.Diff([]string{"1:2:bad", "1:3:", "1:6:", "2:4:", "2:5:worse"}, places); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestCSVHeaderErrors(t *testing.T) {
	tests := map[string]struct {
		text, code string
		en         []string
	}{
		"empty file":   {"", decode.Empty, []string{"empty"}},
		"blank lines":  {"\n\n", decode.Empty, []string{"empty"}},
		"near miss":    {"indicator,period,value,statsu\n", decode.BadColumns, []string{`column 4, "statsu", is unknown; did you mean "status"?`}},
		"duplicate":    {"indicator,period,value,Value\n", decode.BadColumns, []string{`column 4, "value", occurs twice`}},
		"missing":      {"indicator,unit\n", decode.BadColumns, []string{`column "value" is missing`}},
		"all at once":  {"indicator,colour,unit,size\n", decode.BadColumns, []string{`"colour", is unknown`, `"size", is unknown`, `"value" is missing`}},
		"a workbook":   {"PK\x03\x04\x14\x00\n", decode.BadFile, []string{"broken or incomplete"}},
		"as it stands": {"Indicater,period,value\n", decode.BadColumns, []string{`column 1, "Indicater", is unknown (did you mean "indicator"?)`}},
		"UTF-16":       {"\xFF\xFEi\x00n\x00d", decode.BadEncoding, []string{"UTF-16"}},
		"stray quote":  {"indicator\",period,value\n", decode.BadColumns, []string{"stray quotation mark"}},
		"too wide":     {strings.Repeat("x,", 20000) + "y\n", decode.BadColumns, []string{"more than 1000 columns"}},
		"header alone": {"figures 2021\n", decode.BadColumns, []string{`"figures 2021", is unknown`, "send it with period=2021"}},
		"two layouts":  {"indicator,period,value,2021,2022\n", decode.Ambiguous, []string{"with one figure or with many"}},
		"data alone":   {"gdp,2022,850.2\nhnte_valid,2022,95\n", decode.BadColumns, []string{"row 1 holds figures and there is no header above it"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := readText(t, test.text)
			p, ok := errors.AsType[*catalogue.Problem](err)
			if !ok || p.Code != test.code {
				t.Fatalf("want a problem %s, got %v", test.code, err)
			}
			for _, part := range test.en {
				if !strings.Contains(p.EN, part) {
					t.Errorf("want %q in %q", part, p.EN)
				}
			}
			if p.ZH == "" || len(p.EN) > 2000 {
				t.Errorf("want a Chinese message and a short English one, got %q and %d bytes", p.ZH, len(p.EN))
			}
		})
	}
}

func TestCSVRowLimit(t *testing.T) {
	_, err := readText(t, "indicator,period,value\n"+strings.Repeat("x\n", decode.MaxRows+1))
	if p, ok := errors.AsType[*catalogue.Problem](err); !ok || p.Code != decode.TooManyRows {
		t.Fatalf("want %s, got %v", decode.TooManyRows, err)
	}
}
