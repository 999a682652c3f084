package catalogue

import "fmt"

// Figure is a value settled in its indicator's unit.
type Figure struct {
	Value     Value
	Qualifier Qualifier
	Missing   bool
}

// ReadFigure reads a value's text, the unit column beside it and an explicit
// qualifier, and expresses the value in the indicator's own unit. A unit behind
// the number and one in the column must agree.
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

// columnUnit reads a unit's column; false when it is empty. The table's own names
// are tidy and are no short forms.
func columnUnit(text string, own Unit) (Unit, bool) {
	if known, ok := scaledUnits[text]; ok {
		return known, true
	}
	text = tidy(text)
	return impliedUnit(text, own), text != ""
}
