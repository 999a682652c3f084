package catalogue

import (
	"strings"
	"testing"
)

func TestPeriodsFedBy(t *testing.T) {
	for _, test := range []struct {
		kind   Kind
		period string
		want   string
	}{
		{Flow, "2021", "2021-S2 2021-Q4 2021-12"},
		{Flow, "2021-Q2", "2021 2021-S1 2021-YTD06 2021-YTD07 2021-YTD08 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12"},
		{Flow, "2021-Q3", "2021 2021-S2 2021-Q4 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12"},
		{Flow, "2021-12", "2021 2021-S2 2021-Q4 2021-YTD12"},
		{Flow, "2021-YTD12", "2021-S2 2021-Q4 2021-12"},
		{Flow, "2021-YTD06", "2021 2021-S1 2021-S2 2021-Q2 2021-Q3 2021-06 2021-07 2021-YTD07 2021-YTD08 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12"},
		{Stock, "2021-Q2", "2021-S1 2021-06 2021-YTD06"},
		{Stock, "2021-12", "2021 2021-S2 2021-Q4 2021-YTD12"},
		{Ratio, "2021-12", ""},
	} {
		p, err := ParsePeriod(test.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := codes(p.PeriodsFedBy(test.kind)); got != test.want {
			t.Errorf("%s %s feeds %s, want %s", test.kind, test.period, got, test.want)
		}
	}
}

func TestNumbersArePlaces(t *testing.T) {
	for n, p := range PeriodsOfYear(2021) {
		if p.Number() != n || p.Year != 2021 {
			t.Errorf("%s has the number %d at place %d", p, p.Number(), n)
		}
	}
}

func TestFollow(t *testing.T) {
	for _, test := range []struct {
		kind     Kind
		reported string
		want     string
	}{
		{Flow, "2021", ""},
		{Flow, "2021 2021-YTD12", ""},
		{Flow, "2021 2021-S1", "2021-S2 2021-YTD06"},
		{Flow, "2021-Q1 2021-YTD03", "2021-Q1 2021-YTD03"},
		{Flow, "2021-YTD02 2021-03", "2021-Q1 2021-YTD03"},
		{Flow, "2021-S1 2021-Q3 2021-10 2021-11 2021-12", "2021 2021-S2 2021-Q4 2021-YTD06 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12"},
		{Stock, "2021-Q2", "2021-S1 2021-06 2021-YTD06"},
		{Ratio, "2021-Q1 2021-Q2", ""},
	} {
		var reported PeriodSet
		for code := range strings.FieldsSeq(test.reported) {
			p, err := ParsePeriod(code)
			if err != nil {
				t.Fatal(err)
			}
			reported |= SetOf(p)
		}
		if got := codes(reported.Follow(test.kind)); got != test.want {
			t.Errorf("%s %s: want %s, got %s", test.kind, test.reported, test.want, got)
		}
	}
}

func codes(s PeriodSet) string {
	var codes []string
	for number := range s.Numbers() {
		codes = append(codes, NumberedPeriod(2021, number).String())
	}
	return strings.Join(codes, " ")
}
