package catalogue

import (
	"errors"
	"testing"

	"pgregory.net/rapid"
)

// Rules: clean-up.
func TestReadFigure(t *testing.T) {
	for _, test := range []struct {
		text, unit, qualifier, own string
		want                       string
		quality                    Qualifier
	}{
		{"60", "", "", "亿元", "60", 0},
		{"60", "亿元", "", "亿元", "60", 0},
		{"600000", "万元", "", "亿元", "60", 0},
		{"6000000000", "元", "", "亿元", "60", 0},
		{"1", "元", "", "亿元", "0.00000001", 0},
		{"80", "亿元", "", "万元", "800000", 0},
		{"80亿", "", "", "万元", "800000", 0},
		{"3680万", "万元", "", "万元", "3680", 0},
		{"3680万", "", "", "亿元", "0.368", 0},
		{"60亿", "亿元", "", "亿元", "60", 0},
		{"1.8%", "", "", "%", "1.8", 0},
		{"1.8％", "％", "", "%", "1.8", 0},
		{"18‰", "", "", "%", "1.8", 0},
		{"1.8%", "", "", "‰", "18", 0},
		{"0.018", "1", "", "%", "1.8", 0},
		{"1.8", "百分比", "", "%", "1.8", 0},
		{"5", "万人次", "", "人次", "50000", 0},
		{"2万", "", "", "家", "20000", 0},
		{"1.2千家", "", "", "家", "1200", 0},
		{"5", " 平方公里\u3000", "", "平方公里", "5", 0},
		{"98000万元", "亿元", "", "亿元", "9.8", 0},
		{"60亿元", "万元", "", "万元", "600000", 0},
		{"1.8%", "‰", "", "%", "1.8", 0},
		{"600.00万元整", "万元", "", "亿元", "0.06", 0},
		{"120人", "", "", "名", "120", 0},
		{"1.2", "万人", "", "名", "12000", 0},
		{"120名", "人", "", "人", "120", 0},
		{"近200", "万元", "", "万元", "200", Below},
		{"200", "万元", "近", "万元", "200", Below},
		{"近200", "万元", "below", "万元", "200", Below},
		{"近200", "万元", "above", "万元", "200", About},
	} {
		got, err := reportedIn(test.own).ReadFigure(test.text, test.unit, test.qualifier)
		if err != nil || got.Value.String() != test.want || got.Qualifier != test.quality || got.Missing {
			t.Errorf("ReadFigure(%q, %q, %q) in %s: want %s %s, got %+v, %v", test.text, test.unit, test.qualifier, test.own, test.want, test.quality, got, err)
		}
	}
	if got, err := reportedIn("亿元").ReadFigure(" ", "亿元", ""); err != nil || got != (Figure{Missing: true}) {
		t.Errorf("an empty cell: want a missing figure, got %+v, %v", got, err)
	}
}

// reportedIn is an indicator of a unit, in a catalogue that takes 人 for 名.
func reportedIn(unit string) *Indicator {
	c := &Catalogue{UnitSynonyms: [][]string{{"人", "名"}}}
	own := ParseUnit(unit)
	return &Indicator{UnitName: unit, unit: own, synonyms: c.synonymsOf(own)}
}

// A unit's column is looked up as it is first, so no name in the table may mean
// something else once it is tidied.
func TestUnitNamesAreTidy(t *testing.T) {
	for name, unit := range scaledUnits {
		if normalise(name) != name || impliedUnit(name, unit) != unit {
			t.Errorf("%q reads as %q, which is %+v, and not as %+v", name, normalise(name), impliedUnit(normalise(name), unit), unit)
		}
	}
}

func TestReadFigureRefuses(t *testing.T) {
	for _, test := range []struct{ text, unit, qualifier, own, code string }{
		{"60", "家", "", "亿元", "UNIT_MISMATCH"},
		{"60美元", "", "", "亿元", "UNIT_MISMATCH"},
		{"60%", "", "", "亿元", "UNIT_MISMATCH"},
		{"5", "户", "", "家", "UNIT_MISMATCH"},
		{"5", "项", "", "名", "UNIT_MISMATCH"},
		{"5亿", "", "", "%", "UNIT_MISMATCH"},
		{"60亿元", "家", "", "亿元", "UNIT_CONFLICT"},
		{"60家", "亿元", "", "亿元", "UNIT_CONFLICT"},
		{"1.8%", "元", "", "%", "UNIT_CONFLICT"},
		{"60整", "", "", "亿元", "UNIT_MISMATCH"},
		{"60", "亿元", "差不多", "亿元", "QUALIFIER_UNKNOWN"},
		{"", "亿元", "", "亿元", ""},
		{"六十", "亿元", "", "亿元", "VALUE_NOT_A_NUMBER"},
		{"0.000001", "元", "", "亿元", "VALUE_TOO_LONG"},
		{"99999999999", "亿元", "", "元", "VALUE_TOO_LONG"},
	} {
		_, err := reportedIn(test.own).ReadFigure(test.text, test.unit, test.qualifier)
		code := ""
		if problem, ok := errors.AsType[*Problem](err); ok {
			code = problem.Code
		}
		if code != test.code {
			t.Errorf("ReadFigure(%q, %q, %q) in %s: want %q, got %v", test.text, test.unit, test.qualifier, test.own, test.code, err)
		}
	}
}

// Whatever converts converts back to the same.
//
// Rules: conversion.
func TestConversionIsExact(t *testing.T) {
	families := [][]string{{"元", "百元", "万元", "百万元", "亿元", "万亿元"}, {"1", "%", "‰"}, {"家", "万家"}}
	rapid.Check(t, func(t *rapid.T) {
		family := rapid.SampledFrom(families).Draw(t, "family")
		from := ParseUnit(rapid.SampledFrom(family).Draw(t, "from"))
		to := ParseUnit(rapid.SampledFrom(family).Draw(t, "to"))
		v := values().Draw(t, "value")
		converted, err := to.Convert(v, from)
		if err != nil {
			return
		}
		if want := v.Decimal().Shift(int32(from.Exponent) - int32(to.Exponent)); !converted.Decimal().Equal(want) {
			t.Fatalf("%s %s: want %s %s, got %s", v, from.Name, want, to.Name, converted)
		}
		back, err := from.Convert(converted, to)
		if err != nil || back != v {
			t.Fatalf("%s %s is %s %s, and back %s, %v", v, from.Name, converted, to.Name, back, err)
		}
	})
}
