package decode

import (
	"cmp"
	"fmt"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/divide"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
	"github.com/citytally/citytally/ingest/event"
)

// MaxRows is how many observations one upload may hold where [Limits] does not say.
const MaxRows = event.MaxRows

// Limits bound what a file may cost. A field that is 0 has its default.
type Limits struct {
	// Observations is the most figures of a file; default [MaxRows].
	Observations int
	// Unpacked is the most bytes of a file out of a gzip or zip archive; default 64 MiB.
	Unpacked int64
	// Message is the most bytes that a submission may have as JSON, about; larger ones are
	// divided. 0 divides none.
	Message int
	grid.Limits
}

func (l Limits) withDefaults() Limits {
	l.Observations = cmp.Or(l.Observations, MaxRows)
	l.Unpacked = cmp.Or(l.Unpacked, 64<<20)
	l.Limits = l.Limits.WithDefaults()
	return l
}

// The codes of the problems this package returns.
const (
	Empty          = header.Empty
	BadEncoding    = charset.Unknown
	TooManyRows    = "TOO_MANY_ROWS"
	TooLarge       = grid.TooLarge
	BadJSON        = "JSON_INVALID"
	BadColumns     = header.BadColumns
	BadFile        = grid.Broken
	WrongFormat    = charset.Binary
	Ambiguous      = charset.Ambiguous
	DefaultsDiffer = header.DefaultsDiffer
	BadParameter   = "PARAMETER_INVALID"
	FigureRepeated = divide.FigureRepeated
)

func newProblem(code, seen, zh, en string) *catalogue.Problem {
	return &catalogue.Problem{Code: code, Seen: seen, ZH: zh, EN: en}
}

func tooManyRows(most int) error {
	return newProblem(TooManyRows, "",
		fmt.Sprintf("一次最多提交 %d 行，请分成几个文件提交", most),
		fmt.Sprintf("one upload holds at most %d rows; send it in several files", most))
}

func tooLarge(zh, en string, args ...any) error {
	return newProblem(TooLarge, "", fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...))
}
