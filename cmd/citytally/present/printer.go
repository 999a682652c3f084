package present

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/citytally/citytally/configs/catalogue"
)

// Printer writes results in one language, with the names of a catalogue.
type Printer struct {
	Catalogue *catalogue.Catalogue
	Language  Language
	// Location is the time zone in which times are told.
	Location *time.Location
}

// words are those of the printer's language.
func (p *Printer) words() *Words { return p.Language.Words() }

// Indicator names an indicator; one that the catalogue does not have, or not in
// the printer's language, goes by its id.
func (p *Printer) Indicator(id string) string {
	if indicator, ok := p.Catalogue.Indicator(id); ok {
		if name := p.Language.Choose(indicator.NameZH, indicator.NameEN); name != "" {
			return name
		}
	}
	return id
}

// Area names an area; one that the catalogue does not have goes by its code.
func (p *Printer) Area(code string) string {
	if area, ok := p.Catalogue.Area(code); ok {
		return p.Language.Choose(area.NameZH, area.NameEN)
	}
	return code
}

// Areas names several areas, one after the other.
func (p *Printer) Areas(codes []string) string { return p.list(codes, p.Area) }

func (p *Printer) list(ids []string, name func(string) string) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = name(id)
	}
	return strings.Join(names, p.words().List)
}

// title begins an English name with a capital letter.
func (p *Printer) title(zh, en string) string {
	if p.Language == Chinese {
		return zh
	}
	first, size := utf8.DecodeRuneInString(en)
	return string(unicode.ToUpper(first)) + en[size:]
}

// Time tells an instant to the second, with its time zone.
func (p *Printer) Time(t time.Time) string {
	return t.In(p.Location).Format("2006-01-02 15:04:05 -07:00")
}

// utcMilliseconds is how CSV writes an instant in UTC.
const utcMilliseconds = "2006-01-02T15:04:05.000Z"

// qualified is a figure as its qualifier makes it read: 近200亿元.
func (p *Printer) qualified(figure, qualifier string) string {
	return fill(p.words().Qualifiers, qualifier, figure)
}

// fill puts a text into the pattern that the code has; a code without a pattern
// leaves it as it is.
func fill(patterns map[string]string, code, text string) string {
	if pattern, ok := patterns[code]; ok {
		return fmt.Sprintf(pattern, text)
	}
	return text
}

// change is a total's change in a column, signed: rounded as the indicator shows
// changes, or exact where the indicator is nil.
func (p *Printer) change(indicator *catalogue.Indicator, change, kind string) string {
	if indicator != nil {
		exact := decimal.RequireFromString(change)
		if change = indicator.Display(exact, indicator.ChangeDecimals); exact.IsPositive() {
			change = "+" + change
		}
	}
	if kind == string(catalogue.Point) {
		return fmt.Sprintf(p.words().Points, change)
	}
	return fmt.Sprintf(p.words().Percent, change)
}
