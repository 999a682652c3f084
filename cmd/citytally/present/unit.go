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
	if currency, ok := currencies[u.Dimension]; ok {
		word = " " + currency
	}
	switch {
	case u.Share():
		return u.After(figure)
	case u.Dimension == unit && word == "" && !counted[unit]:
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

var currencies = map[string]string{"元": "yuan", "美元": "US dollars"}

// counted are the measure words that follow a count.
var counted = map[string]bool{
	"家": true, "个": true, "项": true, "件": true, "户": true, "名": true, "人": true, "人次": true, "次": true, "场": true, "份": true, "条": true,
}

// unitInEnglish returns the English name of a Chinese unit, for figures that are not
// converted: 亿元 is "100 million yuan". A count has none.
func unitInEnglish(unit string) string {
	u := catalogue.ParseUnit(unit)
	multiple := multiples[u.Exponent]
	currency, money := currencies[u.Dimension]
	switch {
	case money:
		return strings.TrimSpace(multiple + " " + currency)
	case counted[u.Dimension]:
		return multiple
	}
	return u.Written()
}

// multiples are powers of ten, by their exponent.
var multiples = map[int8]string{
	1: "10", 2: "100", 3: "1,000", 4: "10,000", 5: "100,000", 6: "million", 7: "10 million", 8: "100 million", 9: "billion",
	10: "10 billion", 11: "100 billion", 12: "trillion",
}

func trimZeros(figure string) string {
	if !strings.Contains(figure, ".") {
		return figure
	}
	return strings.TrimRight(strings.TrimRight(figure, "0"), ".")
}
