package header

import (
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/grid"
)

const (
	// SampleRows is how many rows of a table the layout is decided by.
	SampleRows = 200
	// MaxTitleRows is how many rows may stand above the header.
	MaxTitleRows = 40
	// MaxCell is how many bytes of text a cell may have to be understood as a name.
	MaxCell = 200
)

// The codes of the problems with a header.
const (
	Empty          = "FILE_EMPTY"
	BadColumns     = "COLUMNS_INVALID"
	DefaultsDiffer = "PARAMETER_DIFFERS"
	ambiguous      = charset.Ambiguous
)

// Known is what is known of a table besides its rows.
type Known struct {
	Catalogue *catalogue.Catalogue
	// Period is that of the request; the zero Period is none.
	Period catalogue.Period
	// Sender is the area whose figures they are where nothing names another; "" is none.
	Sender string
	// File is the file's name, and Sheet that of the sheet of a workbook.
	File, Sheet string
	// MaxColumns is how many columns a table may have.
	MaxColumns int
	// HeaderRow is the number of the header's row where that is known, of one of several tables beside each other; 0 is
	// not known.
	HeaderRow int
	// First is true where the first row is the header, whatever follows.
	First bool
}

// Orientation is how a table is laid out.
type Orientation uint8

const (
	Long            Orientation = iota + 1 // one figure a row
	AcrossPeriods                          // an indicator a row, a period a column
	AcrossIndicator                        // a period or an area a row, an indicator a column
	AcrossAreas                            // an indicator a row, an area a column
)

// Layout is how a table is laid out.
type Layout struct {
	// Row is the number of the header's first row, and Cells are its cells. Begin is the index
	// of the first row below the header, among those that it was found in.
	Row         int
	Cells       []string
	Begin       int
	Columns     []Column
	Orientation Orientation
	// At is the column of each role; -1 is none.
	At [Figures + 1]int
	// Base and Change are the columns of the figure of a year before and of the change since,
	// which are held against what is known; -1 is none.
	Base, Change int
	// Whole is the period of every figure, where the table has none.
	Whole string
	// Year is that of periods without one: of the request's period, else of the title; 0 is none.
	Year int
	// ToDate is what the title says of figures that count from the beginning of the year.
	ToDate ToDate
	// Said is what titles and the names of the file and the sheet say of periods.
	Said []Said
	// SDMX is true of SDMX-CSV, in which a name may follow a code: gdp: Gross domestic product.
	SDMX bool
}

// IsList reports whether the table is a list of entities.
func (l *Layout) IsList() bool { return l.At[EntityField] >= 0 }

// FigureColumns returns the columns that hold the values of one indicator, period or area.
func (l *Layout) FigureColumns() (at []int) {
	for i := range l.Columns {
		if l.Columns[i].Role == Figures {
			at = append(at, i)
		}
	}
	return at
}

// Column is one column of a table.
type Column struct {
	Role Role
	// Name is the header's text, Unit the unit written behind it.
	Name, Unit string
	// Indicator, Period or Area is what the values of a column of figures have in common.
	Indicator, Period, Area string
	// Stage is the name of the stage written behind a period: 2025年快报.
	Stage string
	// Base and Change are the columns of a year before's figures and of the change since, of a
	// table with many figures in a row; -1 is none.
	Base, Change int
	// Level is how deep the names of a column of groups of indicators stand: 一级指标, 二级指标; 0 is another column.
	Level int
	// Later is the column of the same period at a later stage; -1 is none.
	Later int
	// City is true of a column of the whole city in a table of its areas: 全市, 合计.
	City bool
	// ToDate is true where the header says that flows count from the beginning of the year: 9月末.
	ToDate bool

	// OfRow is the kind of the column's period, where that ends with the period of each row: 本月 and 累计 beside
	// 报告期; 0 is none.
	OfRow catalogue.PeriodKind

	relative bool               // the period is told by its place to that of the table: 本月
	problem  *catalogue.Problem // why the header names no period although it seems to
}

// Failure is why rows hold no header, and how near they came.
type Failure struct {
	Problem *catalogue.Problem
	// Recognized is how many columns were known, Columns how many there were.
	Recognized, Columns int
	// describe makes the problem. Most rows that are no header are never spoken of.
	describe func() *catalogue.Problem
}

// table is rows in which a header is looked for.
type table struct {
	Known
	sample []grid.Row
	Layout
	rowPeriods bool // a column of the header that is tried says the period of each row
}

// Find finds the header among the first rows of a table, of which up to [SampleRows] are looked at.
func Find(sample []grid.Row, known Known) (*Layout, *Failure) {
	t := &table{Known: known, sample: sample, Layout: Layout{Base: -1, Change: -1}}
	none := &Failure{Problem: newProblem(Empty, "", "没有任何数据行，也没有表头；表头应为“"+wantedColumnsZH+"”", "there is no row and no header; want "+wantedColumns)}
	worst := none
	most := MaxTitleRows
	if t.First {
		most = 1
	}
	for i := range t.sample[:min(len(t.sample), most)] {
		if t.HeaderRow != 0 && t.sample[i].Number != t.HeaderRow {
			continue
		}
		t.Year = t.yearAbove(i)
		f := t.headerAt(i)
		if f == nil {
			if !t.IsList() {
				if f := t.parts(); f != nil {
					return &t.Layout, f
				}
			}
			return &t.Layout, t.context()
		}
		if (f.Problem != nil || f.describe != nil) && (f.Recognized > worst.Recognized || worst == none) {
			worst = f
		}
	}
	if worst.describe != nil {
		worst.Problem = worst.describe()
	}
	return nil, worst
}

// Is reports whether a row is a header by itself.
func Is(r *grid.Row, known Known) bool {
	t := table{Known: known, sample: []grid.Row{*r}}
	columns := t.headerColumns(r.Cells)
	if columns == nil {
		return false
	}
	_, f := t.layoutOf(columns, nil)
	return f == nil
}

// CityFor reports whether an area's figures are the city's to the sender, who is a district.
func (k *Known) CityFor(area *catalogue.Area) bool {
	return area.Kind == catalogue.City && k.Sender != "" && k.Sender != area.Code
}

// maxSeen is how many bytes of a cell a message repeats.
const maxSeen = 100

func newProblem(code, seen, zh, en string) *catalogue.Problem {
	return &catalogue.Problem{Code: code, Seen: seen, ZH: zh, EN: en}
}
