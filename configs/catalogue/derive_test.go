package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestFormulas(t *testing.T) {
	for _, test := range []struct {
		kind   Kind
		period string
		want   string
	}{
		{Flow, "2021-03", "2021-YTD03 - 2021-YTD02"},
		{Flow, "2021-01", "2021-YTD01"},
		{Flow, "2021-Q1", "2021-01 + 2021-02 + 2021-03 | 2021-YTD03"},
		{Flow, "2021-Q2", "2021-04 + 2021-05 + 2021-06 | 2021-YTD06 - 2021-YTD03"},
		{Flow, "2021-S2", "2021-Q3 + 2021-Q4 | 2021-07 + 2021-08 + 2021-09 + 2021-10 + 2021-11 + 2021-12 | 2021-YTD12 - 2021-YTD06"},
		{Flow, "2021-YTD02", "2021-01 + 2021-02"},
		{Flow, "2021-YTD06", "2021-01 + 2021-02 + 2021-03 + 2021-04 + 2021-05 + 2021-06 | 2021-Q1 + 2021-Q2 | 2021-S1"},
		{Stock, "2021", "2021-S2 | 2021-Q4 | 2021-12 | 2021-YTD12"},
		{Stock, "2021-Q2", "2021-S1 | 2021-06 | 2021-YTD06"},
		{Stock, "2021-05", "2021-YTD05"},
		{Ratio, "2021", ""},
	} {
		p, err := ParsePeriod(test.period)
		if err != nil {
			t.Fatal(err)
		}
		var formulas []string
		for _, f := range p.Formulas(test.kind) {
			text := join(f.Plus)
			if len(f.Minus) > 0 {
				text += " - " + join(f.Minus)
			}
			formulas = append(formulas, text)
		}
		if got := strings.Join(formulas, " | "); got != test.want {
			t.Errorf("%s %s = %s, want %s", test.kind, test.period, got, test.want)
		}
	}
}

func join(periods []Period) string {
	var texts []string
	for _, p := range periods {
		texts = append(texts, p.String())
	}
	return strings.Join(texts, " + ")
}

// A year is never taken from December's year to date.
func TestYearIsNotDecembersYearToDate(t *testing.T) {
	for _, f := range (Period{Year: 2021, Kind: Year}).Formulas(Flow) {
		for _, p := range append(f.Plus, f.Minus...) {
			if p.Kind == YearToDate {
				t.Errorf("formula of a year uses %s", p)
			}
		}
	}
}

// A period feeds exactly those whose formulas name it.
func TestFeedsAreFormulasTurnedRound(t *testing.T) {
	for _, kind := range []Kind{Flow, Stock, Ratio} {
		for _, p := range periodsOfYear() {
			p.Year = 2021
			for _, q := range periodsOfYear() {
				q.Year = 2021
				uses := slices.ContainsFunc(q.Formulas(kind), func(f Formula) bool {
					return slices.Contains(f.Plus, p) || slices.Contains(f.Minus, p)
				})
				if got := slices.Contains(p.Feeds(kind), q); got != uses {
					t.Errorf("%s: %s feeds %s: %v, but uses it: %v", kind, p, q, got, uses)
				}
			}
		}
	}
	if got := fmt.Sprint((Period{Year: 2021, Kind: YearToDate, Index: 6}).Feeds(Flow)); got != "[2021-S1 2021-S2 2021-Q2 2021-Q3 2021-06 2021-07]" {
		t.Errorf("2021-YTD06 feeds %s", got)
	}
}
