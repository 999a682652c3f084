package catalogue

import "fmt"

// Figure is a value in its indicator's unit, or a missing one.
type Figure struct {
	Value     Value
	Qualifier Qualifier
	Missing   bool
}

// ReadFigure reads a value's text, the text of its unit column and that of its qualifier, and
// converts the value into the indicator's unit, own. A unit behind the number has to be the
// one in the column.
func ReadFigure(text, unit, qualifier string, own Unit) (Figure, error) {
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
		if reading.Unit != "" && impliedUnit(reading.Unit, own) != given {
			return Figure{}, &Problem{
				Code: "UNIT_CONFLICT", Seen: text,
				ZH: fmt.Sprintf("数值 %q 自带的单位与单位列 %q 不一致；请只保留正确的一个", text, unit),
				EN: fmt.Sprintf("the unit in the value %q contradicts the unit column %q; keep the right one", text, unit),
			}
		}
	case reading.Unit != "":
		given = impliedUnit(reading.Unit, own)
	}
	value, err := own.Convert(reading.Value, given)
	if err != nil {
		return Figure{}, err
	}
	return Figure{Value: value, Qualifier: reading.Qualifier.Join(stated)}, nil
}

// columnUnit reads the text of a unit column; it reports false when the text is empty. Names
// of known units are looked up first, which saves the work on all others.
func columnUnit(text string, own Unit) (Unit, bool) {
	if known, ok := scaledUnits[text]; ok {
		return known, true
	}
	text = normalise(text)
	return impliedUnit(text, own), text != ""
}
