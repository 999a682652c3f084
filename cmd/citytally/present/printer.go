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

// Printer prints results in one language, with the names of a catalogue.
type Printer struct {
	Catalogue *catalogue.Catalogue
	Language  Language
	// Location is the time zone of the times that are printed.
	Location *time.Location
}

// words are those of the printer's language.
func (p *Printer) words() *Words { return p.Language.Words() }

// Indicator returns the name of an indicator, or its id where the catalogue has no
// name in the printer's language.
func (p *Printer) Indicator(id string) string {
	if indicator, ok := p.Catalogue.Indicator(id); ok {
		if name := p.Language.Choose(indicator.NameZH, indicator.NameEN); name != "" {
			return name
		}
	}
	return id
}

// Area returns the name of an area, or its code where the catalogue does not have
// it.
func (p *Printer) Area(code string) string {
	if area, ok := p.Catalogue.Area(code); ok {
		return p.Language.Choose(area.NameZH, area.NameEN)
	}
	return code
}

// Dataset returns the name of a dataset; its id where the catalogue has none of it.
func (p *Printer) Dataset(id string) string {
	if d, ok := p.Catalogue.Dataset(id); ok {
		return p.Language.Choose(d.Names())
	}
	return id
}

// Areas returns the names of areas as an enumeration.
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

// Time prints an instant to the second, with the offset of the time zone.
func (p *Printer) Time(t time.Time) string {
	return t.In(p.Location).Format("2006-01-02 15:04:05 -07:00")
}

// utcMilliseconds is the layout of an instant in CSV, in UTC.
const utcMilliseconds = "2006-01-02T15:04:05.000Z"

// qualified returns a figure with its qualifier: 近200亿元.
func (p *Printer) qualified(figure, qualifier string) string {
	return fill(p.words().Qualifiers, qualifier, figure)
}

// fill puts a text into the pattern of a code. Without a pattern it returns the text.
func fill(patterns map[string]string, code, text string) string {
	if pattern, ok := patterns[code]; ok {
		return fmt.Sprintf(pattern, text)
	}
	return text
}

// change returns a total's change for a column. With an indicator it is rounded as the
// catalogue says and has its sign; without one it is exact. A qualified change has a word
// instead of the sign, for below -3 is more than a fall of 3.
func (p *Printer) change(indicator *catalogue.Indicator, change, kind, qualifier string) string {
	words, exact := p.words(), decimal.RequireFromString(change)
	pattern := words.Percent
	if kind == string(catalogue.Point) {
		pattern = words.Points
	}
	if qualifier != "" {
		size := roundSize(indicator, exact, qualifier)
		return fmt.Sprintf(pattern, p.direction(exact, p.qualified(size.text, size.qualifier)))
	}
	if indicator != nil {
		if change = indicator.Display(exact, indicator.ChangeDecimals); exact.IsPositive() {
			change = "+" + change
		}
	}
	return fmt.Sprintf(pattern, change)
}

// direction says of a change's size whether it is a rise or a fall.
func (p *Printer) direction(change decimal.Decimal, size string) string {
	switch change.Sign() {
	case 1:
		return fmt.Sprintf(p.words().Rise, size)
	case -1:
		return fmt.Sprintf(p.words().Fall, size)
	}
	return size
}
