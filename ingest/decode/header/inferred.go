package header

import (
	"fmt"
	"slices"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
	"github.com/citytally/citytally/ingest/event"
)

// amounts makes the only column with a header such as 数量 or 合计 that of the values, where no other column has
// figures that are not known to be something else.
func (t *table) amounts(columns []Column) {
	value := -1
	for i := range columns {
		c := &columns[i]
		key := unbracketed(c.Name)
		switch {
		case c.Role == ValueField || c.Role == Figures || c.Role == EntityField:
			return
		case c.Role > Extra || c.Level > 0 || !t.holdsNumbers(i):
		case wording.Amounts(key) && value >= 0:
			return
		case wording.Amounts(key):
			value = i
		case !wording.PassedOver(Key(c.Name)):
			return
		}
	}
	if value >= 0 {
		c := &columns[value]
		c.Role, c.City = ValueField, false
		if _, inner, ok := splitBrackets(Key(c.Name)); ok && catalogue.IsUnit(inner) {
			c.Unit = catalogue.UnitName(inner)
		}
	}
}

// levels makes the innermost column of 一级指标, 二级指标 … that names indicators that of the indicator, where no other
// one is.
func (t *table) levels(columns []Column) {
	innermost, named := -1, -1
	for i := range columns {
		switch c := &columns[i]; {
		case c.Role == IndicatorField || c.Role == NameField:
			return
		case c.Level == 0:
		case innermost < 0 || c.Level > columns[innermost].Level:
			innermost = i
			if t.meaning(i, t.sample[t.Begin:]) == IndicatorField {
				named = i
			}
		}
	}
	if named < 0 {
		named = innermost
	}
	if named >= 0 {
		columns[named].Role = NameField
	}
}

// chooseNames makes one of the columns of names that of the indicator: the first that holds indicators, or else the first.
func (t *table) chooseNames(columns []Column, byField *[Figures + 1][]int) {
	names := byField[NameField]
	at := max(0, slices.IndexFunc(names, func(i int) bool {
		return len(names) > 1 && t.meaning(i, t.sample[min(t.Begin, len(t.sample)):]) == IndicatorField
	}))
	columns[names[at]].Role = IndicatorField
	byField[IndicatorField], byField[NameField] = []int{names[at]}, slices.Delete(slices.Clone(names), at, at+1)
}

// unbracketed returns a header, as fields are compared, without the brackets behind it.
func unbracketed(name string) string {
	base, _, _ := splitBrackets(Key(name))
	return base
}

// labelsAcross finds what a column headed 指标 says of the rows of a table with indicators across, where it can be no
// indicator. It returns a failure where the column has names of something else.
func (t *table) labelsAcross(columns []Column, byField *[Figures + 1][]int, below []grid.Row, f *Failure) *Failure {
	at := byField[IndicatorField][0]
	switch found := t.meaning(at, below); {
	case (found == AreaField || found == PeriodField) && len(byField[found]) == 0:
		columns[at].Role, byField[found] = found, []int{at}
	case t.holdsValues(at):
		name := event.Excerpt(columns[at].Name, 60)
		f.Problem = newProblem(ambiguous, name,
			fmt.Sprintf("指标作各列，第 %d 列 %q 又写有内容，看不出各行是哪个地区、哪一期的数；请把这一列改为“地区”或“报告期”，或删去", at+1, name),
			fmt.Sprintf("indicators stand across, and column %d, %q, holds something too, so that it is not certain of which area or period the rows are; make it a column of areas or periods, or delete it", at+1, name))
		return f
	}
	byField[IndicatorField] = nil
	return nil
}
