package wording

import "regexp"

var (
	totals     = regexp.MustCompile(`^(?:(?:全[市省国区县]|各?(?:地|市|县)?(?:区|县|县区|区县)|本页)?(?:合计|总计|小计|总和|汇总|汇总数|平均)|合计数|总数|全市|全省|全国|全市平均|其中[:,]?|grandtotal|total|subtotal|sum|allareas|wholecity|citytotal)[:*]?$`)
	cityTotals = regexp.MustCompile(`^(?:(?:全市|各(?:地区|区|县|县区|区县|市县区)|县区|区县)?(?:合计|总计|总和|汇总|汇总数)|合计数|总数|全市|grandtotal|total|sum|allareas|wholecity|citytotal)[:*]?$`)
)

// Total reports whether a normalized name is of figures of several others together: 合计, 小计, 全市.
func Total(name string) bool { return totals.MatchString(name) }

// CityTotal reports whether one is of all areas of the city, in a table of areas.
func CityTotal(name string) bool { return cityTotals.MatchString(name) }
