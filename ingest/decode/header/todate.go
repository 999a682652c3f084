package header

import (
	"cmp"
	"fmt"
	"slices"
	"time"

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
// of a footnote, a word for an amount (高新技术企业数量) where it has amounts, or one that says that its figures are of the year to date, which it reports: 技术合同成交额累计.
func FindIndicator(c *catalogue.Catalogue, text string) (ind *catalogue.Indicator, unit string, toDate, ok bool) {
	if ind, unit, ok = c.FindIndicator(text); ok {
		return ind, unit, false, true
	}
	if name := wording.WithoutFootnote(text); name != text {
		if ind, unit, ok = c.FindIndicator(name); ok {
			return ind, unit, false, true
		}
	}
	if name, money := wording.WithoutAmount(text); name != "" {
		if ind, unit, ok = c.FindIndicator(name); ok && !ind.Unit().Share() && (money || !wording.IsMoney(ind.UnitName)) {
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
// returns a failure where that is not certain. Columns that tell both apart need no title, and a title that
// only names the months that the table covers makes nothing cumulative that has a quarter or a month of its own.
func (t *table) cumulation(titles []string) *Failure {
	kind := wording.NotCumulative
	for _, title := range titles {
		if k, month := wording.ToDate(title); k > kind {
			kind, t.ToDate = k, ToDate{Title: title, Month: cmp.Or(month, t.ToDate.Month)}
		}
	}
	own := t.ownPeriods()
	if kind == wording.NotCumulative && own.years > 0 && own.other == nil {
		if title, month := throughMonth(titles); month != 0 {
			kind, t.ToDate = wording.Spanning, ToDate{Title: title, Month: month}
		}
	}
	if kind == wording.NotCumulative || t.IsList() || own.toDate {
		t.ToDate = ToDate{}
		return nil
	}
	m := t.ToDate.Month
	partly := kind == wording.PartlyCumulative || own.relative
	open := slices.ContainsFunc(own.other, func(p catalogue.Period) bool { return p.LastDay().Month() != time.Month(m) })
	switch {
	case kind == wording.Spanning && !partly && (open || own.apart):
		t.ToDate = ToDate{}
		return nil
	case kind == wording.Spanning && len(own.other) > 0, kind == wording.Cumulative && m > 0 && open && !own.apart:
		return t.uncertainCumulation(own.other[len(own.other)-1])
	case partly && own.years == 0:
		title := event.Excerpt(t.ToDate.Title, 60)
		return &Failure{Recognized: 100, Problem: newProblem(ambiguous, event.Excerpt(t.ToDate.Title, maxSeen),
			fmt.Sprintf("%q 提到累计，看不出各列是本期数还是年初至期末的累计数；请在列名中写明，如“2022年3月”“2022年1—3月”", title),
			fmt.Sprintf("%q speaks of figures of the year to date, and it is not certain which columns hold them; say so in the header, as in 2022年3月 and 2022年1—3月", title))}
	}
	if m > 0 && (t.Whole != "" || own.years > 0 && t.Period.Kind != 0) {
		if end := int(t.Period.LastDay().Month()); end != int(m) {
			named := catalogue.Period{Year: t.Period.Year, Kind: catalogue.YearToDate, Index: m}
			namedZH, namedEN := named.Names()
			zh, en := t.Period.Names()
			title := event.Excerpt(t.ToDate.Title, 60)
			return &Failure{Recognized: 100, Problem: newProblem(DefaultsDiffer, event.Excerpt(t.ToDate.Title, maxSeen),
				fmt.Sprintf("%q 说的是%s，报送时选择的报告期是%s；请核对后改为一致", title, namedZH, zh),
				fmt.Sprintf("%q says %s and the period given is %s; make them agree", title, namedEN, en))}
		}
	}
	t.ToDate.Years = m > 0 && own.years > 0 && len(own.other) == 0
	return nil
}

// uncertainCumulation is the failure of a table of a month or quarter, below a title of the year up to
// its end, that does not say which of both its figures are of.
func (t *table) uncertainCumulation(own catalogue.Period) *Failure {
	title := event.Excerpt(t.ToDate.Title, 60)
	to, _ := wording.EndingWith(own, catalogue.YearToDate)
	zh, en := own.Names()
	toZH, toEN := to.Names()
	alone := "当月"
	if own.Kind == catalogue.Quarter {
		alone = "当季"
	}
	return &Failure{Recognized: 100, Problem: newProblem(ambiguous, event.Excerpt(t.ToDate.Title, maxSeen),
		fmt.Sprintf("%q 说的是年初至期末，表中写的是%s，看不出是%s的数还是%s的累计数；是累计数请写“%s”，是当期数请在列名中写“%s%s”，或改正标题", title, zh, zh, toZH, toZH, zh, alone),
		fmt.Sprintf("%q speaks of the year up to a month and the table of %s, so that it is not certain whether the figures are of %s or of %s; write %s for the year to date, %s%s in the header for the period alone, or mend the title", title, en, en, toEN, toZH, zh, alone))}
}

// ownPeriods are the periods that columns and rows of figures have of their own.
type ownPeriods struct {
	years  int                // columns of years
	other  []catalogue.Period // quarters and months of columns and rows, but those that begin the year
	toDate bool               // some are of the year to date
	apart  bool               // a header says 9月当月, or rows are of the year to date, and the others are of their period alone
	// relative is true where a header tells its period by the table's or the row's: 本月.
	relative bool
}

func (t *table) ownPeriods() (own ownPeriods) {
	add := func(period catalogue.Period) {
		if period.Start().Month() > time.January {
			own.other = append(own.other, period)
		}
	}
	for i := range t.Columns {
		c := &t.Columns[i]
		if c.Role != Figures {
			continue
		}
		period, err := catalogue.ParsePeriod(c.Period)
		own.toDate = own.toDate || c.ToDate || period.Kind == catalogue.YearToDate || c.OfRow == catalogue.YearToDate
		own.relative = own.relative || c.OfRow != 0 || c.relative
		own.apart = own.apart || !c.relative && c.OfRow == 0 && wording.OfPeriodAlone(c.Name)
		switch {
		case err != nil || c.relative:
		case period.Kind == catalogue.Year:
			own.years++
		default:
			add(period)
		}
	}
	for n := t.Begin; n < len(t.sample) && t.At[PeriodField] >= 0 && t.Whole == ""; n++ {
		if period, toDate, err := ReadPeriod(t.sample[n].Cell(t.At[PeriodField]), t.Year); err == nil {
			own.apart = own.apart || period.Kind == catalogue.YearToDate || toDate
			add(period)
		}
	}
	return own
}

// throughMonth returns a title that names a part of a year from January on, and its last month: 2022年上半年.
func throughMonth(titles []string) (title string, month uint8) {
	for _, text := range titles {
		for _, p := range PeriodsSaid(text) {
			if p.Kind == catalogue.Year || p.Start().Month() != time.January {
				continue
			}
			if m := uint8(p.LastDay().Month()); month == 0 || m == month {
				title, month = cmp.Or(title, text), m
			} else {
				return "", 0
			}
		}
	}
	return title, month
}
