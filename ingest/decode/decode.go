package decode

import (
	"errors"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
)

// MaxRows is how many observations one upload may hold.
const MaxRows = 200_000

// Defaults complete what a file does not say.
type Defaults struct {
	// Area and Dataset are taken where the file names none.
	Area, Dataset string
	// File is the file's name, and Reason says why figures change.
	File, Reason string
}

// The codes of the problems this package returns.
const (
	Empty          = "FILE_EMPTY"
	NotUTF8        = "NOT_UTF8"
	TooManyRows    = "TOO_MANY_ROWS"
	BadJSON        = "JSON_INVALID"
	BadColumns     = "COLUMNS_INVALID"
	NotCSV         = "NOT_CSV"
	DefaultsDiffer = "PARAMETER_DIFFERS"
)

func newProblem(code, seen, zh, en string) error {
	return &catalogue.Problem{Code: code, Seen: seen, ZH: zh, EN: en}
}

func tooManyRows() error {
	return newProblem(TooManyRows, "",
		fmt.Sprintf("一次最多提交 %d 行，请分成几个文件提交", MaxRows),
		fmt.Sprintf("one upload holds at most %d rows; send it in several files", MaxRows))
}

// readError returns the error of the reader, for example that the upload is too large.
func readError(err error) error {
	if _, ok := errors.AsType[*catalogue.Problem](err); ok {
		return err
	}
	return fmt.Errorf("read upload: %w", err)
}
