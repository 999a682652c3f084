package catalogue

import (
	"fmt"
	"slices"
	"strings"
)

// Figure is a value in its indicator's unit, or a missing one.
type Figure struct {
	Value     Value
	Qualifier Qualifier
	Missing   bool
}

// ReadFigure reads a value's text, the text of its unit column and that of its qualifier, and
// converts the value into the indicator's unit. Where both name a unit, that behind the number
// is the figure's: 98000万元 in a row of 亿元. The error is a [Problem], of two units too of
// which one does not convert.
func (i *Indicator) ReadFigure(text, unit, qualifier string) (Figure, error) {
	own := i.unit
	reading, err := ParseValue(text)
	if err != nil {
		return Figure{}, err
	}
	if reading.Missing {
		return Figure{Missing: true}, nil
	}
	stated, err := ParseQualifier(qualifier)
	if err != nil {
		return Figure{}, err
	}
	given := own
	switch column, ok := columnUnit(unit, own); {
	case ok:
		given = column
		if reading.Unit == "" {
			break
		}
		if given = impliedUnit(reading.Unit, own); given != column && (!i.converts(given) || !i.converts(column)) {
			return Figure{}, &Problem{
				Code: "UNIT_CONFLICT", Seen: text,
				ZH: fmt.Sprintf("数值%s后面的单位与单位列的%s不一致，且不能互相换算；请只保留正确的一个", Quoted(text), Quoted(unit)),
				EN: fmt.Sprintf("the unit in the value %q contradicts the unit column %q, and they do not convert; keep the right one", text, unit),
			}
		}
	case reading.Unit != "":
		given = impliedUnit(reading.Unit, own)
	}
	if i.converts(given) {
		given.Dimension = own.Dimension
	}
	value, err := own.Convert(reading.Value, given)
	if err != nil {
		if written := normalise(unit); written != "" && reading.Unit == "" {
			given.Name = written // and not its name in Chinese
			_, err = own.Convert(reading.Value, given)
		}
		return Figure{}, err
	}
	return Figure{Value: value, Qualifier: reading.Qualifier.Join(stated)}, nil
}

// ReadFigure reads a figure as [Indicator.ReadFigure] does for an indicator of the unit own.
func ReadFigure(text, unit, qualifier string, own Unit) (Figure, error) {
	return (&Indicator{unit: own}).ReadFigure(text, unit, qualifier)
}

// converts reports whether figures in a unit are read as figures in the indicator's.
func (i *Indicator) converts(u Unit) bool {
	return u.Dimension == i.unit.Dimension || slices.Contains(i.synonyms, u.Dimension)
}

// columnUnit reads the text of a unit column; it reports false when the text is empty. Names
// of known units are looked up first, which saves the work on all others.
func columnUnit(text string, own Unit) (Unit, bool) {
	if known, ok := scaledUnits[text]; ok {
		return known, true
	}
	if text = normalise(text); strings.ContainsRune(text, ' ') {
		if dense := strings.ReplaceAll(text, " ", ""); IsUnit(dense) {
			text = dense // 亿 元
		}
	}
	return impliedUnit(text, own), text != ""
}
