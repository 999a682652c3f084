package header

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

var (
	partOfYear = `第?[一二三四1-4]季度|[上下]半年|前三季度|\d{1,2}\s*月?\s*[-—–~至]\s*\d{1,2}\s*月|\d{1,2}\s*月|前\s*\d{1,2}\s*个月`
	saidPeriod = regexp.MustCompile(`((?:19|20)\d{2})-?(Q[1-4]|S[12]|H[12]|YTD\d{2})|((?:19|20)\d{2})-(0[1-9]|1[0-2])|((?:19|20)\d{2})\s*年?(?:度)?\s*(` + partOfYear + `)?|(` + partOfYear + `)`)
	// besideSaid is what follows a time that is none of the figures': a day, the year from which a definition holds.
	besideSaid = regexp.MustCompile(`^\s*(?:\d|[-./]\d|份?\d{1,2}\s*日|年?度?(?:以来|版|修订|印发|开始|起|不变价|可比价)|[\]〕])`)
	// otherTimes are texts whose times are those of a form or of its sending.
	otherTimes = regexp.MustCompile(`有效期|文号|制定|批准|印发|字\s*[〔\[(（]|(?:填报|填表|制表|报出|报送|上报|打印|导出|更新|截止)(?:日期|时间)`)
	// recurring is a time of every year, or by which something is due.
	recurring   = regexp.MustCompile(`每|次年|下年|[日底月季]前`)
	firstMonths = regexp.MustCompile(`^前(\d{1,2})个月$`)
)

// PeriodsSaid returns the periods that a text speaks of. The year of one that names none is 0.
func PeriodsSaid(text string) (said []catalogue.Period) {
	if otherTimes.MatchString(text) {
		return nil
	}
	for _, at := range saidPeriod.FindAllStringSubmatchIndex(text, -1) {
		if at[0] > 0 && strings.ContainsRune("0123456789", rune(text[at[0]-1])) || besideSaid.MatchString(text[at[1]:]) {
			continue
		}
		group := func(i int) string {
			if at[2*i] < 0 {
				return ""
			}
			return text[at[2*i]:at[2*i+1]]
		}
		year, part := group(1)+group(3)+group(5), strings.Join(strings.Fields(group(2)+group(4)+group(6)+group(7)), "")
		if m := firstMonths.FindStringSubmatch(part); m != nil {
			part = "1-" + m[1] + "月"
		}
		written := year + part
		switch {
		case group(4) != "":
			written = year + "-" + part
		case part == "":
		case group(2) == "" && year != "":
			written = year + "年" + part
		}
		if year == "" && recurring.MatchString(text) {
			continue
		}
		n, _ := strconv.Atoi(year)
		p, err := catalogue.ReadPeriod(written, 2000)
		if err != nil {
			continue
		}
		p.Year = int16(n)
		said = append(said, p)
	}
	return said
}

// Said is a text outside of a table's figures and the periods that it speaks of.
type Said struct {
	Text    string
	Periods []catalogue.Period
}

// Covers reports whether figures of a period may stand below a text that says another one: that is the whole
// of it, or ends with it. A part of a year is not the year.
func Covers(said, of catalogue.Period) bool {
	if said.Year == 0 {
		said.Year = of.Year
	}
	if said.LastDay().Equal(of.LastDay()) && of.Kind != catalogue.Year {
		return true
	}
	return !said.Start().After(of.Start()) && !said.LastDay().Before(of.LastDay())
}
