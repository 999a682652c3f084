package wording

import (
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// What headers call the period of a table: of the month, the quarter, the year, or all of the
// year up to its end.
const measured = `(?:实际)?(?:完成|实现|达到)?(?:数值?|值|额|量|数据|情况|实绩|绝对[额值量数]|总量|总数|总额|金额|发生额)?`

var (
	thisMonth   = regexp.MustCompile(`^(?:本|当)月份?` + measured + `$`)
	thisQuarter = regexp.MustCompile(`^(?:本|当)季度?` + measured + `$`)
	thisYear    = regexp.MustCompile(`^(?:本年度?|今年|当年|全年|年度|年内)` + measured + `$`)
	toDate      = regexp.MustCompile(`^(?:(?:1月?|1季度?|年初|自年初|本年度?|今年|全年)?-?(?:起)?-?(?:(?:本|当)(?:月|季度?|期)|报告期)?[止末]?(?:累计)` + measured + `|(?:1月?|1季度?|自?年初)-(?:本|当)(?:月|季度?|期))$`)
	dashes      = strings.NewReplacer("—", "-", "–", "-", "−", "-", "~", "-", "至", "-", "到", "-", "--", "-", "一季", "1季", "一月", "1月")
)

// RelativePeriod returns the kind of period that a header names by its place to that of the table:
// 本月, 1-本月累计. The header is normalized.
func RelativePeriod(header string) (catalogue.PeriodKind, bool) {
	header = dashes.Replace(header)
	switch {
	case thisMonth.MatchString(header):
		return catalogue.Month, true
	case thisQuarter.MatchString(header):
		return catalogue.Quarter, true
	case thisYear.MatchString(header):
		return catalogue.Year, true
	case toDate.MatchString(header):
		return catalogue.YearToDate, true
	}
	return 0, false
}

// EndingWith returns the period of a kind that ends with another one. It reports false where there
// is none, and for a month or quarter of a longer period unless that is the year to date.
func EndingWith(of catalogue.Period, kind catalogue.PeriodKind) (catalogue.Period, bool) {
	months := map[catalogue.PeriodKind]uint8{catalogue.Month: 1, catalogue.Quarter: 3, catalogue.Half: 6, catalogue.YearToDate: 1, catalogue.Year: 12}
	last := of.Index * months[of.Kind]
	if of.Kind == catalogue.Year {
		last = 12
	}
	toDate := of.Kind == catalogue.YearToDate
	switch {
	case of.Kind == 0:
	case of.Kind == kind:
		return of, true
	case kind == catalogue.YearToDate && of.Kind != catalogue.Year:
		return catalogue.Period{Year: of.Year, Kind: kind, Index: last}, true
	case kind == catalogue.Month && toDate:
		return catalogue.Period{Year: of.Year, Kind: kind, Index: last}, true
	case kind == catalogue.Quarter && last%3 == 0 && (toDate || of.Kind == catalogue.Month):
		return catalogue.Period{Year: of.Year, Kind: kind, Index: last / 3}, true
	}
	return catalogue.Period{}, false
}

// Comparison is what a column holds figures against.
type Comparison uint8

const (
	NoComparison Comparison = iota
	BaseOf                  // the figure of a year before
	ChangeOf                // the change since, in per cent or points
)

var (
	baseBehind = regexp.MustCompile(`^(.*?)(?:(?:上年|去年)?同期|上年同月|上年同季)` + measured + `$`)
	baseBefore = regexp.MustCompile(`^(?:上年同期|去年同期)(.+)$`)
	// yearBefore is of the year before in a table of years. In one of months it may be all of that year.
	yearBefore = regexp.MustCompile(`^(?:上年度?|去年|上一年度?|前一年)(?:累计)?` + measured + `$`)
	// changeBehind are the words for a change on the year before, and rateBehind those for one that is told to be a
	// rate, by 率 or by a sign of per cent.
	changeBehind = regexp.MustCompile(`^(.*?)(?:(?:同比|[比较](?:上|去)年同期)(?:增长|增速|增幅|增减|增降|涨跌|涨幅|变动|变化|升降)?(?:率|幅度?|速度|百分点)?|[比较](?:上|去)年(?:增长|增速|增幅|涨幅|(?:增减|变动|变化|升降)(?:率|幅度?)))$`)
	rateBehind   = regexp.MustCompile(`^(.*?)(?:增速|增幅|增长率|增长速度|增长幅度|变动率|变化率|增减率|增减幅度?|涨幅)$`)
	perCent      = regexp.MustCompile(`^(.*?)(?:[比较](?:上|去)年(?:同期)?)?(?:增长|增减|增降|涨跌|变动|变化|升降)?$`)
	perCentSign  = regexp.MustCompile(`(?:±|\+/?-)[(\[]?[%‰]|(?:增长|增减|增降|涨跌|变动|变化|升降|[比较](?:上|去)年(?:同期)?)[(\[]?(?:[±+/-]*[%‰]|个?百分点)`)
	unitBehind   = regexp.MustCompile(`^(.+?)[(\[]([^()\[\]]+)[)\]]$`)
	percentSigns = regexp.MustCompile(`[(\[](?:[±+\-/%‰]|个?百分点)+[)\]]|±|\+/?-|[%‰]|个?百分点`)
	// changeInEnglish are the words for a change on the year before in English, alone.
	changeInEnglish = regexp.MustCompile(`^(?:yoy|y/y|year-?on-?year|annual)?(?:growth(?:rate)?|change)?$`)
	anyBrackets     = strings.NewReplacer("(", "", ")", "", "[", "", "]", "")
	// otherChanges are no changes on the year before, or none that has come about.
	otherChanges = regexp.MustCompile(`环比|上月|上季|上期|定基|平均|年均|目标|计划|预期|任务|[比较占]全|高于|低于|增[减加长]?[额量]`)
)

// Compares tells whether a header is of figures of a year before or of the change since, and the
// name of what they are compared with, which is "" where the header does not say.
func Compares(name string) (kind Comparison, of string) {
	key := catalogue.NormalizeName(name)
	bare := percentSigns.ReplaceAllString(key, "")
	for _, text := range []string{bare, anyBrackets.Replace(bare)} {
		for _, pattern := range []*regexp.Regexp{changeBehind, rateBehind, perCent} {
			if changeInEnglish.MatchString(text) && text != "" && text != "change" {
				return ChangeOf, ""
			}
			if m := pattern.FindStringSubmatch(text); m != nil && !otherChanges.MatchString(key) && (pattern != perCent || perCentSign.MatchString(key)) {
				return ChangeOf, m[1]
			}
		}
	}
	if m := unitBehind.FindStringSubmatch(key); m != nil && catalogue.IsUnit(m[2]) {
		key = m[1]
	}
	if m := baseBehind.FindStringSubmatch(key); m != nil {
		return BaseOf, m[1]
	}
	if m := baseBefore.FindStringSubmatch(key); m != nil {
		return BaseOf, m[1]
	}
	return NoComparison, ""
}

// YearBefore reports whether a normalized header is of the year before, in a table of years.
func YearBefore(header string) bool {
	base, inner, ok := strings.Cut(strings.NewReplacer("[", "(", "]", ")").Replace(header), "(")
	return yearBefore.MatchString(base) && (!ok || catalogue.IsUnit(strings.TrimSuffix(inner, ")")))
}

var changeRow = regexp.MustCompile(`^(?:其中[:,]?)?(.*?)(?:(?:同比|环比|比上年(?:同期)?|较上年(?:同期)?|比去年(?:同期)?|比上月|比上季)(?:增长|增速|增幅|增减|增降|变动|变化|升降)?(?:速度|率|幅度?|百分点)?|增长速度|增长率|增速|增幅|增长)$`)

// ChangeRow reports whether the label of a row is of changes, and of what; "" where it does not say:
// 同比增长（%）, 地区生产总值增速.
func ChangeRow(label string) (of string, ok bool) {
	m := changeRow.FindStringSubmatch(percentSigns.ReplaceAllString(catalogue.NormalizeName(label), ""))
	if m == nil {
		return "", false
	}
	return m[1], true
}
