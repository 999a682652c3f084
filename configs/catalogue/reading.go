package catalogue

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Reading is a value as a reporter wrote it, taken apart.
type Reading struct {
	Value     Value
	Qualifier Qualifier
	// Unit is the unit written behind the number, or "" when there was none.
	Unit string
	// Missing is true for an empty cell, which says the value is missing.
	Missing bool
}

var (
	numberPattern = regexp.MustCompile(`^([近超约]?)\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*([余多]?)\s*([\p{L}%‰/·$¥€]{0,6}?)([余多]?)$`)
	digitsPattern = regexp.MustCompile(`\d[\d,.]*`)
	// 1,234,567.8 in threes, or 12,3456 in the Chinese fours; 1,2 is neither.
	thousandsPattern = regexp.MustCompile(`^(\d{1,3}(,\d{3})+|\d{1,4}(,\d{4})+)(\.\d+)?$`)
)

// ParseValue reads the text of a value exactly. It folds full-width characters
// (NFKC), drops thousands separators and surrounding space, and keeps a
// qualifier (近200, 2000余) and a trailing unit (60亿元, 1.8%) apart. Text that
// is not a number in full is a [Problem]; nothing is guessed.
func ParseValue(text string) (Reading, error) {
	if v, ok := parsePlain(text); ok {
		return Reading{Value: v}, nil
	}
	// Folding would make 5821 of the footnote mark in 582①, and 102 of 10².
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.No, r) }) {
		return Reading{}, notANumber(text)
	}
	cleaned := tidy(text)
	if cleaned == "" {
		return Reading{Missing: true}, nil
	}
	if err := excelDamage(text, cleaned); err != nil {
		return Reading{}, err
	}
	number := digitsPattern.ReplaceAllStringFunc(cleaned, func(digits string) string {
		if thousandsPattern.MatchString(digits) {
			return strings.ReplaceAll(digits, ",", "")
		}
		return digits
	})
	m := numberPattern.FindStringSubmatch(number)
	if m == nil {
		return Reading{}, notANumber(text)
	}
	value, err := parseDecimal(m[2])
	if err != nil {
		return Reading{}, err
	}
	unit := strings.TrimSpace(m[4])
	if suspicious(unit) {
		return Reading{}, notANumber(text)
	}
	words := m[1] + m[3] + m[5]
	if len([]rune(words)) > 1 {
		return Reading{}, notANumber(text)
	}
	qualifier, _ := ParseQualifier(words)
	return Reading{Value: value, Qualifier: qualifier, Unit: unit}, nil
}

// tidy folds full-width characters and the minus sign, and drops space and
// invisible characters, such as byte order marks, from both ends.
func tidy(text string) string {
	folded := strings.ReplaceAll(norm.NFKC.String(text), "−", "-")
	return strings.TrimFunc(folded, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc)
	})
}

// parsePlain reads the common case, ASCII digits with at most one point,
// without allocating.
func parsePlain(text string) (Value, bool) {
	body := strings.TrimPrefix(text, "-")
	if body == "" || len(body) > MaxDigits || body[0] == '.' || body[len(body)-1] == '.' {
		return Value{}, false
	}
	var coefficient int64
	point := -1
	for i := range len(body) {
		switch c := body[i]; {
		case c >= '0' && c <= '9':
			coefficient = coefficient*10 + int64(c-'0')
		case c == '.' && point < 0:
			point = i
		default:
			return Value{}, false
		}
	}
	scale := 0
	if point >= 0 {
		scale = len(body) - point - 1
	}
	for ; scale > 0 && coefficient%10 == 0; scale-- {
		coefficient /= 10
	}
	if scale > MaxDecimals {
		return Value{}, false
	}
	if len(body) != len(text) {
		coefficient = -coefficient
	}
	return Value{Coefficient: coefficient, Scale: uint8(scale)}, true
}

func parseDecimal(number string) (Value, error) {
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign = "-"
	}
	whole, fraction, _ := strings.Cut(strings.TrimLeft(number, "+-"), ".")
	whole = strings.TrimLeft(whole, "0")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > MaxDecimals || len(whole)+len(fraction) > MaxDigits {
		return Value{}, tooLong(number)
	}
	coefficient, err := strconv.ParseInt(sign+"0"+whole+fraction, 10, 64)
	if err != nil {
		return Value{}, notANumber(number)
	}
	return Value{Coefficient: coefficient, Scale: uint8(len(fraction))}, nil
}
