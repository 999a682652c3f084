package tally

import (
	"strings"
	"testing"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// Rules: territory, one code per cause.
func TestChangesCompareTerritory(t *testing.T) {
	for _, test := range []struct {
		name, areas, lines string
		want               string // the change, or the reason with its areas
	}{
		{"split", `a; p valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p]; n valid_from: "2021-06-01", predecessors: [p]`,
			"a 2020 10; p 2020 100; a 2021 20; m 2021 50; n 2021 62", "20"},
		{"split, half of it missing", `a; p valid_to: "2021-06-01"; m valid_from: "2021-06-01", predecessors: [p]; n valid_from: "2021-06-01", predecessors: [p]`,
			"a 2020 10; p 2020 100; a 2021 20; m 2021 60", "MISSING_MEMBER n"},
		{"a part handed over", `a; b gained: [{from: a, day: "2021-06-01"}]; d`, "a 2020 60; b 2020 40; d 2020 5; a 2021 50; b 2021 70; d 2021 6", "20"},
		{"handed over by an area that has not reported", `a; b gained: [{from: a, day: "2021-06-01"}]; d`, "b 2020 40; d 2020 5; b 2021 70; d 2021 6", "MISSING_MEMBER a"},
		{"missing in both years", "a; b; d", "a 2020 40; d 2020 10; a 2021 50; d 2021 5", "10"},
		{"missing in one year", "a; b; d", "a 2020 40; b 2020 10; a 2021 50; d 2021 5", "MISSING_MEMBER b d"},
		{"new", `a; n valid_from: "2021-06-01"`, "a 2020 40; a 2021 50; n 2021 5", "NEW_AREA n"},
		{"new, and has not reported", `a; n valid_from: "2021-06-01"`, "a 2020 40; a 2021 50", "NEW_AREA n"},
		{"gone", `a; g valid_to: "2021-06-01"`, "a 2020 40; g 2020 1; a 2021 50", "BREAK g"},
	} {
		text := "city: c\nareas:\n  - {code: c, name_zh: c, name_en: c, kind: city}\n"
		for area := range strings.SplitSeq(test.areas, "; ") {
			code, rest, _ := strings.Cut(area, " ")
			text += "  - {code: " + code + ", name_zh: " + code + ", name_en: " + code + ", kind: district, " + rest + "}\n"
		}
		c, err := catalogue.Parse([]byte(text + "datasets: [{id: d, periods: [year]}]\nindicators: [{id: x, unit: 亿元, coverage: partial, datasets: [d]}]\n"))
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		total, _ := Tally(c, reported(t, "x", test.lines), ledger.Cell{Indicator: "x", Period: fixture.Period("2021")})
		got := total.Change
		if got == "" {
			got = strings.Join(append([]string{total.ChangeReason}, total.ChangeAreas...), " ")
		}
		if got != test.want {
			t.Errorf("%s: want %s, got %s", test.name, test.want, got)
		}
	}
}
