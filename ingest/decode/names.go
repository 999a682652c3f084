package decode

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
)

func (t *table) indicator(text string) named {
	if len(text) > header.MaxCell {
		return named{id: text} // nothing has such a name
	}
	return t.reader.names.get(text, func(text string) named {
		if ind, unit, ok := t.Catalogue.FindIndicator(t.label(text)); ok {
			return named{ind.ID, unit, true}
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

// period returns the code of a period, or the text where it has none.
func (t *table) periodCode(text string) string {
	if len(text) > header.MaxCell {
		return text
	}
	return t.reader.periods.get(text, func(text string) string {
		if p, err := catalogue.ReadPeriod(text, int(t.period.Year)); err == nil {
			return p.String()
		}
		return text
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
func (t *table) periodOf(r *grid.Row) string {
	text := r.Cell(t.At[header.PeriodField])
	if y, m := t.At[header.YearField], t.At[header.MonthField]; y >= 0 && m >= 0 {
		text = joinedPeriod(r.Cell(y), r.Cell(m))
	}
	if text == "" {
		if t.Whole == "" && t.period.Kind != 0 {
			return t.period.String()
		}
		return t.Whole
	}
	return t.periodCode(text)
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
