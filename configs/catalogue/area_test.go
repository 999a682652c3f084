package catalogue

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Rules: area, sum.
func TestExpected(t *testing.T) {
	c := load(t, "../catalogue.yaml")
	for period, want := range map[string][]string{
		"2015":       {"320802", "320803", "320804", "320811", "320826", "320829", "320830", "320831", "320871"},
		"2016-09":    {"320802", "320803", "320804", "320811", "320826", "320829", "320830", "320831", "320871"},
		"2016-10":    {"320803", "320804", "320812", "320813", "320826", "320830", "320831", "320871"},
		"2016":       {"320803", "320804", "320812", "320813", "320826", "320830", "320831", "320871"},
		"2021-YTD06": {"320803", "320804", "320812", "320813", "320826", "320830", "320831", "320871"},
	} {
		p, err := ParsePeriod(period)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, c.Expected(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", period, diff)
		}
	}
}

// Rules: area.
func TestAreaExistsFromItsFirstDay(t *testing.T) {
	c := load(t, "testdata/full.good.yaml")
	for _, test := range []struct {
		code, period string
		want         bool
	}{
		{"100001", "2016-10", true}, {"100001", "2016-09", false}, {"100001", "2016", true},
		{"old-1", "2016-09", true}, {"old-1", "2016-10", false}, {"old_2", "2016-09", true},
		{"old_2", "2000", false}, {"100071", "1949", true},
	} {
		p, err := ParsePeriod(test.period)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := c.Area(test.code)
		if got := a.ValidIn(p); got != test.want {
			t.Errorf("%s in %s: want %v, got %v", test.code, test.period, test.want, got)
		}
	}
	if a, _ := c.Area("hitech"); a.Additive() {
		t.Error("a zone inside a district is added to the city")
	}
}
