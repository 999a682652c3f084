package catalogue

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Quoted returns what a reporter wrote in the quotation marks of Chinese. What cannot be seen is
// written as an escape, so that it steers no terminal.
func Quoted(text string) string {
	escaped := strconv.QuoteToGraphic(text)
	return "“" + strings.ReplaceAll(escaped[1:len(escaped)-1], `\"`, `"`) + "”"
}

// Names returns the indicator's name in Chinese and English, as sentences use it; its id where
// it has none.
func (i *Indicator) Names() (zh, en string) { return cmp.Or(i.NameZH, i.ID), cmp.Or(i.NameEN, i.ID) }

// Names returns the dataset's name in Chinese and English, as sentences use it; its id where it
// has none.
func (d *Dataset) Names() (zh, en string) { return cmp.Or(d.NameZH, d.ID), cmp.Or(d.NameEN, d.ID) }

// Names returns the area's name in Chinese and English, as sentences use it; its code where it
// has none.
func (a *Area) Names() (zh, en string) { return cmp.Or(a.NameZH, a.Code), cmp.Or(a.NameEN, a.Code) }

// DatasetNames returns the names of the datasets of ids, joined for a sentence.
func (c *Catalogue) DatasetNames(ids ...string) (zh, en string) {
	for n, id := range ids {
		nameZH, nameEN := id, id
		if d, ok := c.datasets[id]; ok {
			nameZH, nameEN = d.Names()
		}
		if n > 0 {
			zh, en = zh+"或", en+" or "
		}
		zh, en = zh+Quoted(nameZH), en+nameEN
	}
	return zh, en
}

var (
	quartersZH = [...]string{"一季度", "二季度", "三季度", "四季度"}
	halvesZH   = [...]string{"上半年", "下半年"}
	monthsEN   = [...]string{"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"}
	ordinalsEN = [...]string{"first", "second", "third", "fourth"}
)

// Names returns the period in words, in Chinese and English, as sentences use it: 2021年三季度,
// the third quarter of 2021; 2021年1—6月, January to June 2021.
func (p Period) Names() (zh, en string) {
	year, index := int(p.Year), int(p.Index)
	switch p.Kind {
	case Year:
		return fmt.Sprintf("%d年", year), fmt.Sprint(year)
	case Half:
		return fmt.Sprintf("%d年%s", year, halvesZH[index-1]), fmt.Sprintf("the %s half of %d", ordinalsEN[index-1], year)
	case Quarter:
		return fmt.Sprintf("%d年%s", year, quartersZH[index-1]), fmt.Sprintf("the %s quarter of %d", ordinalsEN[index-1], year)
	case Month:
		return fmt.Sprintf("%d年%d月", year, index), fmt.Sprintf("%s %d", monthsEN[index-1], year)
	case YearToDate:
		if index > 1 {
			return fmt.Sprintf("%d年1—%d月", year, index), fmt.Sprintf("January to %s %d", monthsEN[index-1], year)
		}
		return fmt.Sprintf("%d年1月", year), fmt.Sprintf("January %d", year)
	}
	return "", ""
}
