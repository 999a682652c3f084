package catalogue

import (
	"fmt"
	"testing"
)

func TestFeeds(t *testing.T) {
	for _, test := range []struct {
		kind   Kind
		period string
		want   string
	}{
		{Flow, "2021", "[2021-S2 2021-Q4 2021-12]"},
		{Flow, "2021-Q2", "[2021 2021-S1 2021-YTD06 2021-YTD07 2021-YTD08 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12]"},
		{Flow, "2021-Q3", "[2021 2021-S2 2021-Q4 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12]"},
		{Flow, "2021-12", "[2021 2021-S2 2021-Q4 2021-YTD12]"},
		{Flow, "2021-YTD12", "[2021-S2 2021-Q4 2021-12]"},
		{Flow, "2021-YTD06", "[2021 2021-S1 2021-S2 2021-Q2 2021-Q3 2021-06 2021-07 2021-YTD07 2021-YTD08 2021-YTD09 2021-YTD10 2021-YTD11 2021-YTD12]"},
		{Stock, "2021-Q2", "[2021-S1 2021-06 2021-YTD06]"},
		{Stock, "2021-12", "[2021 2021-S2 2021-Q4 2021-YTD12]"},
		{Ratio, "2021-12", "[]"},
	} {
		p, err := ParsePeriod(test.period)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(p.DerivedPeriods(test.kind)); got != test.want {
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
