package grid

import (
	"cmp"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
)

// Limits bound what a table may cost. A field that is 0 has its default.
type Limits struct {
	// Workbook is the most bytes of all parts of a workbook; default 64 MiB.
	Workbook int64
	// Elements is the most XML elements of a workbook's parts besides its sheets: texts,
	// styles, names. Default 1 million, of which each takes some hundred bytes of memory.
	Elements int
	// Cells is the most cells of a table, Columns the most in one row; defaults 20 million
	// and 1000.
	Cells, Columns int
	// CellBytes is the most bytes of one cell; default 32 KiB.
	CellBytes int
}

// WithDefaults returns the limits with every default filled in.
func (l Limits) WithDefaults() Limits {
	l.Workbook = cmp.Or(l.Workbook, 64<<20)
	l.Elements = cmp.Or(l.Elements, 1_000_000)
	l.Cells = cmp.Or(l.Cells, 20_000_000)
	l.Columns = cmp.Or(l.Columns, 1000)
	l.CellBytes = cmp.Or(l.CellBytes, 32<<10)
	return l
}

// The codes of the problems with a whole file.
const (
	TooLarge = "FILE_TOO_LARGE"
	Broken   = "FILE_BROKEN"
)

func tooLarge(zh, en string, args ...any) error {
	return &catalogue.Problem{Code: TooLarge, ZH: fmt.Sprintf(zh, args...), EN: fmt.Sprintf(en, args...)}
}

// brokenWorkbook is the error of a workbook that cannot be read.
func brokenWorkbook() error {
	return &catalogue.Problem{Code: Broken, Seen: "xlsx",
		ZH: "Excel 工作簿损坏或不完整，请用 Excel 或 WPS 打开后重新保存", EN: "the Excel workbook is broken or incomplete; open it in Excel or WPS and save it again"}
}
