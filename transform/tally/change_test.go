package tally

import (
	"maps"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/transform/internal/fixture"
	"github.com/citytally/citytally/transform/ledger"
)

// A city of two districts with a level, a second one, and the share of the first in it.
const comparingCity = `
city: c
areas: [{code: c, kind: city}, {code: a, kind: district}, {code: b, kind: district}]
datasets: [{id: d, periods: [year, ytd]}]
indicators:
  - {id: part, unit: 亿元, datasets: [d]}
  - {id: whole, unit: 亿元, datasets: [d]}
  - {id: share, unit: "%", city_total: ratio, numerator: part, denominator: whole, rounding: truncate}
  - {id: firms, unit: 家, datasets: [d]}
  - {id: each, unit: 亿元/家, city_total: ratio, numerator: part, denominator: firms}
  - {id: rate, unit: ‰, city_total: city, kind: ratio, datasets: [d]}
`

// The cases that semantics.md names of qualifiers, units, signs, digits and rounding.
//
// Rules: overflow, intervals, units, rounded once, rates.
func TestChangesAndQualifiers(t *testing.T) {
	c, err := catalogue.Parse([]byte(comparingCity))
	if err != nil {
		t.Fatal(err)
	}
	type told struct{ Value, Qualifier, Change, ChangeQualifier, Absolute, Reason string }
	for _, test := range []struct {
		name, indicator string
		// reports are of indicators, as reported reads them.
		reports map[string]string
		want    told
	}{
		{"exact by nearly", "share", map[string]string{"part": "a 2021 10", "whole": "a 2021 近20"}, told{Value: "50", Qualifier: "above", Reason: BaseMissing}},
		{"nearly by nearly", "share", map[string]string{"part": "a 2021 近10", "whole": "a 2021 近20"}, told{Value: "50", Qualifier: "about", Reason: BaseMissing}},
		{"over by nearly", "share", map[string]string{"part": "a 2021 超10", "whole": "a 2021 近20"}, told{Value: "50", Qualifier: "above", Reason: BaseMissing}},
		{"zero by nearly", "share", map[string]string{"part": "a 2021 0", "whole": "a 2021 近20"}, told{Value: "0", Reason: BaseMissing}},
		{"below zero by nearly", "share", map[string]string{"part": "a 2021 -10", "whole": "a 2021 近20"}, told{Value: "-50", Qualifier: "below", Reason: BaseMissing}},
		{"less nearly, by nearly", "part", map[string]string{"part": "a 2020 近20; a 2021 近10"}, told{"10", "below", "-50", "about", "-10", ""}},
		{"by nearly", "part", map[string]string{"part": "a 2020 近100; a 2021 150"}, told{"150", "", "50", "above", "50", ""}},
		{"nearly by exact", "part", map[string]string{"part": "a 2020 20; a 2021 近10"}, told{"10", "below", "-50", "below", "-10", ""}},
		{"a fall below zero, by nearly", "part", map[string]string{"part": "a 2020 近20; a 2021 -10"}, told{"-10", "", "", "above", "-30", SignChange}},
		{"points of a share per mille", "rate", map[string]string{"rate": "c 2020 5; c 2021 5.5"}, told{"5.5", "", "0.05", "", "0.5", ""}},
		{"from plus to minus", "part", map[string]string{"part": "a 2020 1; a 2021 -1"}, told{Value: "-1", Absolute: "-2", Reason: SignChange}},
		{"from minus to plus", "part", map[string]string{"part": "a 2020 -1; a 2021 1"}, told{Value: "1", Absolute: "2", Reason: SignChange}},
		{"minus both", "part", map[string]string{"part": "a 2020 -2; a 2021 -1"}, told{Value: "-1", Absolute: "1", Reason: BaseNegative}},
		{"from minus to zero", "part", map[string]string{"part": "a 2020 -2; a 2021 0"}, told{Value: "0", Absolute: "2", Reason: BaseNegative}},
		{"from zero", "part", map[string]string{"part": "a 2020 0; a 2021 3"}, told{Value: "3", Absolute: "3", Reason: BaseZero}},
		{"to zero", "part", map[string]string{"part": "a 2020 4; a 2021 0"}, told{"0", "", "-100", "", "-4", ""}},
		{"rounded once", "share", map[string]string{"part": "a 2021 199999999999999", "whole": "a 2021 200000000000000"}, told{Value: "99.999999999999", Reason: BaseMissing}},
		{"from what only rounds to zero", "each", map[string]string{"part": "a 2020 0.000000000001; a 2021 0.000000000004", "firms": "a 2020 1000; a 2021 1000"}, told{Value: "0", Change: "300", Absolute: "0"}},
		{"a rate with too many digits", "part", map[string]string{"part": "a 2020 0.000000000001; a 2021 999999999999999999"}, told{Value: "999999999999999999", Absolute: "999999999999999998.999999999999", Reason: Overflow}},
		{"a share with too many digits", "share", map[string]string{"part": "a 2021 999999999999999999", "whole": "a 2021 0.000000000001"}, told{Reason: Overflow}},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := cells{}
			for id, lines := range test.reports {
				maps.Copy(source, reported(t, id, lines))
			}
			total, _ := Tally(c, source, ledger.Cell{Indicator: test.indicator, Period: fixture.Period("2021")})
			got := told{total.Value, total.Qualifier, total.Change, total.ChangeQualifier, total.ChangeAbsolute, total.ChangeReason}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("want, got:\n%s", diff)
			}
		})
	}
}

// A ratio of which one part is the city's own lacks the office that has not reported: the
// city, or only the districts that lack theirs.
//
// Rules: whose is missing.
func TestRatioLacksTheOfficeThatIsMissing(t *testing.T) {
	c, err := catalogue.Parse([]byte(`
city: c
areas: [{code: c, kind: city}, {code: a, kind: district}, {code: b, kind: district}]
datasets: [{id: d, periods: [year]}]
indicators:
  - {id: part, unit: 亿元, datasets: [d]}
  - {id: town, unit: 亿元, city_total: city, datasets: [d]}
  - {id: share, unit: "%", city_total: ratio, numerator: part, denominator: town}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		part, town, value string
		missing           []string
	}{
		{"a 2021 1; b 2021 2", "c 2021 4", "75", nil},
		{"a 2021 1; b 2021 2", "", "", []string{"c"}},
		{"a 2021 1; b 2021 2", "c 2021 O", "", []string{"c"}},
		{"a 2021 1", "c 2021 4", "", []string{"b"}},
		{"", "c 2021 4", "", []string{"a", "b"}},
		{"b 2021 1", "", "", []string{"a", "c"}},
	} {
		source := cells{}
		for id, lines := range map[string]string{"part": test.part, "town": test.town} {
			if lines != "" {
				maps.Copy(source, reported(t, id, lines))
			}
		}
		total, ok := Tally(c, source, ledger.Cell{Indicator: "share", Period: fixture.Period("2021")})
		if !ok || total.Value != test.value || total.Expected != 3 || !slices.Equal(total.Missing, test.missing) {
			t.Errorf("%s and %s: got %v, %q of %d, without %v; want %q without %v", test.part, test.town, ok, total.Value, total.Expected, total.Missing, test.value, test.missing)
		}
	}
}
