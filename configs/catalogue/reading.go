package catalogue

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Reading is the parts of a value's text.
type Reading struct {
	Value     Value
	Qualifier Qualifier
	// Unit is the unit written behind the number, or "" when there was none.
	Unit string
	// Missing is true where there is no figure: the text is [Silent].
	Missing bool
}

var (
	numberPattern = regexp.MustCompile(`^([近超约]?)\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*([余多]?)\s*([\p{L}%‰/·$¥€]{0,6}?)([余多]?)$`)
	digitsPattern = regexp.MustCompile(`\d[\d,.]*`)
	// thousandsPattern is digits in groups of three (1,234,567.8) or, as in Chinese, of
	// four (12,3456).
	thousandsPattern = regexp.MustCompile(`^(\d{1,3}(,\d{3})+|\d{1,4}(,\d{4})+)(\.\d+)?$`)
)

// ParseValue reads the text of a value exactly. It folds full-width characters (NFKC), drops
// thousands separators and surrounding space, and separates a qualifier (近200, 2000余) and a
// unit behind the number (60亿元, 1.8%). The error for any other text is a [Problem]; nothing
// is guessed.
func ParseValue(text string) (Reading, error) {
	if v, ok := parsePlain(text); ok {
		return Reading{Value: v}, nil
	}
	if len(text) > maxValueText {
		if excerpt := text[:maxValueExcerpt]; strings.Trim(excerpt, "+-.,0123456789") == "" {
			return Reading{}, tooLong(excerpt + "…")
		}
		return Reading{}, notANumber(strings.ToValidUTF8(text[:maxValueExcerpt], "") + "…")
	}
	// Folding would turn 582①, which has a footnote mark, into 5821, and 10² into 102.
	if strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.No, r) }) {
		return Reading{}, notANumber(text)
	}
	cleaned := normalise(text)
	if Silent(text) {
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
		if amount, unit, ok := valueInEnglish(number); ok {
			m = numberPattern.FindStringSubmatch(amount + unit)
		}
	}
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

const (
	// maxValueText is how many bytes a value may have with its words: what is longer is looked at no closer.
	maxValueText = 512
	// maxValueExcerpt is how many bytes of such a value are repeated.
	maxValueExcerpt = 240
)

// normalise folds full-width characters and the minus sign, and drops space and
// invisible characters, such as byte order marks, from both ends.
func normalise(text string) string {
	folded := strings.ReplaceAll(norm.NFKC.String(text), "−", "-")
	return strings.TrimFunc(folded, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc)
	})
}

// parsePlain reads the common case, ASCII digits with at most one point, without allocating
// memory.
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

func tooLong(seen string) error {
	return &Problem{
		Code: "VALUE_TOO_LONG", Seen: seen,
		ZH: fmt.Sprintf("%s的位数过多：最多 %d 位数字，其中小数不超过 %d 位（按该指标的单位计）；请检查数值和单位", Quoted(seen), MaxDigits, MaxDecimals),
		EN: fmt.Sprintf("%q has too many digits: at most %d, and %d of them decimals in the indicator's unit; check the value and its unit", seen, MaxDigits, MaxDecimals),
	}
}
