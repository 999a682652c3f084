package decode

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

var (
	footnote     = regexp.MustCompile(`^[（(]?(?:注释?|备注|说明|(?:填表|填报|编制|指标|补充)(?:说明|解释|要求)|附注|填表人?|制表人?|审核人?|复核人?|负责人|单位负责人|统计负责人|填报人|经办人|联系人|联系电话|电话|报出日期|填报日期|填表日期|制表日期|日期|数据来源|资料来源|来源|note|notes|source|remark|remarks|prepared by|checked by)\d{0,2}[）)]?\s*[:：.、]|^[※*①②③†]`)
	dated        = regexp.MustCompile(`^\d{4}\s*[年/.-]\s*\d{1,2}\s*[月/.-]\s*\d{1,2}\s*日?$`)
	notesBegin   = regexp.MustCompile(`^[(（]?(?:注释?|备注|说明|附注|(?:填表|填报|编制|指标|补充)(?:说明|解释|要求))[)）]?[:：]?$`)
	numbered     = regexp.MustCompile(`^(?:[（(]?[一二三四五六七八九十\d]{1,3}[)）、.．:：]|[①-⑳])`)
	numberColumn = regexp.MustCompile(`^(?:序号|编号|行次|no\.?)$`)
	ofWhich      = regexp.MustCompile(`^(?:其中[:,]?|#)`)
)

// passedOver reports whether a row says nothing about figures: the header repeated, a
// heading, a footnote. N of its cells are filled, and first is the first of them. It is noted, since
// a person has to be able to object.
func (t *table) passedOver(r *grid.Row, n int, first string) bool {
	zh, en := "", ""
	switch {
	case t.repeatsHeader(r):
		zh, en = "重复的表头", "the header repeated"
	case t.isFootnote(first) || n == 1 && dated.MatchString(first) || t.inNotes(r, n, first):
		t.reader.inNotes = t.reader.inNotes || n == 1 && notesBegin.MatchString(catalogue.NormalizeName(first))
		zh, en = "脚注或签署", "a footnote or signature"
	case isRule(r, first):
		zh, en = "分隔线", "a line between rows"
	case t.isColumnCodes(r, first):
		zh, en = "栏次", "numbers of columns"
	case t.isTotal(r, n, first):
		t.cityRow(r)
		zh, en = "合计行，合计由系统计算", "a row of totals, which are computed"
	case t.isChange(r):
		zh, en = "同比、环比等，由系统计算", "a row of changes, which are computed"
	case n == 1 && first == r.Cell(t.At[header.AreaField]) && t.area(first) != first: // an area without figures
		return false
	case n == 1 && len(t.Columns) > 1 && !(r.Fixed && len(r.Cells) == 1) && t.heading(r, first):
		zh, en = "小标题", "a heading"
	case t.Orientation != header.Long && t.At[header.IndicatorField] >= 0 && t.saysNothing(r):
		zh, en = "没有数据的小标题", "a heading without figures"
	default:
		return false
	}
	t.unitsInRow(r, strings.HasSuffix(zh, "小标题"))
	t.reader.passed++
	t.understanding.note("ROW_PASSED_OVER", r.Number, "", first, fmt.Sprintf("第 %d 行（%s）未读：%s", r.Number, event.Excerpt(first, 40), zh), fmt.Sprintf("row %d, %q, is passed over: %s", r.Number, event.Excerpt(first, 40), en))
	return true
}

// isTotal reports whether a row holds no figures of its own but those of several others: by its
// area or its indicator, or as a part of a district that is no area of the catalogue.
func (t *table) isTotal(r *grid.Row, n int, first string) bool {
	if text := r.Cell(t.At[header.AreaField]); text != "" && len(text) <= header.MaxCell {
		if t.reader.totals.get(text, func(text string) bool {
			key := catalogue.NormalizeName(text)
			if wording.Total(key) {
				return true
			}
			area, ok := t.Catalogue.FindArea(ofWhich.ReplaceAllString(key, ""))
			sender := t.known()
			return ok && sender.CityFor(area) || !ok && ofWhich.MatchString(key)
		}) {
			return true
		}
	}
	text := r.Cell(t.At[header.IndicatorField])
	if text == "" && (n == 1 || first == r.Cell(t.At[header.PeriodField])) {
		text = first
	}
	return text != "" && len(text) <= header.MaxCell && t.reader.totalNames.get(text, func(text string) bool { return wording.Total(catalogue.NormalizeName(text)) })
}

// isChange reports whether a row holds the changes of the one above it, or of an indicator: 同比增长, 地区生产总值增速.
func (t *table) isChange(r *grid.Row) bool {
	text := r.Cell(t.At[header.IndicatorField])
	return text != "" && text[0] >= utf8.RuneSelf && len(text) <= header.MaxCell && t.reader.changes.get(text, func(text string) bool {
		of, ok := wording.ChangeRow(text)
		if _, _, known := t.Catalogue.FindIndicator(text); known || !ok {
			return false
		}
		return of == "" || t.indicator(of).known
	})
}

// inNotes reports whether a row is one of the notes that a heading such as 填表说明： has begun.
func (t *table) inNotes(r *grid.Row, n int, first string) bool {
	if !t.reader.inNotes || t.indicator(first).known {
		return false
	}
	return n == 1 || numbered.MatchString(first) && (t.Orientation != header.Long || catalogue.Silent(r.Cell(t.At[header.ValueField])))
}

// isRule reports whether a row is a line between rows, as Markdown writes it: |---|:---:|.
func isRule(r *grid.Row, first string) bool {
	if first == "" || strings.IndexByte("-:=+", first[0]) < 0 {
		return false
	}
	for i := range r.Cells {
		if cell := r.Cell(i); cell != "" && (len(cell) < 2 || strings.Trim(cell, "-:=+") != "") {
			return false
		}
	}
	return true
}

// isColumnCodes reports whether a row says how columns are numbered, as forms of statistics do
// below the header: 甲, 乙, 1, 2.
func (t *table) isColumnCodes(r *grid.Row, first string) bool {
	if first != "甲" && first != "A" && first != "a" {
		return false
	}
	stems, last := 0, 0
	for i := range r.Cells {
		cell := r.Cell(i)
		switch n, err := strconv.Atoi(cell); {
		case cell == "":
		case err == nil && n == last+1:
			last = n
		case len([]rune(cell)) == 1 && last == 0:
			stems++
		default:
			return false
		}
	}
	return stems > 0 && stems+last > 1
}

// secondHeader reports whether a row is the header of another table below the first. A table below
// another one is never read in the columns of the first.
func (t *table) secondHeader(r *grid.Row, first string) bool {
	if len(first) > header.MaxCell || !t.reader.fieldNames.get(first, func(text string) bool {
		field, _ := header.Field(text, t.SDMX)
		return field > header.Extra || numberColumn.MatchString(header.Key(text))
	}) {
		return false
	}
	t.reader.headerLike++
	return header.Is(r, t.known())
}

func (t *table) isFootnote(text string) bool {
	return t.reader.footnotes.get(text, func(text string) bool { return footnote.MatchString(strings.ToLower(text)) })
}

func (t *table) repeatsHeader(r *grid.Row) bool {
	if len(r.Cells) == 0 || len(t.Cells) == 0 || r.Cells[0] != t.Cells[0] {
		return false
	}
	for i := range max(len(r.Cells), len(t.Cells)) {
		other := ""
		if i < len(t.Cells) {
			other = grid.Trim(t.Cells[i])
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
	if strings.ContainsFunc(text, unicode.IsDigit) || strings.ContainsAny(text, ",;\t|") || len(text) > header.MaxCell {
		return false
	}
	if _, _, ok := t.Catalogue.FindIndicator(text); ok {
		return false
	}
	if t.Orientation == header.Long {
		v := t.At[header.ValueField]
		return r.Cell(v) == "" || grid.Trim(r.Cell(v)) != text
	}
	return !slices.ContainsFunc(t.FigureColumns(), func(i int) bool { return r.Cell(i) == text })
}

// saysNothing reports whether a wide row names no indicator and has no figures.
func (t *table) saysNothing(r *grid.Row) bool {
	if t.indicator(r.Cell(t.At[header.IndicatorField])).known {
		return false
	}
	for i := range t.Columns {
		if t.Columns[i].Role == header.Figures && (!catalogue.Silent(r.Cell(i)) || r.Faults[i] != nil) {
			return false
		}
	}
	return true
}
