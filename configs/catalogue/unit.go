package catalogue

import "fmt"

// Unit is what a value counts, and at which power of ten. Units of the same
// dimension convert into one another exactly.
type Unit struct {
	Name string
	// Dimension is shared by the units that convert into each other: 元 and 亿元
	// both have the dimension 元. A unit the table does not know is a dimension
	// of its own.
	Dimension string
	// Exponent is the power of ten of one unit in its dimension's base: 8 for 亿元.
	Exponent int8
}

// Whole reports whether the unit counts things one by one, so that only whole
// numbers make sense of it: 家, 项, but neither 万人 nor 亿元.
func (u Unit) Whole() bool { return u.counts() && u.Exponent == 0 }

func (u Unit) counts() bool { return countedThings[u.Dimension] }

// The measure words of what is counted.
var countedThings = map[string]bool{
	"人": true, "人次": true, "家": true, "个": true, "项": true, "件": true, "户": true, "名": true, "次": true, "场": true, "份": true, "条": true,
}

// The scaled units of Chinese official statistics (GB 3100 prefixes and the
// 万/亿 counting words).
var scaledUnits = func() map[string]Unit {
	units := map[string]Unit{}
	scales := []struct {
		prefix   string
		exponent int8
	}{{"", 0}, {"十", 1}, {"百", 2}, {"千", 3}, {"万", 4}, {"十万", 5}, {"百万", 6}, {"千万", 7}, {"亿", 8}, {"十亿", 9}, {"百亿", 10}, {"千亿", 11}, {"万亿", 12}}
	for _, base := range []string{"元", "美元", "人", "人次", "家", "个", "项", "件", "户", "名", "次", "场", "份", "条", "吨", "千瓦时"} {
		for _, s := range scales {
			name := s.prefix + base
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

// ParseUnit looks a unit up by name. A name the table does not know is a unit
// of its own that converts into nothing else.
func ParseUnit(name string) Unit {
	if u, ok := scaledUnits[name]; ok {
		return u
	}
	return Unit{Name: name, Dimension: name}
}

// Convert expresses a value given in unit from in unit u, exactly. It returns a
// [Problem] when the two have different dimensions or the result would need
// more digits than a [Value] holds.
func (u Unit) Convert(v Value, from Unit) (Value, error) {
	if u == from {
		return v, nil
	}
	if u.Dimension != from.Dimension {
		return Value{}, &Problem{
			Code: "UNIT_MISMATCH", Seen: from.Name,
			ZH: fmt.Sprintf("单位 %q 不能换算为该指标的单位 %q；请按 %s 填报", from.Name, u.Name, u.Name),
			EN: fmt.Sprintf("unit %q does not convert into this indicator's unit %q; report it in %s", from.Name, u.Name, u.Name),
		}
	}
	return v.shift(int(from.Exponent) - int(u.Exponent))
}

// impliedUnit resolves the short forms that occur behind a number (60亿) in the
// context of the indicator's own unit.
func impliedUnit(text string, own Unit) Unit {
	if alias, ok := unitAliases[text]; ok {
		if own.Dimension != "元" && own.Dimension != "1" {
			if scaled, ok := scaledUnits[text+own.Dimension]; ok {
				return scaled
			}
		}
		return ParseUnit(alias)
	}
	return ParseUnit(text)
}
