package catalogue

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Unit is what a value counts, and at which power of ten. Units of the same
// dimension convert into one another exactly.
type Unit struct {
	Name string
	// Dimension is what units have in common that convert into each other: 元 and 亿元 have
	// the dimension 元. An unknown unit has a dimension of its own.
	Dimension string
	// Exponent is the power of ten of one unit in its dimension's base: 8 for 亿元.
	Exponent int8
}

// PointExponent is the power of ten of a percentage point, in which changes of shares
// are told.
const PointExponent = -2

// Share reports whether the unit is that of a share of a whole: 1, % or ‰.
func (u Unit) Share() bool { return u.Dimension == shareDimension }

const shareDimension = "1"

// Written is the unit as it is written behind a figure; that of a plain number is not.
func (u Unit) Written() string {
	if u.Share() && u.Exponent == 0 {
		return ""
	}
	return u.Name
}

// After returns a figure with the unit behind it: 60 亿元.
func (u Unit) After(figure string) string {
	return strings.TrimSuffix(figure+" "+u.Written(), " ")
}

// Whole reports whether the unit counts things one by one, so that its values are whole
// numbers: 家 and 项 do, 万人 and 亿元 do not.
func (u Unit) Whole() bool { return u.counts() && u.Exponent == 0 }

func (u Unit) counts() bool { return slices.Contains(countedUnits, u.Dimension) }

// countedUnits are the measure words for what is counted.
var countedUnits = []string{"人", "人次", "家", "个", "项", "件", "户", "名", "次", "场", "份", "条"}

// countingWords are the counting words before a unit, the longer first.
var countingWords = []struct {
	word     string
	exponent int8
}{{"十万", 5}, {"百万", 6}, {"千万", 7}, {"十亿", 9}, {"百亿", 10}, {"千亿", 11}, {"万亿", 12}, {"十", 1}, {"百", 2}, {"千", 3}, {"万", 4}, {"亿", 8}}

// scaledUnits are the units of Chinese official statistics, each with the prefixes of
// GB 3100 and the counting words 万 and 亿, by name.
var scaledUnits = func() map[string]Unit {
	units := map[string]Unit{}
	for _, base := range append([]string{"元", "美元", "吨", "千瓦时"}, countedUnits...) {
		units[base] = Unit{Name: base, Dimension: base}
		for _, s := range countingWords {
			name := s.word + base
			units[name] = Unit{Name: name, Dimension: base, Exponent: s.exponent}
		}
	}
	units["千瓦时"] = Unit{Name: "千瓦时", Dimension: "千瓦时"}
	units["%"] = Unit{Name: "%", Dimension: "1", Exponent: -2}
	units["‰"] = Unit{Name: "‰", Dimension: "1", Exponent: -3}
	units["1"] = Unit{Name: "1", Dimension: "1"}
	return units
}()

var unitAliases = map[string]string{"％": "%", "百分比": "%", "亿": "亿元", "万": "万元"}

// ParseUnit returns the unit of a name. A name that is unknown is a unit of its own, which
// does not convert into any other.
func ParseUnit(name string) Unit {
	if u, ok := scaledUnits[name]; ok {
		return u
	}
	return Unit{Name: name, Dimension: name}
}

// Shifted returns the name of the unit that is by a power of ten larger than u: that of 亿元 by
// -4 is 万元. It is "" where there is none.
func (u Unit) Shifted(power int) string {
	for name, other := range scaledUnits {
		if other.Dimension == u.Dimension && int(other.Exponent) == int(u.Exponent)+power {
			return name
		}
	}
	return ""
}

// Convert returns a value in unit from as a value in unit u, exactly. The error is a
// [Problem] when the units have different dimensions, or the result has more digits than a
// [Value] holds.
func (u Unit) Convert(v Value, from Unit) (Value, error) {
	if u == from {
		return v, nil
	}
	if u.Dimension != from.Dimension {
		return Value{}, &Problem{
			Code: "UNIT_MISMATCH", Seen: from.Name,
			ZH: fmt.Sprintf("单位%s不能换算为该指标的单位%s；请按 %s 填报", Quoted(from.Name), Quoted(u.Name), u.Name),
			EN: fmt.Sprintf("unit %q does not convert into this indicator's unit %q; report it in %s", from.Name, u.Name, u.Name),
		}
	}
	return v.shift(int(from.Exponent) - int(u.Exponent))
}

// impliedUnit returns the unit of a text behind a number. A short form such as 亿 in 60亿 is
// completed by the indicator's unit, own.
func impliedUnit(text string, own Unit) Unit {
	if amount, exact := strings.CutSuffix(text, "整"); exact && strings.HasSuffix(amount, "元") {
		text = amount // 600万元整
	}
	if alias, ok := unitAliases[text]; ok {
		if own.Dimension != "元" && own.Dimension != "1" {
			if scaled, ok := scaledUnits[text+own.Dimension]; ok {
				return scaled
			}
		}
		return ParseUnit(alias)
	}
	if _, known := scaledUnits[text]; !known && text != "" && (text[0] < utf8.RuneSelf || strings.HasPrefix(text, "¥")) {
		if unit, ok := readEnglishUnit(text, own); ok {
			return unit
		}
	}
	return ParseUnit(text)
}
