package catalogue

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
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
	bracketMark      = regexp.MustCompile(`^(` + number + `)\s*(?:[(\[]\s*(?:[\dA-Za-z]{1,2}|注\d*)\s*[)\]]|注\d*|[*†‡§#]+|[A-Za-z])$`)
	aboutBehind      = regexp.MustCompile(`^(` + number + `)\s*(?:\p{Han}{0,3})?(左右|上下|前后)$`)
	aboveBehind      = regexp.MustCompile(`^(` + number + `)\s*(?:\p{Han}{0,3})?(以上|多个|\+)$`)
	belowBehind      = regexp.MustCompile(`^(` + number + `)\s*(?:\p{Han}{0,3})?(以下|以内|不到)$`)
	comparison       = regexp.MustCompile(`^(>=|<=|[<>≥≤≧≦~≈]|大于|小于|不少于|不低于|超过|高于|达到|不足|低于|少于|接近|大约|约为|大概)\s*(\d[\d,]*(?:\.\d*)?)`)
	numberRange      = regexp.MustCompile(`^\d[\d.]*\s*[-~—–至到]\s*\d[\d.]*\D{0,3}$`)
	decimalComma     = regexp.MustCompile(`^[+-]?\d+,\d{1,2}$|^[+-]?\d{1,3}(?:\.\d{3})+,\d+$`)
	chineseNumber    = regexp.MustCompile(`^[〇零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟]+\p{Han}{0,2}$`)
	wordsForNothing  = map[string]bool{"无": true, "暂无": true, "没有": true, "缺": true, "空": true, "n/a": true, "na": true, "null": true, "none": true, "nan": true, "未统计": true, "待定": true, "不适用": true}
	comparisonAnswer = map[string]string{">": "超", ">=": "超", "≥": "超", "≧": "超", "大于": "超", "不少于": "超", "不低于": "超", "超过": "超", "高于": "超", "达到": "超", "~": "约", "≈": "约", "大约": "约", "约为": "约", "大概": "约"}
)

// notANumber returns the problem of a text that is no number. It names the likely cause.
func notANumber(seen string) error {
	zh, en := causeOf(seen)
	return &Problem{Code: "VALUE_NOT_A_NUMBER", Seen: seen, ZH: fmt.Sprintf("%q 不是数字：%s", seen, zh), EN: fmt.Sprintf("%q is not a number: %s", seen, en)}
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
	case wordsForNothing[strings.ToLower(text)]:
		return "缺数请留空；明确声明无此数据请将状态填为 O", "leave the cell empty where there is nothing to say, or set the status to O to state that there is no figure"
	case strings.HasPrefix(text, "'") || strings.HasPrefix(text, "’") || strings.HasPrefix(text, "‘"):
		return "数字前有撇号（Excel 的文本标记）；请去掉撇号", "an apostrophe stands before it, Excel's mark of a text; take it away"
	case match(spaceInside, text, &m):
		name, nameEN := spaceName(seen)
		return fmt.Sprintf("数字中间有%s；请去掉", name), fmt.Sprintf("there is %s inside the number; take it away", nameEN)
	case match(otherDash, text, &m):
		return fmt.Sprintf("%q（U+%04X）是破折号或其他横线，不是负号；负数请写 -%s", m[1], []rune(m[1])[0], m[2]),
			fmt.Sprintf("%q (U+%04X) is a dash of another kind and no minus sign; write -%s for a negative number", m[1], []rune(m[1])[0], m[2])
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
		return fmt.Sprintf("前面的 %q 不能与数值同填；请写成 %s%s", m[1], word, m[2]), fmt.Sprintf("%q stands before it; write %s%s, or use the qualifier's column", m[1], word, m[2])
	case match(bracketMark, text, &m):
		mark := strings.TrimSpace(text[len(m[1]):])
		return fmt.Sprintf("末尾的 %q 像是脚注标记；请去掉，说明写在备注列，状态（如 p 初步）写在状态列", mark),
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
	if r, ok := oddRune(text); ok {
		return fmt.Sprintf("其中有 %q（U+%04X），数值里不能有；请填写阿拉伯数字", r, r), fmt.Sprintf("it has %q (U+%04X), which is no part of a number; write digits", r, r)
	}
	return "请填写阿拉伯数字，缺数请留空或将状态填为 O", "write digits, and leave the cell empty or set the status to O where there is no figure"
}

// oddRune returns the first character of a text with digits that is no part of a number.
func oddRune(text string) (rune, bool) {
	if !strings.ContainsAny(text, "0123456789") {
		return 0, false
	}
	for _, r := range text {
		if !strings.ContainsRune("0123456789.,+-", r) {
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
