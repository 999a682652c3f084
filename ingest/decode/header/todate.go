package header

import (
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// ToDate is what stands above a table, or in its file's name, of figures that count from the beginning
// of the year. The zero value says nothing.
type ToDate struct {
	// Title is the text that says so.
	Title string
	// Month is up to which month, where it says that; 0 is the end of each figure's own period.
	Month uint8
	// Years is true where the columns are years, of which figures are up to the month.
	Years bool
}

// ReadPeriod reads a period as [catalogue.ReadPeriod] does, and the words that say that it is meant up
// to its end, which it reports: 截至9月底. A flow is then of the year to date.
func ReadPeriod(text string, year int) (p catalogue.Period, toDate bool, err error) {
	p, err = catalogue.ReadPeriod(text, year)
	if err == nil && len(text) <= 10 && text[0] < 0x80 && text[len(text)-1] < 0x80 {
		return p, false, nil // a code
	}
	short, upTo := wording.UpTo(text)
	if upTo && err != nil {
		if q, shorter := catalogue.ReadPeriod(short, year); shorter == nil || asProblem(shorter).Code == withoutYear {
			p, err = q, shorter
		}
	}
	return p, upTo && err == nil, err
}

// FindIndicator finds an indicator as [catalogue.Catalogue.FindIndicator] does, and by a name with the mark
// of a footnote, or one that says that its figures are of the year to date, which it reports: 技术合同成交额累计.
func FindIndicator(c *catalogue.Catalogue, text string) (ind *catalogue.Indicator, unit string, toDate, ok bool) {
	if ind, unit, ok = c.FindIndicator(text); ok {
		return ind, unit, false, true
	}
	if name := wording.WithoutFootnote(text); name != text {
		if ind, unit, ok = c.FindIndicator(name); ok {
			return ind, unit, false, true
		}
	}
	for _, name := range wording.WithoutToDate(text) {
		if ind, unit, ok = c.FindIndicator(name); ok {
			return ind, unit, true, true
		}
	}
	return nil, "", false, false
}

// cumulation settles whether the table's figures are of the year to date by what its titles say. It
// returns a failure where that is not certain. Columns that tell both apart need no title.
func (t *table) cumulation(titles []string) *Failure {
	kind := wording.NotCumulative
	for _, title := range titles {
		if k, month := wording.ToDate(title); k > kind {
			kind, t.ToDate = k, ToDate{Title: title, Month: month}
		}
	}
	if kind == wording.NotCumulative || t.IsList() {
		t.ToDate = ToDate{}
		return nil
	}
	years, others, alone := 0, 0, ""
	for i := range t.Columns {
		c := &t.Columns[i]
		period, err := catalogue.ParsePeriod(c.Period)
		switch {
		case c.Role == Figures && (period.Kind == catalogue.YearToDate || c.ToDate || c.OfRow == catalogue.YearToDate):
			t.ToDate = ToDate{}
			return nil
		case c.Role == Figures && c.OfRow != 0:
			alone = c.Name
		case c.Role != Figures || err != nil:
		case period.Kind == catalogue.Year:
			years++
		default:
			if others++; c.relative {
				alone = c.Name
			}
		}
	}
	title := event.Excerpt(t.ToDate.Title, 60)
	if (kind == wording.PartlyCumulative || alone != "") && years == 0 {
		return &Failure{Recognized: 100, Problem: newProblem(ambiguous, event.Excerpt(t.ToDate.Title, maxSeen),
			fmt.Sprintf("%q 提到累计，看不出各列是本期数还是年初至期末的累计数；请在列名中写明，如“2022年3月”“2022年1—3月”", title),
			fmt.Sprintf("%q speaks of figures of the year to date, and it is not certain which columns hold them; say so in the header, as in 2022年3月 and 2022年1—3月", title))}
	}
	if m := t.ToDate.Month; m > 0 && t.Whole != "" {
		if end := int(t.Period.LastDay().Month()); end != int(m) {
			named := catalogue.Period{Year: t.Period.Year, Kind: catalogue.YearToDate, Index: m}
			namedZH, namedEN := named.Names()
			zh, en := t.Period.Names()
			return &Failure{Recognized: 100, Problem: newProblem(DefaultsDiffer, event.Excerpt(t.ToDate.Title, maxSeen),
				fmt.Sprintf("%q 说的是%s，报送时选择的报告期是%s；请核对后改为一致", title, namedZH, zh),
				fmt.Sprintf("%q says %s and the period given is %s; make them agree", title, namedEN, en))}
		}
	}
	t.ToDate.Years = t.ToDate.Month > 0 && years > 0 && others == 0
	return nil
}
