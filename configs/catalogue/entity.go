package catalogue

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// EntityCodeLength is how many characters a unified social credit code has.
const EntityCodeLength = 18

// entityAlphabet are the characters of a unified social credit code in the order of their
// values (GB 32100-2015): digits and letters without I, O, S, V and Z.
const entityAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// mistakenFor are the characters that letters outside the alphabet are mostly written for.
var mistakenFor = map[rune]string{'I': "1", 'O': "0", 'S': "5", 'Z': "2", 'V': "U"}

// ParseEntityCode reads a unified social credit code as people write it, in either case and
// width and with spaces, and returns its 18 characters. The error is a [Problem] that names
// the wrong character or the right check character.
func ParseEntityCode(text string) (string, error) {
	code := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Cc) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(text[:min(len(text), maxEntityText)]))
	if code == "" {
		return "", badEntityCode(text, "缺少统一社会信用代码；请填写 18 位代码", "the unified social credit code is missing; write its 18 characters")
	}
	if strings.ContainsAny(code, ".+") && scientificPattern.MatchString(code) {
		return "", badEntityCode(text, "代码被 Excel 改成了科学计数法；请将单元格设为“文本”格式后重新填写", "Excel has turned the code into scientific notation; format the cell as Text and type the code again")
	}
	characters := []rune(code)
	for i, r := range characters[:min(len(characters), EntityCodeLength)] {
		digit := i >= 2 && i < 8 // of the registration authority's area, GB/T 2260
		if strings.ContainsRune(entityAlphabet, r) && !(digit && r > '9') {
			continue
		}
		zh, en := fmt.Sprintf("第 %d 位 %q 不是代码可用的字符", i+1, r), fmt.Sprintf("character %d, %q, does not occur in such codes", i+1, r)
		if digit {
			zh, en = fmt.Sprintf("第 %d 位 %q 应为数字（第 3—8 位是登记机关行政区划码）", i+1, r), fmt.Sprintf("character %d, %q, is to be a digit: characters 3 to 8 are the code of the registering authority's area", i+1, r)
		}
		if likely := mistakenFor[r]; likely != "" && (!digit || likely < "A") {
			zh, en = zh+fmt.Sprintf("，是否为 %s？", likely), en+fmt.Sprintf("; is it %s?", likely)
		}
		return "", badEntityCode(text, zh, en)
	}
	if len(characters) != EntityCodeLength {
		return "", badEntityCode(text, fmt.Sprintf("统一社会信用代码应为 %d 位，这里有 %d 位", EntityCodeLength, len(characters)),
			fmt.Sprintf("a unified social credit code has %d characters, this one has %d", EntityCodeLength, len(characters)))
	}
	if check := EntityCheck(code); code[EntityCodeLength-1] != check {
		return "", badEntityCode(text, fmt.Sprintf("校验码不符：按前 17 位计算，末位应为 %c，填的是 %c；请核对整个代码", check, code[EntityCodeLength-1]),
			fmt.Sprintf("the check character is wrong: by the first 17 characters the last is to be %c, not %c; compare the whole code", check, code[EntityCodeLength-1]))
	}
	return code, nil
}

// maxEntityText is how many bytes of a code's text are looked at.
const maxEntityText = 200

// EntityCheck returns the check character that belongs to the first 17 characters of a code,
// which are of the alphabet (GB 32100-2015, appendix A).
func EntityCheck(code string) byte {
	sum, weight := 0, 1
	for i := range EntityCodeLength - 1 {
		sum += strings.IndexByte(entityAlphabet, code[i]) * weight
		weight = weight * 3 % len(entityAlphabet)
	}
	return entityAlphabet[(len(entityAlphabet)-sum%len(entityAlphabet))%len(entityAlphabet)]
}

func badEntityCode(text, zh, en string) *Problem {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return &Problem{Code: "ENTITY_CODE_INVALID", Seen: text, ZH: zh, EN: en}
}

// Day is a calendar day as the number yyyymmdd, so that later days are larger; 0 is none.
type Day uint32

// DayOf returns the day of an instant in its zone.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(year*10000 + int(month)*100 + day)
}

// Time returns the beginning of the day in UTC.
func (d Day) Time() time.Time {
	return time.Date(int(d/10000), time.Month(d/100%100), int(d%100), 0, 0, 0, 0, time.UTC)
}

// String returns 2021-12-31, or "" for none.
func (d Day) String() string {
	if d == 0 {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

var (
	eightDigits = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	unlimited   = regexp.MustCompile(`^(?:长期|长期有效|永久|永久有效|无固定期限|long-?term|unlimited)$`)
)

// ParseDay reads a day as people and spreadsheets write it, or a period, of which it returns
// the first day or, where last is set, the last. Empty text, a dash and 长期 are no day. The
// error is a [Problem].
func ParseDay(text string, last bool) (Day, error) {
	folded := strings.ToLower(strings.TrimSpace(norm.NFKC.String(text[:min(len(text), maxPeriodText)])))
	if Silent(folded) || unlimited.MatchString(folded) {
		return 0, nil
	}
	m := dayText.FindStringSubmatch(folded)
	if m == nil {
		m = eightDigits.FindStringSubmatch(folded)
	}
	if m != nil {
		day, err := time.Parse("2006-1-2", m[1]+"-"+m[2]+"-"+m[3])
		if err == nil && plausibleYear(day.Year()) {
			return DayOf(day), nil
		}
		return 0, badDay(text)
	}
	p, err := ReadPeriod(folded, 0)
	switch {
	case err != nil:
		return 0, badDay(text)
	case last:
		return DayOf(p.LastDay()), nil
	}
	return DayOf(p.Start()), nil
}

func badDay(text string) *Problem {
	if len(text) > 60 {
		text = strings.ToValidUTF8(text[:60], "") + "…"
	}
	return &Problem{
		Code: "DAY_INVALID", Seen: text,
		ZH: fmt.Sprintf("%s不是日期；请写成 2021-12-31、2021年12月31日，或写报告期如 2021年、2021年6月；没有期限的留空", Quoted(text)),
		EN: fmt.Sprintf("%q is no day; write 2021-12-31, or a period such as 2021 or 2021-06, or leave it empty where there is no bound", text),
	}
}
