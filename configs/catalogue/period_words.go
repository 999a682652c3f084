package catalogue

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// ReadPeriod reads a period as people and spreadsheets write it, besides the codes of
// [ParsePeriod]: 2022年, 2022年3月, 202203, 2022/3, 2022Q3, 2022年三季度, 上半年, 1—6月累计,
// Jan–Feb 2022, Jun-22. A text without a year is of the year given; 0 is none.
//
// A text with two meanings, or that a spreadsheet has made of another one, is a [Problem]
// that says so: a day, a day's number, 2022.1, which may have been 2022.10.
func ReadPeriod(text string, year int) (Period, error) {
	if p, ok := parseYear(text); ok {
		return p, nil
	}
	if p, err := ParsePeriod(text); err == nil {
		return p, nil
	}
	if len(text) > maxPeriodText {
		return Period{}, badPeriod(strings.ToValidUTF8(text[:maxPeriodText], "") + "…")
	}
	folded := normalise(text)
	if p, err := ParsePeriod(folded); err == nil {
		return p, nil
	}
	if err := periodDamage(text, folded); err != nil {
		return Period{}, err
	}
	compact := periodEnd.ReplaceAllString(compactPeriod(folded), "$1")
	p, own := readWords(compact)
	switch {
	case p.Kind == 0:
		return Period{}, badPeriod(text)
	case own == 0 && year == 0:
		return Period{}, &Problem{
			Code: "PERIOD_WITHOUT_YEAR", Seen: text,
			ZH: fmt.Sprintf("%s没有写明年份；请写成 2022年%s，或在报送时的“报告期”中注明年份", Quoted(text), text),
			EN: fmt.Sprintf("%q names no year; write it with the year, as in 2022年%s, or give the year as the parameter period", text, text),
		}
	case own == 0:
		own = year
	}
	if !plausibleYear(own) {
		return Period{}, badPeriod(text)
	}
	p.Year = int16(own)
	return p, nil
}

// maxPeriodText is how many bytes a period's text may have.
const maxPeriodText = 80

var (
	dashes    = strings.NewReplacer("—", "-", "–", "-", "‒", "-", "−", "-", "―", "-", "‐", "-", "‑", "-", "~", "-", "至", "-", "到", "-", "--", "-")
	zhDigits  = map[rune]int{'〇': 0, '零': 0, '○': 0, '一': 1, '二': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	zhNumeral = regexp.MustCompile(`[〇零○一二三四五六七八九十]+`)
	// lettersInYear is a year with the letter O or l in it.
	lettersInYear = regexp.MustCompile(`^[0-9OolI]{4}(?:[-/年].*)?$`)
	dayText       = regexp.MustCompile(`^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z?)?$`)
	dayFirst      = regexp.MustCompile(`^\d{1,2}[-/](?:[A-Za-z]{3,9}|\d{1,2})[-/]\d{2,4}$`)
	dayMonth      = regexp.MustCompile(`^(?:(\d{1,2})[- ]([A-Za-z]{3,9})|([A-Za-z]{3,9}) (\d{1,2})|(\d{1,2})月(\d{1,2})日)$`)
	// dottedSpan is a span of months behind a year (2022.1-9), which would be a day with the same mark twice.
	dottedSpan = regexp.MustCompile(`^\d{4}[.年]\d{1,2}-\d{1,2}$`)
	shortYears = regexp.MustCompile(`^\d{2}年(?:度|[底末]|[上下]半年|\d{1,2}月份?|第?[1-4一二三四]季度?)?$`)
	dotMonth   = regexp.MustCompile(`^(\d{4})\.1$`)
)

// compactPeriod drops white space, folds dashes into hyphens and Chinese numerals into
// digits, and writes in lower case.
func compactPeriod(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(text))
	return zhNumeral.ReplaceAllStringFunc(dashes.Replace(text), func(run string) string {
		if !strings.ContainsRune(run, '十') {
			var b strings.Builder
			for _, r := range run {
				b.WriteByte(byte('0' + zhDigits[r]))
			}
			return b.String()
		}
		before, after, _ := strings.Cut(run, "十")
		tens, ones := 1, 0
		if before != "" {
			tens = zhDigits[[]rune(before)[0]]
		}
		if after != "" {
			ones = zhDigits[[]rune(after)[0]]
		}
		return strconv.Itoa(tens*10 + ones)
	})
}

// periodDamage recognises what a spreadsheet, or a hand that slipped, makes of periods.
func periodDamage(text, folded string) error {
	problem := func(code, zh, en string, args ...any) error {
		return &Problem{Code: code, Seen: text, ZH: fmt.Sprintf("%s"+zh, append([]any{Quoted(text)}, args...)...), EN: fmt.Sprintf("%q "+en, append([]any{text}, args...)...)}
	}
	if serial, err := strconv.ParseFloat(folded, 64); err == nil && len(folded) >= 5 && serial >= 25569 && serial < 73051 && folded[0] != '-' {
		day := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(serial))
		return problem("PERIOD_DATE", "是 Excel 的日期序号（即 %s）；该月请写 %s，该年请写 %d，并将单元格设为“文本”格式",
			"is Excel's number for the day %s; write %s for that month or %d for that year, and format the cells as Text", day.Format(time.DateOnly), day.Format("2006-01"), day.Year())
	}
	if shortYears.MatchString(folded) {
		return problem("PERIOD_WITHOUT_YEAR", "的年份只写了两位；请写全，如 20%s", "has a year of two digits; write it in full, as in 20%s", folded)
	}
	if m := dayText.FindStringSubmatch(folded); m != nil && !dottedSpan.MatchString(folded) {
		month, _ := strconv.Atoi(m[2])
		if month >= 1 && month <= 12 {
			return problem("PERIOD_DATE", "是某一天，Excel 会把 %[2]s-%[3]d 变成日期；该月请写 %[2]s-%02[3]d，该年请写 %[2]s，并将单元格设为“文本”格式",
				"is a day, which Excel makes of %[2]s-%[3]d; write %[2]s-%02[3]d for the month or %[2]s for the year, and format the cells as Text", m[1], month)
		}
	}
	if dayMonth.MatchString(folded) || dayFirst.MatchString(folded) {
		return problem("PERIOD_DATE", "是 Excel 显示的某一天，看不出是哪年哪月；请写成 2022-06 的形式，并将单元格设为“文本”格式",
			"is a day as Excel shows it, and does not say for certain which month of which year is meant; write it as in 2022-06, and format the cells as Text")
	}
	if m := dotMonth.FindStringSubmatch(folded); m != nil {
		return problem("PERIOD_INVALID", "可能是 %[2]s 年 1 月，也可能是 Excel 去掉末尾 0 的 %[2]s.10；请写成 %[2]s-01 或 %[2]s-10",
			"may be January %[2]s, or %[2]s.10 of which Excel dropped the zero; write %[2]s-01 or %[2]s-10", m[1])
	}
	if lettersInYear.MatchString(folded) && strings.ContainsAny(folded[:4], "OolI") {
		return problem("PERIOD_INVALID", "的年份里有字母 O 或 l，不是数字 0 或 1；请改成数字", "has the letter O or l in the year, where the digit 0 or 1 is meant")
	}
	return nil
}

// periodEnd is the end of a period, which stands for it: 2022年底, 2022年6月末.
var periodEnd = regexp.MustCompile(`(年|月|季度?|半年)期?[末底]$`)

var months = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11, "dec": 12,
	"january": 1, "february": 2, "march": 3, "april": 4, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10, "november": 11, "december": 12,
}

var (
	yearBefore   = regexp.MustCompile(`^(\d{4})(年度?|年?[-/]|\.)?(.*)$`)
	yearBehind   = regexp.MustCompile(`^(q[1-4]|[1-4]q|[sh][12]|[a-z]{3,9}(?:-[a-z]{3,9})?)(?:-|/|of|')?(\d{4})$`)
	shortYear    = regexp.MustCompile(`^([a-z]{3,9})[-']([0-9]{2})$`)
	wordQuarter  = regexp.MustCompile(`^(?:第?([1-4])季度?|q([1-4])|([1-4])q)$`)
	wordHalf     = regexp.MustCompile(`^(?:(上)半年|(下)半年|[sh]([12]))$`)
	wordMonth    = regexp.MustCompile(`^(\d{1,2})(月份?)?$`)
	wordSpan     = regexp.MustCompile(`^(\d{1,2})月?-(\d{1,2})(月(?:份|累计|份累计|合计)?)?$`)
	wordFirst    = regexp.MustCompile(`^前(\d{1,2})(个月|月|季度)(?:累计)?$`)
	wordQuarters = regexp.MustCompile(`^1季?度?-([2-4])季度?(?:累计)?$`)
	wordYTD      = regexp.MustCompile(`^ytd(\d{1,2})$`)
	sdmxMonth    = regexp.MustCompile(`^m(\d{2})$`)
	englishMonth = regexp.MustCompile(`^([a-z]{3,9})(?:-([a-z]{3,9}))?$`)
)

// readWords reads a period in compact form. The year is 0 where the text names none; a
// Period without a kind is none at all.
func readWords(text string) (p Period, year int) {
	if m := shortYear.FindStringSubmatch(text); m != nil {
		if month := months[m[1]]; month > 0 {
			short, _ := strconv.Atoi(m[2])
			return Period{Kind: Month, Index: uint8(month)}, 2000 + short
		}
	}
	if m := yearBehind.FindStringSubmatch(text); m != nil {
		year, _ = strconv.Atoi(m[2])
		return readPart(m[1], ""), year
	}
	if m := yearBefore.FindStringSubmatch(text); m != nil {
		year, _ = strconv.Atoi(m[1])
		if m[3] == "" && (m[2] == "" || strings.HasPrefix(m[2], "年") && !strings.HasSuffix(m[2], "-")) || m[3] == "全年" || m[3] == "a1" || m[3] == "-a1" {
			return Period{Kind: Year}, year
		}
		return readPart(m[3], m[2]), year
	}
	return readPart(text, "none"), 0
}

// readPart reads the part of a year. The separator is what stands between the year and the
// part; "none" is no year.
func readPart(text, separator string) Period {
	number := func(digits string) int { n, _ := strconv.Atoi(digits); return n }
	text = strings.TrimPrefix(text, "-")
	switch m := []string(nil); {
	case match(wordQuarter, text, &m):
		return Period{Kind: Quarter, Index: uint8(number(m[1] + m[2] + m[3]))}
	case match(wordHalf, text, &m):
		if m[1] != "" || m[3] == "1" {
			return Period{Kind: Half, Index: 1}
		}
		return Period{Kind: Half, Index: 2}
	case match(wordFirst, text, &m):
		last := number(m[1])
		if m[2] == "季度" {
			last *= 3
		}
		return monthSpan(1, last)
	case match(wordQuarters, text, &m):
		return monthSpan(1, 3*number(m[1]))
	case match(wordSpan, text, &m):
		if m[3] == "" && separator != "." && separator != "年" { // 2022-1-9 is a day
			return Period{}
		}
		return monthSpan(number(m[1]), number(m[2]))
	case match(wordYTD, text, &m):
		return monthSpan(1, number(m[1]))
	case match(sdmxMonth, text, &m):
		return month(number(m[1]))
	case match(wordMonth, text, &m):
		// 20221 and 2022.3 without 月 say too little; a bare number without a year is none.
		if m[2] == "" && (separator == "none" || len(m[1]) == 1 && separator == "") {
			return Period{}
		}
		return month(number(m[1]))
	case match(englishMonth, text, &m):
		from, to := months[m[1]], months[m[2]]
		switch {
		case from == 0 || m[2] != "" && to == 0:
			return Period{}
		case m[2] == "":
			return month(from)
		}
		return monthSpan(from, to)
	}
	return Period{}
}

func match(pattern *regexp.Regexp, text string, into *[]string) bool {
	*into = pattern.FindStringSubmatch(text)
	return *into != nil
}

func month(n int) Period {
	if n < 1 || n > 12 {
		return Period{}
	}
	return Period{Kind: Month, Index: uint8(n)}
}

// monthSpan returns the months from one to another: cumulative from January, or a quarter or half
// that has exactly these months.
func monthSpan(from, to int) Period {
	switch {
	case from < 1 || to > 12 || from >= to && !(from == 1 && to == 1):
		return Period{}
	case from == 1:
		return Period{Kind: YearToDate, Index: uint8(to)}
	case to-from == 2 && to%3 == 0:
		return Period{Kind: Quarter, Index: uint8(to / 3)}
	case from == 7 && to == 12:
		return Period{Kind: Half, Index: 2}
	}
	return Period{}
}
