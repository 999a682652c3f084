package wording

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// Cumulation is whether a text says that figures count from the beginning of the year.
type Cumulation uint8

const (
	NotCumulative Cumulation = iota
	Spanning                 // it names months from January on, and does not say 累计: 1-9月
	Cumulative
	PartlyCumulative // some figures are of the period alone: 本月及累计
)

var (
	notCumulative = regexp.MustCompile(`(?:非|不是|不含)累计`)
	cumulative    = regexp.MustCompile(`累计|截[-止]+(?:目前|\d)|[月季年]度?份?期?[末底]?止`)
	throughMonth  = regexp.MustCompile(`(?:^|\D)0?1月?-(\d{1,2})月|截[-止]+(?:目前)?(?:\d{4}年)?(\d{1,2})月|(\d{1,2})月份?[末底]?止|前(\d{1,2})个月`)
	ofPeriodAlone = regexp.MustCompile(`(?:^|[^-])[本当单][月季期](?:[^止末底]|$)`)
	numerals      = strings.NewReplacer("十二月", "12月", "十一月", "11月", "十月", "10月", "二月", "2月", "三月", "3月", "四月", "4月", "五月", "5月", "六月", "6月", "七月", "7月", "八月", "8月", "九月", "9月")
)

// ToDate tells whether a title says that figures count from the beginning of the year (累计, 截至9月底), or
// only names the months from its beginning (1-9月), and the month up to which; 0 where it says none.
func ToDate(title string) (kind Cumulation, month uint8) {
	title = dashes.Replace(numerals.Replace(catalogue.NormalizeName(title)))
	through := throughMonth.FindStringSubmatch(title)
	if notCumulative.MatchString(title) || through == nil && !cumulative.MatchString(title) {
		return NotCumulative, 0
	}
	if ofPeriodAlone.MatchString(title) {
		return PartlyCumulative, 0
	}
	if through != nil {
		n, _ := strconv.Atoi(strings.Join(through[1:], ""))
		month = uint8(min(n, 12))
	}
	if !cumulative.MatchString(title) {
		return Spanning, month
	}
	return Cumulative, month
}

var alone = regexp.MustCompile(`[本当单][月季期]`)

// OfPeriodAlone reports whether a header says that its figures are of its period alone: 2022年9月当月.
func OfPeriodAlone(header string) bool { return alone.MatchString(catalogue.NormalizeName(header)) }

var toDateGeneral = regexp.MustCompile(`附注|注释|备注|说明|注|本表|表中|表内|以上|上述|所列|各项|各|指标|数据|数值|数字|金额|统计|口径|完成|情况|均|都|统一|全部|所有|除|另有|标明|外|为|是|系|属|按|的|自|从|年初|起|至|本期|期末|截|止|目前|底|末|前|个|累计|[\s\d:.、*※()#年月季度份-]`)

// ToDateBelow tells whether a footnote says of all figures, and of nothing in particular, that they count
// from the beginning of the year: 注：本表为1-9月累计数, but not 注：授权专利为历年累计数.
func ToDateBelow(text string) bool {
	for _, clause := range clauseEnds.Split(catalogue.NormalizeName(text), -1) {
		if kind, _ := ToDate(clause); (kind == Cumulative || kind == Spanning) && general(clause) {
			return true
		}
	}
	return false
}

func general(clause string) bool {
	return strings.Trim(toDateGeneral.ReplaceAllString(dashes.Replace(clause), ""), "数一二三四上半第") == ""
}

// OfAll reports whether a footnote that names a period says it of all figures: 注：数据为2022年前三季度.
func OfAll(text string) bool { return general(catalogue.NormalizeName(text)) }

var (
	upToBefore = regexp.MustCompile(`^(?:自?年初)?(?:截[至止到]+|累计[至到]?|至|到)`)
	upToBehind = regexp.MustCompile(`(?:(?:期?[末底]止?|止)(?:累计)?|累计)(?:数值?|值|额|完成数?)?$`)
)

// UpTo takes the words from the text of a period that say that it is meant up to its end, as figures
// of the year to date and stocks are: 截至2026年9月, 9月止, 2026年三季度累计. It reports false for a text
// without them.
func UpTo(text string) (period string, ok bool) {
	text = catalogue.NormalizeName(text)
	period = upToBehind.ReplaceAllString(upToBefore.ReplaceAllString(text, ""), "")
	return period, period != text && period != ""
}

var footnoteMark = regexp.MustCompile(`(?:[①-⑳⑴-⒇¹²³⁴⁵⁶⁷⁸⁹*※†]|[\[【(（](?:注)?\d{1,2}[\]】)）]|注\d{1,2})+\s*$`)

// WithoutFootnote returns a name without the mark of a footnote behind it: 地区生产总值①.
func WithoutFootnote(name string) string { return footnoteMark.ReplaceAllString(name, "") }

var amountBehind = regexp.MustCompile(`^(.+?)(数量|总数|总量|总额)([(\[][^()\[\]]+[)\]])?$`)

// WithoutAmount returns a name without a word behind it that says no more than that figures are amounts, and whether
// that is one of money too. It is empty for another name.
func WithoutAmount(text string) (name string, money bool) {
	m := amountBehind.FindStringSubmatch(catalogue.NormalizeName(text))
	if m == nil {
		return "", false
	}
	return m[1] + m[3], m[2] == "总量" || m[2] == "总额"
}

// cumulated are the forms in which the name of an indicator says that its figures are of the year to
// date.
var cumulated = []*regexp.Regexp{regexp.MustCompile(`累计`), regexp.MustCompile(`累计(?:数|值|额|完成数?)`)}

var emptyBrackets = strings.NewReplacer("(,", "(", "(、", "(", ",)", ")", "、)", ")", "()", "", "[]", "")

// WithoutToDate returns what an indicator may be called whose name says that its figures are of the
// year to date: 技术合同成交额（累计，万元）. It is empty for another name.
func WithoutToDate(name string) (names []string) {
	if !strings.Contains(name, "累计") {
		return nil
	}
	name = catalogue.NormalizeName(name)
	for _, words := range cumulated {
		if short := emptyBrackets.Replace(words.ReplaceAllString(name, "")); short != "" {
			names = append(names, short)
		}
	}
	return names
}
