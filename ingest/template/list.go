package template

import "github.com/citytally/citytally/configs/catalogue"

// listRows is how many entities the form of a list has room for. Longer lists are copied down,
// or sent as a file of their own.
const listRows = 300

// list reports whether the form is one of a list of entities.
func (f *Form) list() bool { return f.Dataset.Rows == catalogue.EntityRows }

// listColumns returns the columns of the form of a list.
func listColumns() []column {
	empty := func(*Form, row) string { return "" }
	return []column{
		{"地区代码", "area", 10, false, func(f *Form, _ row) string { return f.Area.Code }},
		{"报表", "dataset", 14, false, func(f *Form, _ row) string { return f.Dataset.ID }},
		{"报告期", "period", 12, false, func(f *Form, _ row) string { return f.Period.String() }},
		{"统一社会信用代码", "entity", 24, true, empty},
		{"企业名称", "entity_name", 36, true, empty},
		{"有效期起", "valid_from", 14, true, empty},
		{"有效期止", "valid_to", 14, true, empty},
		{"注册地区", "registered_area", 14, true, empty},
		{"阶段", "stage", 10, true, empty},
		{"操作", "action", 8, true, empty},
		{"备注", "note", 24, true, empty},
	}
}

// rows returns what the rows of the form are for: an indicator each, flows of a quarter a second
// time for the year to its end where the dataset takes that; or nothing yet.
func (f *Form) rows() (rows []row) {
	if f.list() {
		return make([]row, listRows)
	}
	other, several := f.beside()
	for _, indicator := range f.Indicators() {
		rows = append(rows, row{indicator, f.Period})
		if several && indicator.Kind == catalogue.Flow {
			rows = append(rows, row{indicator, other})
		}
	}
	return rows
}

// closedColumns is how many columns stand before the first one to fill in.
func (f *Form) closedColumns() int {
	if f.list() {
		return 3
	}
	return valueColumn
}
