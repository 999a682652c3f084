package catalogue

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/shopspring/decimal"
	"pgregory.net/rapid"
)

// Rules: qualifier, clean-up.
func TestParseValueReads(t *testing.T) {
	for _, test := range []struct {
		text string
		want Reading
	}{
		{"0", Reading{}},
		{"-0", Reading{}},
		{"-0.00", Reading{}},
		{"582", read(582, 0)},
		{"007", read(7, 0)},
		{"28.50", read(285, 1)},
		{"-0.07", read(-7, 2)},
		{"+5", read(5, 0)},
		{".5", read(5, 1)},
		{"5.", read(5, 0)},
		{"−5", read(-5, 0)}, // U+2212
		{"-5", read(-5, 0)},
		{" 582 ", read(582, 0)},
		{"\u3000582\u00a0", read(582, 0)},
		{"\ufeff582\u200b", read(582, 0)},
		{"582\r\n", read(582, 0)},
		{"５８２．５", read(5825, 1)},
		{"２，００８", read(2008, 0)},
		{"2,008", read(2008, 0)},
		{"-1,234,567.80", read(-12345678, 1)},
		{"12,3456", read(123456, 0)},
		{"1,2345,6789", read(123456789, 0)},
		{"2021.05", read(202105, 2)},
		{"999999999999999999", read(999_999_999_999_999_999, 0)},
		{"0000000000000000000000001.000000000000000", read(1, 0)},
		{"0.000000000001", read(1, 12)},
		{"", Reading{Missing: true}},
		{" \u3000\t", Reading{Missing: true}},
		{"60亿元", withUnit(60, 0, 0, "亿元")},
		{"60 亿元", withUnit(60, 0, 0, "亿元")},
		{"1.8%", withUnit(18, 1, 0, "%")},
		{"１．８％", withUnit(18, 1, 0, "%")},
		{"4.5‰", withUnit(45, 1, 0, "‰")},
		{"近200", withUnit(200, 0, Below, "")},
		{"近200万元", withUnit(200, 0, Below, "万元")},
		{"超 2,000 万元", withUnit(2000, 0, Above, "万元")},
		{"2000余", withUnit(2000, 0, Above, "")},
		{"30多条", withUnit(30, 0, Above, "条")},
		{"10余场", withUnit(10, 0, Above, "场")},
		{"2000万元余", withUnit(2000, 0, Above, "万元")},
		{"约3000人次", withUnit(3000, 0, About, "人次")},
	} {
		got, err := ParseValue(test.text)
		if err != nil || got != test.want {
			t.Errorf("ParseValue(%q): want %+v, got %+v, %v", test.text, test.want, got, err)
		}
	}
}

func read(coefficient int64, scale uint8) Reading { return withUnit(coefficient, scale, 0, "") }

func withUnit(coefficient int64, scale uint8, q Qualifier, unit string) Reading {
	return Reading{Value: Value{coefficient, scale}, Qualifier: q, Unit: unit}
}

func TestParseValueRefuses(t *testing.T) {
	for code, texts := range map[string][]string{
		"VALUE_NOT_A_NUMBER": {
			"N/A", "无", "n/a", "(5)", "1..2", "1.2.3.4", "--5", "+-5", "5-", "5?", "12 34", "1 234",
			"1,2", "1,23456", "12345,678", "1,234,56", "1.234,567", ",123", "123,", "1,,234",
			"近约5", "约5余", "320.5-330", "1.331.4", "19（20）", "近", "5亿元6", "582①", "10²", "½", "0x1F", "١٢٣", "1_000", "=SUM(A1)", "12:30", "五百", "NaN", "Inf",
		},
		"VALUE_SCIENTIFIC":  {"3.20812E+05", "1e6", "1.E-3", "-2E10", "３．２Ｅ＋０５", "1.2E+05元", " 5E3 "},
		"VALUE_DATE":        {"3-5", "1/2", "１／２", "2021-03-05", "2021/3/5", "2021.3.5", "2021年3月", "2021年3月5日", "3月5日", "5-Mar", "Mar-21", "5/Mar/2021", "2021-03-05 00:00:00", "2021/3/5 0:00"},
		"VALUE_EXCEL_ERROR": {"#REF!", "#N/A", "#DIV/0!", "########", "＃＃＃", " #VALUE!"},
		"VALUE_TOO_LONG":    {"1234567890123456789", "0.0000000000001", "12345678901.12345678", strings.Repeat("9", 400)},
	} {
		for _, text := range texts {
			got, err := ParseValue(text)
			problem, ok := errors.AsType[*Problem](err)
			if !ok || problem.Code != code {
				t.Errorf("ParseValue(%q): want %s, got %+v, %v", text, code, got, err)
				continue
			}
			if problem.Seen == "" || problem.ZH == "" || problem.EN == "" || !strings.Contains(problem.Error(), code) {
				t.Errorf("ParseValue(%q): a problem has to say what, in both languages: %+v", text, problem)
			}
		}
	}
}

// values draws every value that can be: at most 18 digits, 12 of them decimals,
// without trailing zeros.
func values() *rapid.Generator[Value] {
	return rapid.Custom(func(t *rapid.T) Value {
		const limit = 999_999_999_999_999_999
		digits := rapid.IntRange(0, 18).Draw(t, "digits")
		bound := min(pow10[digits], limit)
		v := Value{rapid.Int64Range(-bound, bound).Draw(t, "coefficient"), uint8(rapid.IntRange(0, MaxDecimals).Draw(t, "scale"))}
		for v.Scale > 0 && v.Coefficient%10 == 0 {
			v.Coefficient /= 10
			v.Scale--
		}
		return v
	})
}

// Rules: exact.
func TestStringIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "value")
		got, err := ParseValue(v.String())
		if err != nil || got != (Reading{Value: v}) {
			t.Fatalf("%+v is written %s and read %+v, %v", v, v, got, err)
		}
		if want := v.Decimal().String(); want != v.String() {
			t.Fatalf("%+v is written %s; decimal writes %s", v, v, want)
		}
	})
}

// The fast path and the pattern have to read the same.
func TestParsePlainAgreesWithTheSlowPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`-?[0-9]{0,12}(\.[0-9]{0,14})?`).Draw(t, "text")
		fast, ok := parsePlain(text)
		if !ok {
			return
		}
		slow, err := ParseValue("+" + strings.TrimPrefix(text, "-"))
		if strings.HasPrefix(text, "-") {
			slow.Value.Coefficient = -slow.Value.Coefficient
		}
		if err != nil || slow.Value != fast {
			t.Fatalf("%s: %v by the fast path, %v by the slow one, %v", text, fast, slow.Value, err)
		}
	})
}

// Rules: conversion.
func TestShiftIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := values().Draw(t, "value")
		n := rapid.IntRange(-15, 15).Draw(t, "n")
		got, err := v.shift(n)
		want := v.Decimal().Shift(int32(n))
		fits := digits(want.Coefficient().Int64()) <= MaxDigits && want.Abs().LessThan(decimal.New(1, MaxDigits)) && want.Equal(want.Truncate(MaxDecimals))
		if err == nil {
			if !got.Decimal().Equal(want) {
				t.Fatalf("%s × 10^%d: want %s, got %s", v, n, want, got)
			}
			if got.Scale > 0 && got.Coefficient%10 == 0 {
				t.Fatalf("%s × 10^%d: %+v has trailing zeros", v, n, got)
			}
		} else if fits && digits(v.Coefficient) <= 6 && n >= -6 && n <= 6 {
			t.Fatalf("%s × 10^%d: %v, although %s has room", v, n, err, want)
		}
	})
}

func TestShiftUsesAllDigits(t *testing.T) {
	for _, test := range []struct {
		v    Value
		n    int
		want string // "" where it does not fit
	}{
		{Value{99_999_999_999_999_999, 0}, 1, "999999999999999990"},
		{Value{93_000_000_000_000_001, 0}, 1, "930000000000000010"},
		{Value{999_999_999_999_999_999, 0}, 1, ""},
		{Value{1, 0}, 17, "100000000000000000"},
		{Value{1, 0}, 18, ""},
		{Value{-1, 12}, 12, "-1"},
		{Value{1, 12}, -1, ""},
		{Value{0, 0}, 100, "0"},
		{Value{math.MaxInt64, 0}, 5, ""},
	} {
		got, err := test.v.shift(test.n)
		if (err != nil) != (test.want == "") || err == nil && got.String() != test.want {
			t.Errorf("%s × 10^%d: want %q, got %s, %v", test.v, test.n, test.want, got, err)
		}
	}
}

func FuzzParseValue(f *testing.F) {
	for _, seed := range []string{"582", "-0.07", "近200万元", "1,234.5", "３．２Ｅ＋０５", "3-5", "#REF!", "582①", "0.0000000000001", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reading, err := ParseValue(text)
		if err != nil {
			if problem, ok := errors.AsType[*Problem](err); !ok || problem.ZH == "" || problem.EN == "" {
				t.Fatalf("%q: %v is no problem a person can read", text, err)
			}
			return
		}
		if reading.Missing && reading != (Reading{Missing: true}) {
			t.Fatalf("%q: missing, and yet %+v", text, reading)
		}
		again, err := ParseValue(reading.Value.String())
		if err != nil || again.Value != reading.Value {
			t.Fatalf("%q: %s is read back as %s, %v", text, reading.Value, again.Value, err)
		}
	})
}

// A text of megabytes in the place of a value is refused at the cost of a short one, and a good value is
// read after it. Each is read several times on its way, by those who judge everybody's figures.
func TestValuesOfMegabytesCostNothing(t *testing.T) {
	const size = 8 << 20
	for name, text := range map[string]string{
		"digits": strings.Repeat("9", size), "thousands": strings.Repeat("123,", size/4), "fraction": "0." + strings.Repeat("0", size) + "1",
		"letters": strings.Repeat("x", size), "space": strings.Repeat(" ", size) + "1", "full width": strings.Repeat("９", size/3),
		"footnote marks": "5" + strings.Repeat("①", size/3), "combining": "e" + strings.Repeat("\u0301", size/2), "broken": strings.Repeat("\xff", size),
	} {
		if allocated := testing.AllocsPerRun(1, func() {
			_, err := ParseValue(text)
			problem, ok := errors.AsType[*Problem](err)
			if !ok || len(problem.ZH) > 2000 || len(problem.EN) > 2000 || len(problem.Seen) > 300 {
				t.Errorf("%s: %.300v", name, err)
			}
		}); allocated > 100 {
			t.Errorf("%s: %v allocations", name, allocated)
		}
		if got, err := ParseValue("近200万元"); err != nil || got != withUnit(200, 0, Below, "万元") {
			t.Errorf("%s: then %+v, %v", name, got, err)
		}
	}
}
