package catalogue

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"
	"golang.org/x/text/unicode/norm"
)

// The digits a Value holds: enough for the city's output in fen, and little
// enough for one machine word, so that a ledger of millions stays small.
const (
	MaxDigits   = 18
	MaxDecimals = 12
)

// Value is an exact decimal: Coefficient × 10^-Scale, at most MaxDigits digits
// and MaxDecimals of them after the point. It is kept without trailing zeros
// after the point, so equal values compare equal with ==.
type Value struct {
	Coefficient int64
	Scale       uint8
}

// Decimal returns the value for arithmetic.
func (v Value) Decimal() decimal.Decimal { return decimal.New(v.Coefficient, -int32(v.Scale)) }

// String returns the value in plain notation: 1234.5, -0.07.
func (v Value) String() string { return string(v.AppendText(nil)) }

// AppendText appends the value in plain notation.
func (v Value) AppendText(b []byte) []byte {
	if v.Scale == 0 {
		return strconv.AppendInt(b, v.Coefficient, 10)
	}
	magnitude := v.Coefficient
	if magnitude < 0 {
		b, magnitude = append(b, '-'), -magnitude
	}
	unit := pow10[v.Scale]
	b = strconv.AppendInt(b, magnitude/unit, 10)
	b = append(b, '.')
	fraction := strconv.FormatInt(magnitude%unit, 10)
	b = append(b, "000000000000"[:int(v.Scale)-len(fraction)]...)
	return append(b, fraction...)
}

var pow10 = func() (p [MaxDigits + 1]int64) {
	p[0] = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1] * 10
	}
	return p
}()

// shift multiplies by 10^n, exactly.
func (v Value) shift(n int) (Value, error) {
	scale := int(v.Scale) - n
	coefficient := v.Coefficient
	for ; scale < 0; scale++ {
		if coefficient > math.MaxInt64/100 || coefficient < -math.MaxInt64/100 {
			return Value{}, tooLong(v.String())
		}
		coefficient *= 10
	}
	for ; scale > 0 && coefficient%10 == 0; scale-- {
		coefficient /= 10
	}
	if scale > MaxDecimals || digits(coefficient) > MaxDigits {
		return Value{}, tooLong(v.String())
	}
	return Value{Coefficient: coefficient, Scale: uint8(scale)}, nil
}

func digits(n int64) int {
	return len(strings.TrimPrefix(strconv.FormatInt(n, 10), "-"))
}

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
	numberPattern = regexp.MustCompile(`^([近超约]?)\s*([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)\s*([余多]?)\s*(\D{0,6}?)([余多]?)$`)
	// 1,234,567.8 in threes, or 12,3456 in the Chinese fours; a lone 1,2 is neither.
	thousandsPattern  = regexp.MustCompile(`\d{1,3}(,\d{3})+(\.\d+)?|\d{1,4}(,\d{4})+(\.\d+)?`)
	scientificPattern = regexp.MustCompile(`^[+-]?\d+(\.\d+)?[eE][+-]?\d+$`)
	datePattern       = regexp.MustCompile(`^\d{1,4}[-/.年]\d{1,2}([-/.月]\d{1,4}日?|月\d{1,2}日?|月)?$|^\d{1,2}月\d{1,2}日$|^\d{1,2}[-/][A-Za-z]{3}([-/]\d{2,4})?$|^[A-Za-z]{3}[-/]\d{2,4}$`)
)

// ParseValue reads the text of a value exactly. It folds full-width characters
// (NFKC), drops thousands separators and surrounding space, and keeps a
// qualifier (近200, 2000余) and a trailing unit (60亿元, 1.8%) apart. Text that
// is not a number in full is a [Problem]; nothing is guessed.
func ParseValue(text string) (Reading, error) {
	if v, ok := parsePlain(text); ok {
		return Reading{Value: v}, nil
	}
	cleaned := strings.TrimSpace(norm.NFKC.String(text))
	if cleaned == "" {
		return Reading{Missing: true}, nil
	}
	if err := excelDamage(text, cleaned); err != nil {
		return Reading{}, err
	}
	number := cleaned
	if at := thousandsPattern.FindStringIndex(number); at != nil {
		number = number[:at[0]] + strings.ReplaceAll(number[at[0]:at[1]], ",", "") + number[at[1]:]
	}
	number = strings.ReplaceAll(number, "−", "-")
	m := numberPattern.FindStringSubmatch(number)
	if m == nil {
		return Reading{}, notANumber(text)
	}
	value, err := parseDecimal(m[2])
	if err != nil {
		return Reading{}, err
	}
	words := m[1] + m[3] + m[5]
	if len([]rune(words)) > 1 {
		return Reading{}, notANumber(text)
	}
	qualifier, _ := ParseQualifier(words)
	return Reading{Value: value, Qualifier: qualifier, Unit: strings.TrimSpace(m[4])}, nil
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

// excelDamage recognises what Excel makes of numbers it takes for something
// else.
func excelDamage(text, cleaned string) error {
	switch {
	case scientificPattern.MatchString(cleaned):
		return &Problem{
			Code: "VALUE_SCIENTIFIC", Seen: text,
			ZH: fmt.Sprintf("%q 是科学计数法，Excel 显示长数字时会丢失位数；请将单元格设为“数值”或“文本”格式，填写完整数字", text),
			EN: fmt.Sprintf("%q is in scientific notation, in which Excel drops digits of long numbers; format the cell as Number or Text and write all digits", text),
		}
	case datePattern.MatchString(cleaned) && !plainNumber.MatchString(cleaned):
		return &Problem{
			Code: "VALUE_DATE", Seen: text,
			ZH: fmt.Sprintf("%q 是日期，Excel 会把 3-5、1/2 之类的输入变成日期；请将单元格设为“数值”格式后重新填写", text),
			EN: fmt.Sprintf("%q is a date, which Excel makes of entries such as 3-5 or 1/2; format the cell as Number and type the value again", text),
		}
	case strings.HasPrefix(cleaned, "#"):
		return &Problem{
			Code: "VALUE_EXCEL_ERROR", Seen: text,
			ZH: fmt.Sprintf("%q 是 Excel 的错误值（公式出错或列宽不足）；请修正公式，或粘贴为数值后重新填写", text),
			EN: fmt.Sprintf("%q is an Excel error (a broken formula or a column too narrow); mend the formula or paste the value", text),
		}
	}
	return nil
}

var plainNumber = regexp.MustCompile(`^[+-]?\d+(\.\d+)?$`)

func notANumber(seen string) error {
	return &Problem{
		Code: "VALUE_NOT_A_NUMBER", Seen: seen,
		ZH: fmt.Sprintf("%q 不是数字；请填写阿拉伯数字，缺数请留空或将状态填为 O，不要填 -、… 等符号", seen),
		EN: fmt.Sprintf("%q is not a number; write digits, and leave the cell empty or set the status to O when the value is missing", seen),
	}
}

func tooLong(seen string) error {
	return &Problem{
		Code: "VALUE_TOO_LONG", Seen: seen,
		ZH: fmt.Sprintf("%q 的位数过多：最多 %d 位数字，其中小数不超过 %d 位（按该指标的单位计）；请检查数值和单位", seen, MaxDigits, MaxDecimals),
		EN: fmt.Sprintf("%q has too many digits: at most %d, and %d of them decimals in the indicator's unit; check the value and its unit", seen, MaxDigits, MaxDecimals),
	}
}

// Figure is a value settled in its indicator's unit.
type Figure struct {
	Value     Value
	Qualifier Qualifier
	Missing   bool
}

// ReadFigure reads a value's text, the unit column beside it and an explicit
// qualifier, and expresses the value in the indicator's own unit. A unit behind
// the number and one in the column must agree.
func ReadFigure(text, unit, qualifier string, own Unit) (Figure, error) {
	reading, err := ParseValue(text)
	if err != nil {
		return Figure{}, err
	}
	if reading.Missing {
		return Figure{Missing: true}, nil
	}
	stated, err := ParseQualifier(qualifier)
	if err != nil {
		return Figure{}, err
	}
	given := own
	column := strings.TrimSpace(norm.NFKC.String(unit))
	switch {
	case column != "":
		given = impliedUnit(column, own)
		if reading.Unit != "" && impliedUnit(reading.Unit, own) != given {
			return Figure{}, &Problem{
				Code: "UNIT_CONFLICT", Seen: text,
				ZH: fmt.Sprintf("数值 %q 自带的单位与单位列 %q 不一致；请只保留正确的一个", text, unit),
				EN: fmt.Sprintf("the unit in the value %q contradicts the unit column %q; keep the right one", text, unit),
			}
		}
	case reading.Unit != "":
		given = impliedUnit(reading.Unit, own)
	}
	value, err := own.Convert(reading.Value, given)
	if err != nil {
		return Figure{}, err
	}
	return Figure{Value: value, Qualifier: reading.Qualifier.Join(stated)}, nil
}
