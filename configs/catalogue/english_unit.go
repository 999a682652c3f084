package catalogue

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// englishUnit is a unit as it is written in English, without white space and in lower case: a currency, a power of ten
// in digits and in words, and what is counted.
var englishUnit = regexp.MustCompile(`^(?:in|of)?(` + englishCurrency + `)?(10*(?:,000)*)?((?:` + englishScale + `)*)(?:of)?(` + englishCurrency + `|[a-z]+(?:-[a-z]+)?)?$`)

const (
	englishCurrency = `(?:rmb|cny|chinese)(?:yuan)?|yuan(?:\(?rmb\)?)?|renminbi|¥|us\$|usd?dollars?|usd|\$|dollars?|eur|euros?|€|gbp|£|hkd|hk\$|jpy`
	englishScale    = `hundreds?|thousands?|millions?|billions?|trillions?|ten|wan|yi|mln|mio|bln|thsd|mn|bn|tn|k|m`
)

var (
	englishScales     = map[string]int8{"ten": 1, "hundred": 2, "thousand": 3, "thsd": 3, "k": 3, "wan": 4, "million": 6, "mln": 6, "mio": 6, "mn": 6, "m": 6, "yi": 8, "billion": 9, "bln": 9, "bn": 9, "trillion": 12, "tn": 12}
	scaleInEnglish    = regexp.MustCompile(englishScale)
	englishCurrencies = []struct {
		begins []string
		name   string
	}{{[]string{"rmb", "cny", "yuan", "chinese", "renminbi", "¥"}, "元"}, {[]string{"us", "$", "dollar"}, "美元"}, {[]string{"eur", "€"}, "欧元"}, {[]string{"gbp", "£"}, "英镑"}, {[]string{"hk"}, "港元"}, {[]string{"jpy"}, "日元"}}
	// englishCounts are the words for what is counted, and the units that they may stand for. Those of number stand for any.
	englishCounts = map[string][]string{
		"person": {"人", "名"}, "people": {"人", "名"}, "persontime": {"人次"}, "person-time": {"人次"}, "visit": {"人次"}, "enterprise": {"家", "户"}, "company": {"家", "户"}, "companie": {"家", "户"}, "firm": {"家", "户"},
		"project": {"项", "个"}, "item": {"项", "个", "件"}, "team": {"个"}, "institution": {"家", "个"}, "event": {"场", "次", "个"}, "session": {"场", "次"}, "case": {"件", "项"}, "piece": {"件", "项"}, "time": {"次"}, "household": {"户"}, "copie": {"份"}, "ton": {"吨"}, "tonne": {"吨"}, "kwh": {"千瓦时"},
		"number": countedUnits, "count": countedUnits, "unit": countedUnits, "no": countedUnits, "each": countedUnits,
	}
	englishShares = map[string]string{"percent": "%", "pct": "%", "percentage": "%", "permille": "‰", "permil": "‰"}
)

// readEnglishUnit reads a unit that is written in English, such as 100 million yuan, RMB bn or 10k persons. One without a
// currency and without what is counted is completed by the unit own. It reports false for anything else.
func readEnglishUnit(text string, own Unit) (Unit, bool) {
	if len(text) == 0 || len(text) > 40 {
		return Unit{}, false
	}
	if text = strings.TrimSuffix(NormalizeName(text), "."); utf8.RuneCountInString(text) < 2 {
		return Unit{}, false // a sign of a currency, as formats of cells have it, or a letter
	}
	if share, ok := englishShares[text]; ok {
		return scaledUnits[share], true
	}
	text = strings.NewReplacer("'000s", "thousand", "'000", "thousand", "000s", "thousand").Replace(text)
	m := englishUnit.FindStringSubmatch(text)
	if m == nil || text == "" {
		return Unit{}, false
	}
	exponent := int8(strings.Count(m[2], "0"))
	for _, word := range scaleInEnglish.FindAllString(m[3], -1) {
		exponent += englishScales[strings.TrimSuffix(word, "s")]
	}
	currency, counted := currencyOf(m[1]), ""
	if behind := currencyOf(m[4]); behind != "" {
		if currency != "" && currency != behind {
			return Unit{}, false
		}
		currency = behind
	} else if counted = m[4]; counted != "" {
		units, known := englishCounts[strings.TrimSuffix(counted, "s")]
		if !known || currency != "" {
			return Unit{}, false
		}
		if currency = units[0]; slices.Contains(units, own.Dimension) {
			currency = own.Dimension
		}
	}
	switch {
	case currency == "" && (m[3] == "" || m[2] == "" && (m[3] == "k" || m[3] == "m")):
		return Unit{}, false // a number alone, or a letter that may be something else
	case currency == "" && own.Share():
		return Unit{}, false
	case currency == "":
		currency = own.Dimension
	}
	unit := Unit{Dimension: currency}
	if unit.Name = unit.Shifted(int(exponent)); unit.Name == "" {
		unit.Name = text
	}
	unit.Exponent = exponent
	return unit, true
}

// currencyOf returns the Chinese name of a currency; "" is none.
func currencyOf(text string) string {
	for _, c := range englishCurrencies {
		if text != "" && slices.ContainsFunc(c.begins, func(begin string) bool { return strings.HasPrefix(text, begin) }) {
			return c.name
		}
	}
	return ""
}

// basesInEnglish are what units count, in English.
var basesInEnglish = map[string]string{"元": "yuan", "美元": "US dollars", "吨": "tons", "千瓦时": "kWh"}

// multiplesInEnglish are powers of ten, by their exponent.
var multiplesInEnglish = map[int8]string{
	1: "10", 2: "100", 3: "1,000", 4: "10,000", 5: "100,000", 6: "million", 7: "10 million", 8: "100 million", 9: "billion",
	10: "10 billion", 11: "100 billion", 12: "trillion",
}

// BaseInEnglish returns what the unit counts: yuan for 亿元. It is "" of a count, for the indicator's name says what
// is counted, and false for units without a name in English.
func (u Unit) BaseInEnglish() (string, bool) {
	word, ok := basesInEnglish[u.Dimension]
	return word, ok || u.counts()
}

// InEnglish returns the unit's name in English, for figures that are not converted: 亿元 is 100 million yuan. A count
// has none.
func (u Unit) InEnglish() string {
	base, ok := u.BaseInEnglish()
	if !ok {
		return u.Written()
	}
	return strings.TrimSpace(multiplesInEnglish[u.Exponent] + " " + base)
}

// AfterInEnglish returns a figure with the unit behind it in English: 60 × 100 million yuan, 5 yuan, 87.
func (u Unit) AfterInEnglish(figure string) string {
	switch name := u.InEnglish(); {
	case name == "":
		return figure
	case name[0] >= '0' && name[0] <= '9':
		return figure + " × " + name
	default:
		return figure + " " + name
	}
}

// EnglishUnit returns the name in Chinese of a unit that is written in English: 亿元 for 100 million yuan. A power of
// ten alone is one of money, as 万 is.
func EnglishUnit(text string) (name string, ok bool) {
	if text == "" || text[0] >= 0x80 && !strings.HasPrefix(text, "¥") && !strings.HasPrefix(text, "￥") {
		return "", false
	}
	unit, ok := readEnglishUnit(text, scaledUnits["元"])
	return unit.Name, ok
}

// UnitName returns the name in Chinese of a unit that is written in English, and any other text as it is.
func UnitName(text string) string {
	if name, ok := EnglishUnit(text); ok {
		return name
	}
	return text
}

// countsAnything are words for what is counted that headers have for something else too.
var countsAnything = regexp.MustCompile(`^(?:number|count|unit|no|each|time|case|item|event|project|team|session|piece)s?$`)

// numberInEnglish is an amount with a unit in English behind it, or between a currency and a power of ten: 85,020 million
// yuan, RMB 85,020 million.
var numberInEnglish = regexp.MustCompile(`(?i)^(rmb|cny|us\$|usd|\$|¥)?\s*([+-]?\d[\d,]*(?:\.\d+)?)\s*([a-z¥$%万亿元][a-z ()万亿元]*)$`)

// valueInEnglish splits such an amount into a number and a unit in Chinese.
func valueInEnglish(text string) (number, unit string, ok bool) {
	m := numberInEnglish.FindStringSubmatch(text)
	if m == nil {
		return "", "", false
	}
	unit, ok = EnglishUnit(m[1] + m[3])
	if !ok && currencyOf(NormalizeName(m[1])) == "元" && (m[3] == "万" || m[3] == "亿" || m[3] == "万元" || m[3] == "亿元") {
		return m[2], strings.TrimSuffix(m[3], "元") + "元", true
	}
	return m[2], unit, ok
}
