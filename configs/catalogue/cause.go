package catalogue

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// silent are the marks that stand in a value's place and say nothing.
var silent = map[string]bool{
	"": true, "-": true, "--": true, "—": true, "——": true, "–": true, "…": true, "……": true, "...": true, "/": true, "\\": true,
}

// Silent reports whether a value's text says nothing: an empty cell, or a mark such as -, —,
// … or / in its place.
func Silent(text string) bool {
	if text == "" {
		return true
	}
	if c := text[0]; c >= '0' && c <= '9' {
		return false
	}
	if silent[text] {
		return true
	}
	return len(text) < 16 && silent[strings.Trim(normalise(text), "\"'")]
}

var (
	number           = `[+-]?\d[\d,]*(?:\.\d*)?`
	letterDigits     = regexp.MustCompile(`^[+-]?[\d.,]*\d[\d.,]*[OolI][\dOolI.,]*$|^[OolI]+\d[\dOolI.,]*$`)
	spaceInside      = regexp.MustCompile(`^[+-]?\d{1,4}(?:[\s\p{Zs}\x{2009}\x{202f}]+\d{1,4})+(?:\.\d+)?$`)
	otherDash        = regexp.MustCompile(`^([—–‒―‐‑ー一])\s*(\d[\d,]*(?:\.\d*)?)$`)
	inBrackets       = regexp.MustCompile(`^[(\[]\s*[+-]?(\d[\d,]*(?:\.\d*)?)\s*[)\]]$`)
	bracketMark      = regexp.MustCompile(`^(` + number + `)\s*(?:[(\[]\s*(?:\d|[A-Za-z]{1,2}|注\d*)\s*[)\]]|注\d*|[*†‡§#]+|[A-Za-z])$`)
	aboutBehind      = regexp.MustCompile(`^(` + number + `)\s*(?:\p{Han}{0,3})?(左右|上下|前后)$`)
	aboveBehind      = regexp.MustCompile(`^(` + number + `)\s*(?:\p{Han}{0,3})?(以上|多个|\+)$`)
	belowBehind      = regexp.MustCompile(`^(` + number + `)\s*(?:\p{Han}{0,3})?(以下|以内|不到)$`)
	comparison       = regexp.MustCompile(`^(>=|<=|[<>≥≤≧≦~≈]|大于|小于|不少于|不低于|至少|超过|超出|突破|高于|多于|达到|逾|不到|不足|不满|不超过|不高于|不多于|至多|低于|少于|接近|将近|大约|约为|大概)\s*(\d[\d,]*(?:\.\d*)?)`)
	numberRange      = regexp.MustCompile(`^\d[\d.]*\s*[-~—–至到]\s*\d[\d.]*\D{0,3}$`)
	decimalComma     = regexp.MustCompile(`^[+-]?\d+,\d{1,2}$|^[+-]?\d{1,3}(?:\.\d{3})+,\d+$`)
	chineseNumber    = regexp.MustCompile(`^[〇零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+\p{Han}{0,2}$`)
	wordsForNone     = map[string]bool{"无": true, "没有": true, "零": true, "none": true, "nil": true}
	wordsForNothing  = map[string]bool{"暂无": true, "缺": true, "空": true, "n/a": true, "na": true, "null": true, "nan": true, "未统计": true, "待定": true, "不适用": true}
	comparisonAnswer = map[string]string{">": "超", ">=": "超", "≥": "超", "≧": "超", "大于": "超", "不少于": "超", "不低于": "超", "至少": "超", "超过": "超", "超出": "超", "突破": "超", "高于": "超", "多于": "超", "达到": "超", "逾": "超", "~": "约", "≈": "约", "大约": "约", "约为": "约", "大概": "约"}
)

// notANumber returns the problem of a text that is no number. It names the likely cause.
func notANumber(seen string) error {
	zh, en := causeOf(seen)
	return &Problem{Code: "VALUE_NOT_A_NUMBER", Seen: seen, ZH: fmt.Sprintf("%s不是数字：%s", Quoted(seen), zh), EN: fmt.Sprintf("%q is not a number: %s", seen, en)}
}

// causeOf says why a text is no number, and what to write instead.
func causeOf(seen string) (zh, en string) {
	if len(seen) > 200 {
		return "内容过长；数值列只填数字，说明请写在备注列", "it is too long; the value holds the number alone, and a note has a column of its own"
	}
	trimmed := strings.TrimFunc(seen, unicode.IsSpace)
	// Superscripts and circled digits fold into digits, so they are looked at first.
	if at := strings.IndexFunc(trimmed, func(r rune) bool { return unicode.Is(unicode.No, r) }); at > 0 {
		mark := []rune(trimmed[at:])[0]
		return fmt.Sprintf("其中的 %c 像是脚注标记；请去掉，说明写在备注列", mark), fmt.Sprintf("%c looks like a footnote mark; take it away, and write what it says as a note", mark)
	}
	text := normalise(seen)
	switch m := []string(nil); {
	case wordsForNone[strings.ToLower(text)]:
		return "一个也没有的请填 0；数还没有出来的请留空；确实无法提供的，状态填“缺失”，全市数中本地区按缺报计",
			"write 0 where there is none; leave the cell empty where the figure is still to come, and set the status to O, missing, where there will be none: the city's total then lacks this area"
	case wordsForNothing[strings.ToLower(text)]:
		return "数还没有出来的请留空；如为零请填 0；确实无法提供的，状态填“缺失”，全市数中本地区按缺报计",
			"leave the cell empty where the figure is still to come; write 0 where it is zero, and set the status to O, missing, where there will be none: the city's total then lacks this area"
	case strings.HasPrefix(text, "'") || strings.HasPrefix(text, "’") || strings.HasPrefix(text, "‘"):
		return "数字前有撇号（Excel 的文本标记）；请去掉撇号", "an apostrophe stands before it, Excel's mark of a text; take it away"
	case match(spaceInside, text, &m):
		name, nameEN := spaceName(seen)
		return fmt.Sprintf("数字中间有%s；请去掉", name), fmt.Sprintf("there is %s inside the number; take it away", nameEN)
	case match(otherDash, text, &m):
		return fmt.Sprintf("前面的%s是破折号一类的横线，不是负号；负数请写 -%s", Quoted(m[1]), m[2]),
			fmt.Sprintf("%q before it is a dash of another kind and no minus sign; write -%s for a negative number", m[1], m[2])
	case match(inBrackets, text, &m):
		return fmt.Sprintf("括号在会计格式中表示负数；是负数请写 -%[1]s，否则写 %[1]s", m[1]), fmt.Sprintf("brackets stand for minus in accounts; write -%[1]s if that is meant, else %[1]s", m[1])
	case match(letterDigits, text, &m):
		return "其中有字母 O、l 或 I，不是数字 0 或 1；请改成数字", "it has the letter O, l or I where the digit 0 or 1 is meant; write the digit"
	case match(aboutBehind, text, &m):
		return fmt.Sprintf("“%s”表示约数，请写成 约%s", m[2], m[1]), fmt.Sprintf("%s says about; write 约%s, or about in the qualifier's column", m[2], m[1])
	case match(aboveBehind, text, &m):
		return fmt.Sprintf("“%s”表示超过，请写成 超%s", m[2], m[1]), fmt.Sprintf("%s says above; write 超%s, or above in the qualifier's column", m[2], m[1])
	case match(belowBehind, text, &m):
		return fmt.Sprintf("“%s”表示不足，请写成 近%s", m[2], m[1]), fmt.Sprintf("%s says below; write 近%s, or below in the qualifier's column", m[2], m[1])
	case match(comparison, text, &m):
		word := comparisonAnswer[m[1]]
		if word == "" {
			word = "近"
		}
		return fmt.Sprintf("%s请改写成 %s%s", Quoted(m[1]), word, m[2]), fmt.Sprintf("%q stands before it; write %s%s, or use the qualifier's column", m[1], word, m[2])
	case match(bracketMark, text, &m):
		mark := strings.TrimSpace(text[len(m[1]):])
		return fmt.Sprintf("末尾的%s像是脚注标记；请去掉，说明写在备注列，状态（如 p 初步）写在状态列", Quoted(mark)),
			fmt.Sprintf("%q behind it looks like a footnote mark; take it away: a note has a column of its own, and so has a status such as p, provisional", mark)
	case match(decimalComma, text, &m):
		return "小数点应为“.”，逗号只能作千分位；请改写", "the decimal mark is a point; a comma only separates thousands"
	case match(numberRange, text, &m):
		return "这是一个区间；请填一个确定的数，可用 近、超、约", "it is a range; write one number, with 近, 超 or 约 where it is not exact"
	case match(chineseNumber, text, &m):
		return "请用阿拉伯数字填写", "write it in the digits 0 to 9"
	case strings.HasPrefix(text, "="):
		return "这是公式文本，没有计算结果；请粘贴为数值", "it is the text of a formula without its result; paste the value"
	}
	return besideNumber(trimmed)
}

// numberRun is a number as it stands in a text, in half or full width.
var numberRun = regexp.MustCompile(`[+\-－−]?[\d０-９](?:[\d０-９,，.．]*[\d０-９])?`)

// besideNumber says what stands before or behind the number in a text, and what to write without
// it. Only what cannot be seen is told by its code point.
func besideNumber(text string) (zh, en string) {
	if r, hidden := hiddenRune(text); hidden {
		return fmt.Sprintf("其中夹有看不见的字符（U+%04X，常见于网页或文档复制）；请删去后重新输入", r),
			fmt.Sprintf("it has a character that is not seen (U+%04X, often copied from a web page); delete it and type the number again", r)
	}
	at := numberRun.FindStringIndex(text)
	if at == nil {
		return "请填写阿拉伯数字；数还没有出来的请留空", "write digits, and leave the cell empty where the figure is still to come"
	}
	before, number, behind := strings.TrimSpace(text[:at[0]]), normalise(text[at[0]:at[1]]), strings.TrimSpace(text[at[1]:])
	if strings.Count(number, ".") > 1 {
		return "里面不止一个小数点；请核对后改正", "it has more than one decimal point; check it and write one"
	}
	if strings.Contains(number, ",") && !thousandsPattern.MatchString(strings.TrimLeft(number, "+-")) {
		return "千分位逗号的位置不对，可能缺了或多了一位数字；请核对后改正", "its commas do not separate thousands, as where a digit is missing or there is one too many; check it and write it without them"
	}
	unit := unitBefore(behind)
	remark := strings.TrimSpace(behind[len(unit):])
	unit = normalise(unit)
	switch {
	case before == "" && startsBracket(remark):
		return fmt.Sprintf("数值列只填 %s，后面的%s请写在备注列", number+unit, Quoted(remark)), fmt.Sprintf("write %s alone, and %q as a note", number+unit, remark)
	case strings.ContainsFunc(before+remark, unicode.IsDigit):
		return "里面不止一个数；一格只填一个数，说明请写在备注列", "there is more than one number in it; write one, and the rest as a note"
	case before == "" && remark != "":
		return fmt.Sprintf("数字后面的%s无法识别；请只填 %s，说明写在备注列", Quoted(remark), number+unit), fmt.Sprintf("%q behind the number means nothing here; write %s, and what else there is to say as a note", remark, number+unit)
	case remark == "" && before != "":
		return fmt.Sprintf("数字前面的%s无法识别；请只填 %s，说明写在备注列", Quoted(before), number+unit), fmt.Sprintf("%q before the number means nothing here; write %s, and what else there is to say as a note", before, number+unit)
	}
	return fmt.Sprintf("请只填 %s，其余文字写在备注列", number+unit), fmt.Sprintf("write %s, and the other words as a note", number+unit)
}

func startsBracket(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return strings.ContainsRune("(（[【〔{", r)
}

// unitBefore returns the unit at the beginning of a text, as it is written there.
func unitBefore(text string) string {
	longest := ""
	for i := range text + " " {
		if i > 24 {
			break
		}
		if i <= len(text) && IsUnit(NormalizeName(text[:i])) {
			longest = text[:i]
		}
	}
	return longest
}

// hiddenRune returns the first character of a text that shows nothing and is no space.
func hiddenRune(text string) (rune, bool) {
	for _, r := range text {
		if !unicode.IsGraphic(r) && !unicode.IsSpace(r) || r == utf8.RuneError {
			return r, true
		}
	}
	return 0, false
}

// spaceName names the first white space inside a text.
func spaceName(text string) (zh, en string) {
	for _, r := range strings.TrimSpace(text) {
		if !unicode.IsSpace(r) {
			continue
		}
		switch r {
		case ' ':
			return "空格", "a space"
		case '\u00a0':
			return "不间断空格（U+00A0，常见于网页复制）", "a non-breaking space (U+00A0, often copied from a web page)"
		case '\u3000':
			return "全角空格（U+3000）", "a full-width space (U+3000)"
		case '\n', '\r':
			return "换行", "a line break"
		case '\t':
			return "制表符", "a tab"
		}
		return fmt.Sprintf("空白字符（U+%04X）", r), fmt.Sprintf("white space (U+%04X)", r)
	}
	return "空格", "a space"
}

// suspicious reports whether what stands behind a number is rather a slip than a unit.
func suspicious(unit string) bool {
	switch unit {
	case "左右", "上下", "前后", "以上", "以下", "以内", "不到", "注":
		return true
	}
	if strings.HasSuffix(unit, "左右") || strings.HasSuffix(unit, "以上") || strings.HasSuffix(unit, "以下") || strings.HasSuffix(unit, "上下") {
		return true
	}
	return len(unit) == 1 && (unit[0] >= 'a' && unit[0] <= 'z' || unit[0] >= 'A' && unit[0] <= 'Z')
}
