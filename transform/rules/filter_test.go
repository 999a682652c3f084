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
		`stage == "final" && in_force_stage != "final" && value > before`, "size(series) >= 8 && value > 0", "is_outlier(value, series, 6, most)", "is_outlier(value, series, 2, zero)", "slip(value, references, most) != 0",
		"value.is_whole() && before != year_before", "-value > before", "value + before > most", "value > 5 && has_minimum", "abs(before * year_before * most) > value * value",
	} {
		one, err := compile(&Rule{ID: "x", Expression: expression, Thresholds: map[string]string{"most": "1.50"}, MessageZH: "x", MessageEN: "x"}, "x", c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	answers := map[answer]int{}
	check := func(t *rapid.T) {
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
		r.know(ofInForce, r.InForce, r.HasInForce)
		for n := ofBefore; n < figureCount; n++ {
			r.know(n, value.Draw(t, figureNames[n]), !rapid.Bool().Draw(t, "none"))
			if rapid.Bool().Draw(t, "near") {
				r.known[n] = r.Value
			}
		}
		if !r.knows(one.needs) || !r.knows(one.last) {
			return
		}
		if rapid.Bool().Draw(t, "steady") {
			for level := rapid.Int64Range(1, 1e9).Draw(t, "level"); len(r.series) < seriesLength && rapid.IntRange(0, 15).Draw(t, "more") > 0; {
				r.series = append(r.series, catalogue.Value{Coefficient: level*rapid.Int64Range(90, 110).Draw(t, "percent") + 1, Scale: 2})
			}
		} else {
			r.series = rapid.SliceOfN(value, 0, seriesLength).Draw(t, "series")
		}
		result, _, err := one.program.Eval(&activation{r, nil})
		got := one.filter(r)
		answers[got]++
		if err == nil && result == types.True && got == no || (err != nil || result == types.False) && got == yes {
			t.Fatalf("%s is %v, %v, and the filter answers %d", one.rule.Expression, result, err, got)
		}
		for _, v := range append(r.series, r.Value) {
			if want, got := textOfValue(numberOf(v)), v.String(); want != got && v.Coefficient%10 != 0 {
				t.Fatalf("the text of %s is %s", want, got)
			}
		}
		if want, got := textOfValue(listOf(r.references())), textOfValues(r.references()); want != got {
			t.Fatalf("the text of %s is %s", want, got)
		}
	}
	for range 5 { // a filter seldom leaves it open
		rapid.Check(t, check)
	}
	if (answers[no] == 0 || answers[perhaps] == 0 || answers[yes] == 0) && !testing.Short() { // which draws a fifth
		t.Errorf("answers %v, want some of each", answers)
	}
}
