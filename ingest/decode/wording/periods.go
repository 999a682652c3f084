package wording

import (
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// What headers call the period of a table: of the month, the quarter, the year, or all of the
// year up to its end.
const measured = `(?:数值?|值|额|实绩|实际数?|实际完成|完成[数值]?|完成额|完成情况|绝对[额值量数]|总量|金额|发生额)?`

var (
	thisMonth   = regexp.MustCompile(`^(?:本|当)月份?` + measured + `$`)
	thisQuarter = regexp.MustCompile(`^(?:本|当)季度?` + measured + `$`)
	thisYear    = regexp.MustCompile(`^(?:本年度?|今年|当年)` + measured + `$`)
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
	baseBehind   = regexp.MustCompile(`^(.*?)(?:(?:上年|去年)?同期|上年同月|上年同季)` + measured + `$`)
	baseBefore   = regexp.MustCompile(`^(?:上年同期|去年同期)(.+)$`)
	changeBehind = regexp.MustCompile(`^(.*?)(?:同比|比上年同期|比去年同期|较上年同期)(?:增长|增速|增幅|增减|增降|变动|变化|升降)?(?:率|幅度?|百分点)?$`)
	unitBehind   = regexp.MustCompile(`^(.+?)[(\[]([^()\[\]]+)[)\]]$`)
	percentSigns = regexp.MustCompile(`[()\[\]±+\-/%‰]|个?百分点`)
)

// Compares tells whether a header is of figures of a year before or of the change since, and the
// name of what they are compared with, which is "" where the header does not say.
func Compares(name string) (kind Comparison, of string) {
	key := catalogue.NormalizeName(name)
	if m := changeBehind.FindStringSubmatch(percentSigns.ReplaceAllString(key, "")); m != nil {
		return ChangeOf, m[1]
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
