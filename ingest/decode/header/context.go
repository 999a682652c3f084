package header

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// context reads what stands above the header, and in the names of the file and the sheet: the period and area that the parameters have to agree with. It returns a failure where they do not.
func (t *table) context() *Failure {
	titles := append(t.titles(t.Row), t.File, t.Sheet)
	if f := t.titleArea(titles); f != nil {
		return f
	}
	if t.At[PeriodField] < 0 && t.At[YearField] < 0 && (t.Orientation == Long || !dated(t.Columns).all || t.relative()) {
		if f := t.titlePeriod(titles); f != nil {
			return f
		}
	}
	for _, title := range titles {
		if said := PeriodsSaid(title); len(said) > 0 {
			t.Said = append(t.Said, Said{title, said})
		}
	}
	return t.cumulation(titles)
}

// relative reports whether columns tell their periods by their place to that of the table.
func (t *table) relative() bool {
	return slices.ContainsFunc(t.Columns, func(c Column) bool { return c.relative })
}

// titles returns the texts above a row.
func (t *table) titles(header int) (titles []string) {
	for i := range t.sample {
		r := &t.sample[i]
		if r.Number >= header {
			break
		}
		for c := range r.Cells {
			if cell := r.Cell(c); cell != "" && len(cell) <= MaxCell {
				titles = append(titles, cell)
			}
		}
	}
	return titles
}

// titleYear is a year that a title names, and the day behind it, which is none of the figures'.
var titleYear = regexp.MustCompile(`((?:19|20)\d{2})\s*年(?:度)?(\s*\d{1,2}\s*月\s*\d{1,2}\s*日)?`)

// yearAbove returns the year of periods without one in a table whose header is the i-th row: that of
// the request's period, or the only one that the titles name; 0 is none.
func (t *table) yearAbove(i int) int {
	if t.Period.Year != 0 {
		return int(t.Period.Year)
	}
	year := 0
	for _, title := range t.titles(t.sample[i].Number) {
		for _, m := range titleYear.FindAllStringSubmatch(title, -1) {
			n, _ := strconv.Atoi(m[1])
			if m[2] != "" || year != 0 && year != n {
				return 0
			}
			year = n
		}
	}
	return year
}

// titlePeriod settles the period of a table that has none, which the parameter gives; a
// title, or the name of the file or sheet, that says another one is a question.
func (t *table) titlePeriod(titles []string) *Failure {
	t.Whole = t.Period.String()
	said := periodsIn(titles)
	if len(said) == 0 || said[t.Whole] != "" {
		return nil
	}
	other := slices.Sorted(maps.Keys(said))[0]
	if p, err := catalogue.ParsePeriod(other); err == nil && t.relative() && p.LastDay().Equal(t.Period.LastDay()) {
		return nil // the title names the year to date, and the columns say what they are of it
	}
	if t.Period.Kind != catalogue.Year && strings.HasPrefix(t.Whole, other) {
		return nil // the title names the year of it
	}
	otherPeriod, _ := catalogue.ParsePeriod(other)
	otherZH, _ := otherPeriod.Names()
	wholeZH, _ := t.Period.Names()
	return &Failure{Problem: newProblem(DefaultsDiffer, event.Excerpt(said[other], maxSeen),
		fmt.Sprintf("%q 说的是%s，报送时选择的报告期是%s；请核对后改为一致", event.Excerpt(said[other], 60), otherZH, wholeZH),
		fmt.Sprintf("%q says %s and the parameter period says %s; make them agree", event.Excerpt(said[other], 60), other, t.Whole)), Recognized: 100}
}

// PeriodsIn returns the codes of the periods that a text speaks of, in order.
func PeriodsIn(text string) []string { return slices.Sorted(maps.Keys(periodsIn([]string{text}))) }

// periodsIn returns the periods that texts speak of, with the text.
func periodsIn(texts []string) map[string]string {
	said := map[string]string{}
	for _, text := range texts {
		for _, p := range PeriodsSaid(text) {
			if p.Year != 0 {
				said[p.String()] = text
			}
		}
	}
	return said
}

// titleArea refuses a table whose title names one other area than the request.
func (t *table) titleArea(titles []string) *Failure {
	sender := t.Sender
	if sender == "" || t.At[AreaField] >= 0 || t.Orientation == AcrossAreas {
		return nil
	}
	var named *catalogue.Area
	where := ""
	for i := range t.Catalogue.Areas {
		a := &t.Catalogue.Areas[i]
		for _, title := range titles {
			if a.NameZH != "" && a.Kind != catalogue.City && strings.Contains(title, a.NameZH) {
				if a.Code == sender {
					return nil
				}
				if named == nil {
					named, where = a, title
				}
				break
			}
		}
	}
	own, ok := t.Catalogue.Area(sender)
	if named == nil || !ok {
		return nil
	}
	return &Failure{Problem: newProblem(DefaultsDiffer, named.NameZH,
		fmt.Sprintf("%q 写的是%s，报送的地区是%s（%s）；请核对后改为一致", event.Excerpt(where, 60), named.NameZH, own.NameZH, own.Code),
		fmt.Sprintf("%q names %s and it is sent for %s (%s); make them agree", event.Excerpt(where, 60), named.NameEN, own.NameEN, own.Code)), Recognized: 100}
}
