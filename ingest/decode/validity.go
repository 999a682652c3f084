package decode

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

var (
	betweenDays = regexp.MustCompile(`\s*(?:至|到|~|—+|–|--+|\s-\s|起至)\s*`)
	hyphenDays  = regexp.MustCompile(`^(\d{4}[./年]\d{1,2}[./月]\d{1,2}日?|\d{8}|\d{4}年?)-(\d{4}.*)$`)
	duration    = regexp.MustCompile(`^(?:有效期)?(\d{1,2}|[一二两三四五六七八九十])个?(年|月|周年)期?$`)
	digits      = strings.NewReplacer("一", "1", "二", "2", "两", "2", "三", "3", "四", "4", "五", "5", "六", "6", "七", "7", "八", "8", "九", "9", "十", "10")
)

// readValidity reads a cell that says how long an entity counts: 2019-12-02至2022-12-01, 三年 from the day on
// which its certificate was issued, or the last day. It changes the listing, and returns why it cannot be read.
func readValidity(listing *event.Listing, text string) *catalogue.Problem {
	folded := strings.TrimSuffix(strings.TrimSpace(norm.NFKC.String(text)), "止")
	first, last := "", folded
	if m := hyphenDays.FindStringSubmatch(folded); m != nil {
		first, last = m[1], m[2]
	} else if at := betweenDays.FindStringIndex(folded); at != nil {
		first, last = strings.TrimSuffix(strings.TrimPrefix(folded[:at[0]], "自"), "起"), folded[at[1]:]
	}
	if m := duration.FindStringSubmatch(folded); m != nil {
		begin, err := catalogue.ParseDay(listing.ValidFrom, false)
		if err != nil || begin == 0 {
			return newProblem("", "", fmt.Sprintf("有效期写的是%s，却没有从哪一天起（发证日期）；请写明有效期止", catalogue.Quoted(text)), fmt.Sprintf("it is valid for %q and the row has no day from which on; write the last day, in a column 有效期止", text))
		}
		n, _ := strconv.Atoi(digits.Replace(m[1]))
		end := begin.Time().AddDate(n, 0, -1)
		if m[2] == "月" {
			end = begin.Time().AddDate(0, n, -1)
		}
		first, last = "", catalogue.DayOf(end).String()
	}
	for _, day := range []string{first, last} {
		if _, err := catalogue.ParseDay(day, true); err != nil {
			return newProblem("", "", fmt.Sprintf("看不懂有效期%s；请写成 2019-12-02至2022-12-01、三年（另有发证日期），或写明有效期止", catalogue.Quoted(event.Excerpt(text, 60))),
				fmt.Sprintf("the validity %q cannot be read; write 2019-12-02至2022-12-01, or 三年 beside 发证日期, or the last day in a column 有效期止", event.Excerpt(text, 60)))
		}
	}
	if first != "" {
		listing.ValidFrom = first
	}
	if said, _ := catalogue.ParseDay(listing.ValidTo, true); said != 0 {
		if day, _ := catalogue.ParseDay(last, true); day != said {
			return newProblem("", "", fmt.Sprintf("有效期%s与有效期止%s不一致；请改为一致", catalogue.Quoted(text), catalogue.Quoted(listing.ValidTo)), fmt.Sprintf("the validity %q and the last day %q do not agree; make them agree", text, listing.ValidTo))
		}
		return nil
	}
	listing.ValidTo = last
	return nil
}
