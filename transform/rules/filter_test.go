package rules

import (
	"slices"
	"testing"

	"github.com/google/cel-go/common/types"
	"pgregory.net/rapid"

	"github.com/citytally/citytally/configs/catalogue"
)

// A filter answers no only of rows of which the expression is not true, for every rule
// that ships and for expressions of every form that filters are made of.
func TestFilterNeverHidesAFault(t *testing.T) {
	set, c := shipped(t)
	all := slices.Clone(set.compiled)
	for _, expression := range []string{
		"value > before", "value >= before * most", "!(value < before) || value == year_before", "abs(value) * 3 <= abs(year_before) * most",
		"value.is_whole() && before != year_before", "-value > before", "value + before > most", "value > 5 && has_minimum", "abs(before * year_before * most) > value * value",
	} {
		one, err := compile(&Rule{ID: "x", Expression: expression, Thresholds: map[string]string{"most": "1.50"}, MessageZH: "x", MessageEN: "x"}, "x", c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	answers := map[answer]int{}
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.SampledFrom(all).Draw(t, "rule")
		value := rapid.Custom(func(t *rapid.T) catalogue.Value {
			reading, err := catalogue.ParseValue(catalogue.Value{
				Coefficient: rapid.OneOf(rapid.Int64Range(-20, 20), rapid.Int64Range(-999999, 999999), rapid.Int64Range(-999999999999999999, 999999999999999999)).Draw(t, "coefficient"),
				Scale:       uint8(rapid.IntRange(0, 12).Draw(t, "scale")),
			}.String())
			if err != nil {
				t.Fatal(err)
			}
			return reading.Value
		})
		r := &Row{
			Area: &catalogue.Area{}, Value: value.Draw(t, "value"), Note: rapid.SampledFrom([]string{"", "x", "a\nb,c,d"}).Draw(t, "note"), Figures: exampleFigures{},
			Period: rapid.SampledFrom([]catalogue.Period{{Year: 2021, Kind: catalogue.Year}, {Year: 2021, Kind: catalogue.Month, Index: 3}}).Draw(t, "period"),
		}
		r.reset(newSubject("x", "", "", catalogue.ParseUnit(rapid.SampledFrom([]string{"亿元", "%", "家"}).Draw(t, "unit")), catalogue.Flow))
		r.of.hasMinimum, r.scanned = rapid.Bool().Draw(t, "minimum"), true
		r.InForce, r.HasInForce = value.Draw(t, "in force"), rapid.Bool().Draw(t, "reported")
		for n := ofBefore; n < figureCount; n++ {
			r.known[n] = figure{value: value.Draw(t, figureNames[n]), asked: true, none: rapid.Bool().Draw(t, "none")}
			if rapid.Bool().Draw(t, "near") {
				r.known[n].value = r.Value
			}
		}
		if !one.concerns(r) {
			return
		}
		result, _, err := one.program.Eval(&activation{r, nil})
		got := one.filter(r)
		answers[got]++
		if err == nil && (result == types.True && got == no || result == types.False && got == yes) {
			t.Fatalf("%s is %v, and the filter answers %d", one.rule.Expression, result, got)
		}
	})
	if answers[no] == 0 || answers[perhaps] == 0 || answers[yes] == 0 {
		t.Errorf("answers %v, want some of each", answers)
	}
}
