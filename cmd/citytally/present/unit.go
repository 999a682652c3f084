package present

import (
	"strings"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// amountInEnglish converts a figure in a Chinese unit, to the same digit: 4444.00 亿元 are
// 444.4 billion yuan. A count has no unit, for the indicator's name says what is counted. A unit
// of another kind stays as it is.
func amountInEnglish(figure, unit string) string {
	u := catalogue.ParseUnit(unit)
	word := ""
	if base, ok := u.BaseInEnglish(); ok && base != "" {
		word = " " + base
	}
	switch {
	case u.Share():
		return u.After(figure)
	case u.Dimension == unit && word == "" && !u.Whole():
		return figure + " " + unit
	}
	scales := []struct {
		exponent int8
		name     string
	}{{12, " trillion"}, {9, " billion"}, {6, " million"}, {3, " thousand"}, {0, ""}}
	if u.Exponent == 0 {
		return figure + word
	}
	exact := decimal.RequireFromString(figure)
	whole := exact.Shift(int32(u.Exponent)).Abs()
	for _, s := range scales {
		if s.exponent == 0 || whole.GreaterThanOrEqual(decimal.New(1, int32(s.exponent))) {
			shifted := exact.Shift(int32(u.Exponent) - int32(s.exponent)).String()
			return trimZeros(shifted) + s.name + word
		}
	}
	return figure + " " + unit
}

func trimZeros(figure string) string {
	if !strings.Contains(figure, ".") {
		return figure
	}
	return strings.TrimRight(strings.TrimRight(figure, "0"), ".")
}
