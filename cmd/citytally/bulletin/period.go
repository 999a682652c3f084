package bulletin

import (
	"fmt"
	"time"

	"github.com/citytally/citytally/configs/catalogue"
)

// Period names a period: 2021年, 2021年第三季度, 2021年1—6月; in English 2021, third
// quarter of 2021, January to June 2021.
func (w Writer) Period(p catalogue.Period) string {
	year := int(p.Year)
	month := time.Month(p.Index).String()
	switch p.Kind {
	case catalogue.Half:
		return w.pick(fmt.Sprintf("%d年%s半年", year, []string{"上", "下"}[p.Index-1]), fmt.Sprintf("%s half of %d", []string{"first", "second"}[p.Index-1], year))
	case catalogue.Quarter:
		return w.pick(fmt.Sprintf("%d年第%s季度", year, []string{"一", "二", "三", "四"}[p.Index-1]),
			fmt.Sprintf("%s quarter of %d", []string{"first", "second", "third", "fourth"}[p.Index-1], year))
	case catalogue.Month:
		return w.pick(fmt.Sprintf("%d年%d月", year, p.Index), fmt.Sprintf("%s %d", month, year))
	case catalogue.YearToDate:
		if p.Index == 1 {
			return w.pick(fmt.Sprintf("%d年1月", year), fmt.Sprintf("January %d", year))
		}
		return w.pick(fmt.Sprintf("%d年1—%d月", year, p.Index), fmt.Sprintf("January to %s %d", month, year))
	}
	return w.pick(fmt.Sprintf("%d年", year), fmt.Sprint(year))
}
