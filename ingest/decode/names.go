package decode

import (
	"errors"
	"regexp"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

func (t *table) indicator(text string) named {
	if len(text) > header.MaxCell {
		return named{id: text} // nothing has such a name
	}
	return t.reader.names.get(text, func(text string) named {
		ind, unit, toDate, ok := header.FindIndicator(t.Catalogue, t.label(text))
		if t.reader.notice(ok); ok {
			return named{ind.ID, unit, true, toDate}
		}
		return named{id: text}
	})
}

// label drops the name that SDMX-CSV may write behind a code: gdp: Gross domestic product.
func (t *table) label(text string) string {
	if t.SDMX {
		text, _, _ = strings.Cut(text, ": ")
	}
	return text
}

// periodCode reads a period.
func (t *table) periodCode(text string) periodCode {
	if len(text) > header.MaxCell {
		return periodCode{code: text}
	}
	return t.reader.periods.get(text, func(text string) periodCode {
		p, toDate, err := header.ReadPeriod(text, t.Year)
		if t.reader.notice(err == nil); err == nil {
			read := periodCode{code: p.String(), toDate: toDate}
			if _, _, alone := header.ReadPeriod(text, 0); alone == nil {
				read.year = int(p.Year)
			} else if t.reader.yearAbove == 0 {
				t.reader.yearless = true
			}
			return read
		}
		problem, _ := errors.AsType[*catalogue.Problem](err)
		return periodCode{code: text, problem: problem}
	})
}

func (t *table) area(text string) string {
	if len(text) > header.MaxCell {
		return text
	}
	return t.reader.areas.get(text, func(text string) string {
		if a, ok := t.Catalogue.FindArea(ofWhich.ReplaceAllString(catalogue.NormalizeName(t.label(text)), "")); ok {
			return a.Code
		}
		return text
	})
}

var structureID = regexp.MustCompile(`^(?:[^:]+:)?([A-Za-z0-9_@$-]+)(?:\([^)]*\))?$`)

func (t *table) dataset(text string) string {
	if len(text) > header.MaxCell {
		return text
	}
	return t.reader.datasets.get(text, func(text string) string {
		candidates := []string{text}
		if m := structureID.FindStringSubmatch(t.label(text)); m != nil && t.SDMX {
			candidates = append(candidates, m[1], strings.ReplaceAll(m[1], "_", "-"))
		}
		for _, candidate := range candidates {
			for i := range t.Catalogue.Datasets {
				d := &t.Catalogue.Datasets[i]
				if strings.EqualFold(d.ID, candidate) || d.NameZH != "" && d.NameZH == candidate || d.NameEN != "" && strings.EqualFold(d.NameEN, candidate) {
					return d.ID
				}
			}
		}
		if t.SDMX {
			return "" // the structure's own id; the request says which dataset it is
		}
		return text
	})
}

// periodOf returns the period that a row says.
func (t *table) periodOf(r *grid.Row) periodCode {
	text := r.Cell(t.At[header.PeriodField])
	if y, m := t.At[header.YearField], t.At[header.MonthField]; y >= 0 && m >= 0 {
		text = joinedPeriod(r.Cell(y), r.Cell(m))
	}
	if text == "" {
		if t.Whole == "" && t.period.Kind != 0 {
			return periodCode{code: t.period.String()}
		}
		return periodCode{code: t.Whole}
	}
	return t.periodCode(text)
}

// toDate makes the period of a flow the year to its end, where the table's title, or a name or period
// beside the figure, says that it counts from the beginning of the year. A stock is read at the end.
func (t *table) toDate(o *event.Observation, said bool) {
	if !said && t.ToDate.Title == "" {
		return
	}
	ind, ok := t.Catalogue.Indicator(o.Indicator)
	period, err := catalogue.ParsePeriod(o.Period)
	if !ok || err != nil || period.Kind == catalogue.YearToDate {
		return
	}
	of := period
	if period.Kind == catalogue.Year {
		if !t.ToDate.Years || t.ToDate.Month == 12 {
			return
		}
		of = catalogue.Period{Year: period.Year, Kind: catalogue.Month, Index: t.ToDate.Month}
	}
	if ind.Kind != catalogue.Stock {
		of, _ = wording.EndingWith(of, catalogue.YearToDate)
	}
	if o.Period = of.String(); of == period || catalogue.Silent(string(o.Value)) {
		return
	}
	if t.reader.toDate++; t.reader.toDate == 1 {
		t.reader.firstToDate = event.Observation{Row: o.Row, Cell: o.Cell, Period: o.Period}
	}
}

// joinedPeriod joins a year's cell and a month's.
func joinedPeriod(year, month string) string {
	if month == "" {
		return year
	}
	if _, err := strconv.Atoi(month); err == nil {
		month += "月"
	}
	return strings.TrimSuffix(year, "年") + "年" + month
}
