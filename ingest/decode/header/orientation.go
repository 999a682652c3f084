package header

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/wording"
)

// layoutOf decides how a table with these columns is laid out. It returns a failure where it is no table.
func (t *table) layoutOf(columns []Column, below []grid.Row) (Orientation, *Failure) {
	f := &Failure{Columns: len(columns)}
	var byField [Figures + 1][]int
	across := [3]int{} // columns of figures by indicator, period, area
	for i := range columns {
		c := &columns[i]
		byField[c.Role] = append(byField[c.Role], i)
		switch {
		case c.Role > Extra && c.Role < Figures:
			f.Recognized++
		case c.Indicator != "":
			across[0]++
		case c.Area != "":
			across[2]++
		case c.Period != "" || c.OfRow != 0:
			across[1]++
		}
	}
	has := func(field Role) bool { return len(byField[field]) > 0 }
	kinds := 0
	for _, n := range across {
		if n > 0 {
			kinds++
		}
	}
	f.Recognized += across[0] + across[1] + across[2]
	switch {
	case has(EntityField):
		return Long, t.checkList(columns, byField, f)
	case kinds == 0 && (has(ValueField) || !has(IndicatorField) && !has(NameField)):
		return Long, t.checkLong(columns, byField, f)
	case kinds == 0:
		return 0, t.missing(columns, f, "value")
	case kinds > 1:
		f.Recognized = 0
		f.Problem = newProblem(BadColumns, headerText(columns), "表头同时有指标、时期和地区，看不出哪一行是表头", "indicators, periods and areas stand side by side, and no row is a header for certain")
		return 0, f
	case has(ValueField):
		at, other := byField[ValueField][0], byField[Figures][0]
		f.Recognized += 10
		f.Problem = newProblem(ambiguous, headerText(columns),
			fmt.Sprintf("既有数值列 %q，又有 %q 这样的列，可以读成长表，也可以读成宽表；请删去其中一种", columns[at].Name, columns[other].Name),
			fmt.Sprintf("there is a column of values, %q, and there are columns such as %q: the table can be read with one figure or with many in a row; delete one kind", columns[at].Name, columns[other].Name))
		return 0, f
	}
	kind := AcrossPeriods
	switch {
	case across[0] > 0:
		kind = AcrossIndicator
	case across[2] > 0:
		kind = AcrossAreas
	}
	return kind, t.checkWide(kind, columns, byField, below, f)
}

// checkLong checks a table with one figure a row. It returns nil where it is one.
func (t *table) checkLong(columns []Column, byField [Figures + 1][]int, f *Failure) *Failure {
	if len(byField[IndicatorField]) == 0 && len(byField[NameField]) > 0 {
		t.chooseNames(columns, &byField)
	}
	for i := 0; i < len(columns) && len(byField[IndicatorField]) == 0 && len(byField[ValueField]) > 0; i++ {
		if columns[i].Role == Extra && t.meaning(i, t.sample[min(t.Begin, len(t.sample)):]) == IndicatorField {
			columns[i].Role = IndicatorField
			byField[IndicatorField] = []int{i}
		}
	}
	joinYearAndMonth(columns, &byField)
	var missing []string
	if len(byField[IndicatorField]) == 0 {
		missing = append(missing, "indicator")
	}
	if len(byField[PeriodField]) == 0 && t.Period.Kind == 0 {
		missing = append(missing, "period")
	}
	if len(byField[ValueField]) == 0 {
		missing = append(missing, "value")
	}
	if len(missing) > 0 {
		return t.missing(columns, f, missing...)
	}
	return t.repeated(columns, byField, f)
}

// joinYearAndMonth makes the period of columns for the year and the month. A column of one
// of them alone is the period.
func joinYearAndMonth(columns []Column, byField *[Figures + 1][]int) {
	if len(byField[PeriodField]) == 0 && len(byField[YearField])+len(byField[MonthField]) == 1 {
		at := append(byField[YearField], byField[MonthField]...)[0]
		columns[at].Role = PeriodField
		byField[PeriodField], byField[YearField], byField[MonthField] = []int{at}, nil, nil
	}
	if len(byField[PeriodField]) == 0 && len(byField[YearField]) == 1 && len(byField[MonthField]) == 1 {
		byField[PeriodField] = byField[YearField]
	}
}

// repeated refuses two columns of the same kind.
func (t *table) repeated(columns []Column, byField [Figures + 1][]int, f *Failure) *Failure {
	for field := IndicatorField; field < IgnoredField; field++ {
		at := byField[field]
		if len(at) < 2 || field == NameField || field == NoteField {
			continue
		}
		if field == IndicatorField && len(byField[ValueField])+len(byField[Figures]) > 1 {
			f.Problem = newProblem(ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列和第 %d 列都是指标，像是左右并排的两张表；请上下排成一张，每行一个指标", at[0]+1, at[1]+1),
				fmt.Sprintf("columns %d and %d both name indicators, as of two tables side by side; write one below the other, an indicator a row", at[0]+1, at[1]+1))
			return f
		}
		if field == ValueField && Key(columns[at[0]].Name) != Key(columns[at[1]].Name) {
			f.Problem = newProblem(ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列 %q 和第 %d 列 %q 都像是要报的数，看不出报哪一列；请只保留一列", at[0]+1, columns[at[0]].Name, at[1]+1, columns[at[1]].Name),
				fmt.Sprintf("columns %d, %q, and %d, %q, both seem to hold the figures, and it is not certain which are meant; keep one of them", at[0]+1, columns[at[0]].Name, at[1]+1, columns[at[1]].Name))
			return f
		}
		f.Problem = newProblem(BadColumns, headerText(columns),
			fmt.Sprintf("表头有误：第 %d 列 %q 重复，第 %d 列 %q 已是“%s”；请只保留一列", at[1]+1, columns[at[1]].Name, at[0]+1, columns[at[0]].Name, chineseNames[FieldNames[field]]),
			fmt.Sprintf("the header is wrong: column %d, %q, occurs twice: column %d, %q, is the %s already; keep one of them", at[1]+1, strings.ToLower(columns[at[1]].Name), at[0]+1, columns[at[0]].Name, FieldNames[field]))
		return f
	}
	if p := byField[PeriodField]; len(p) == 1 && len(byField[YearField]) == 1 && p[0] != byField[YearField][0] {
		y := byField[YearField][0]
		f.Problem = newProblem(BadColumns, headerText(columns), fmt.Sprintf("第 %d 列和第 %d 列都是报告期；请只保留一列", p[0]+1, y+1), fmt.Sprintf("columns %d and %d both say the period; keep one of them", p[0]+1, y+1))
		return f
	}
	seen := map[string]int{}
	for i := range columns {
		c := &columns[i]
		if c.Role != Figures {
			continue
		}
		key := c.Indicator + "|" + c.Period + "|" + c.Area + "|" + c.Stage + "|" + strconv.FormatBool(c.ToDate) + c.OfRow.String()
		if first, taken := seen[key]; taken {
			f.Problem = newProblem(ambiguous, headerText(columns),
				fmt.Sprintf("第 %d 列 %q 和第 %d 列 %q 说的是同一项，无法确定用哪一列；请只保留一列", first+1, columns[first].Name, i+1, c.Name),
				fmt.Sprintf("columns %d, %q, and %d, %q, say the same thing and it is not certain which is meant; keep one of them", first+1, columns[first].Name, i+1, c.Name))
			return f
		}
		seen[key] = i
	}
	return t.doubtful(columns, f)
}

// doubtful refuses columns without a known name that may be meant to count.
func (t *table) doubtful(columns []Column, f *Failure) *Failure {
	for i := range columns {
		c := &columns[i]
		if c.Role != Extra {
			continue
		}
		if c.problem != nil {
			f.Problem = newProblem(BadColumns, c.Name, fmt.Sprintf("第 %d 列的表头：%s", i+1, c.problem.ZH), fmt.Sprintf("the header of column %d: %s", i+1, c.problem.EN))
			return f
		}
		if near := nearField(c.Name); near != "" && !wording.PassedOver(Key(c.Name)) {
			f.Problem = newProblem(BadColumns, c.Name,
				fmt.Sprintf("表头有误：第 %d 列 %q 不是规定的列，是否应为“%s”（%s）？请改名，或删去该列", i+1, c.Name, chineseNames[near], near),
				fmt.Sprintf("the header is wrong: column %d, %q, is unknown; did you mean %q? Rename it, or delete the column", i+1, c.Name, near))
			return f
		}
	}
	return nil
}
