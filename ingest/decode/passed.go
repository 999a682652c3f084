package decode

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
)

var (
	footnote = regexp.MustCompile(`^[（(]?(?:注释?|备注|说明|附注|填表人?|制表人?|审核人?|复核人?|负责人|单位负责人|统计负责人|填报人|经办人|联系人|联系电话|电话|报出日期|填报日期|填表日期|制表日期|日期|数据来源|资料来源|来源|note|notes|source|remark|remarks|prepared by|checked by)\d{0,2}[）)]?\s*[:：.、]|^[※*①②③†]`)
	dated    = regexp.MustCompile(`^\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?$`)
	totals   = regexp.MustCompile(`^(?:合计|总计|小计|全市合计|全市总计|各区合计|total|sum)$`)
)

// passedOver reports whether a row says nothing about figures: the header repeated, a
// heading, a footnote. It is noted, since a person has to be able to object.
func (t *table) passedOver(r *grid.Row) bool {
	n, first := r.Filled()
	zh, en := "", ""
	switch {
	case t.repeatsHeader(r):
		zh, en = "重复的表头", "the header repeated"
	case t.isFootnote(first) || n == 1 && dated.MatchString(first):
		zh, en = "脚注或签署", "a footnote or signature"
	case t.at[areaField] >= 0 && totals.MatchString(catalogue.NormalizeName(r.Cell(t.at[areaField]))):
		zh, en = "合计行，合计由系统计算", "a row of totals, which are computed"
	case n == 1 && len(t.columns) > 1 && !(r.Fixed && len(r.Cells) == 1) && t.heading(r, first):
		zh, en = "小标题", "a heading"
	case t.orientation != long && t.at[indicatorField] >= 0 && t.saysNothing(r):
		zh, en = "没有数据的小标题", "a heading without figures"
	default:
		return false
	}
	t.reader.passed++
	t.understanding.note("ROW_PASSED_OVER", r.Number, "", first, fmt.Sprintf("第 %d 行（%s）未读：%s", r.Number, event.Excerpt(first, 40), zh), fmt.Sprintf("row %d, %q, is passed over: %s", r.Number, event.Excerpt(first, 40), en))
	return true
}

func (t *table) isFootnote(text string) bool {
	return t.reader.footnotes.get(text, func(text string) bool { return footnote.MatchString(strings.ToLower(text)) })
}

func (t *table) repeatsHeader(r *grid.Row) bool {
	if len(r.Cells) == 0 || len(t.headerCells) == 0 || r.Cells[0] != t.headerCells[0] {
		return false
	}
	for i := range max(len(r.Cells), len(t.headerCells)) {
		other := ""
		if i < len(t.headerCells) {
			other = grid.Trim(t.headerCells[i])
		}
		if r.Cell(i) != other {
			return false
		}
	}
	return true
}

// heading reports whether the only cell of a row is a text without figures that names no
// indicator.
func (t *table) heading(r *grid.Row, text string) bool {
	if strings.ContainsFunc(text, unicode.IsDigit) || strings.ContainsAny(text, ",;\t|") || len(text) > maxHeaderCell {
		return false
	}
	if _, _, ok := t.Catalogue.FindIndicator(text); ok {
		return false
	}
	if t.orientation == long {
		v := t.at[valueField]
		return r.Cell(v) == "" || grid.Trim(r.Cell(v)) != text
	}
	return !slices.ContainsFunc(t.figureColumns(), func(i int) bool { return r.Cell(i) == text })
}

func (t *table) figureColumns() (at []int) {
	for i := range t.columns {
		if t.columns[i].role == figures {
			at = append(at, i)
		}
	}
	return at
}

// saysNothing reports whether a wide row names no indicator and has no figures.
func (t *table) saysNothing(r *grid.Row) bool {
	if t.indicator(r.Cell(t.at[indicatorField])).known {
		return false
	}
	for i := range t.columns {
		if t.columns[i].role == figures && (!catalogue.Silent(r.Cell(i)) || r.Faults[i] != nil) {
			return false
		}
	}
	return true
}
