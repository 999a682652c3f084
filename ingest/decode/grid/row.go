package grid

import (
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Grid hands out the rows of a table.
type Grid interface {
	// Next returns the next row, or io.EOF after the last one. The row is valid until the
	// next call.
	Next() (Row, error)
}

// Row is one row of a table.
type Row struct {
	// Number is the row's place in the file, counted from 1 as spreadsheets do.
	Number int
	Cells  []string
	// Text is the row as it stands in a text file.
	Text string
	// Problem says why the row has no cells.
	Problem *catalogue.Problem
	// Faults are cells that have no value that can be read, by column from 0.
	Faults map[int]*catalogue.Problem
	// Merged are the columns, from 0, of cells that belong to one in a row above.
	Merged map[int]bool
	// Texts are the columns, from 0, of cells that hold a number that is stored as a text.
	Texts []int
	// Fixed is true where the file itself says how many cells the row has.
	Fixed bool
}

// Cell returns the text in the i-th column, from 0, without surrounding space; "" is none.
func (r *Row) Cell(i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return Trim(r.Cells[i])
}

// Blank reports whether the row says nothing.
func (r *Row) Blank() bool {
	if r.Problem != nil || len(r.Faults) > 0 {
		return false
	}
	return r.EmptyFrom(0)
}

// EmptyFrom reports whether the cells from the i-th on say nothing.
func (r *Row) EmptyFrom(i int) bool {
	for ; i < len(r.Cells); i++ {
		if r.Cell(i) != "" {
			return false
		}
	}
	return true
}

// Excerpt returns the beginning of the row's cells, of at most so many bytes, with a separator. It costs
// no more than that, however long the cells are.
func (r *Row) Excerpt(separator string, bytes int) string {
	var b strings.Builder
	for i, cell := range r.Cells {
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(cell[:min(len(cell), bytes+1)])
		if b.Len() > bytes {
			break
		}
	}
	return event.Excerpt(b.String(), bytes)
}

// Filled returns how many cells say something, and the first of them.
func (r *Row) Filled() (n int, first string) {
	for i := range r.Cells {
		if cell := r.Cell(i); cell != "" {
			if n++; n == 1 {
				first = cell
			}
		}
	}
	return n, first
}

// space is the white space around cells, spaceBegins and spaceEnds are the first and the last bytes of its
// characters.
const space = " \t\r\n\u00a0\u3000\ufeff\u200b"

var spaceBegins, spaceEnds = func() (begins, ends [256]bool) {
	for _, r := range space {
		text := string(r)
		begins[text[0]], ends[text[len(text)-1]] = true, true
	}
	return begins, ends
}()

// Trim drops surrounding white space. Most cells have none, which two bytes of them tell.
func Trim(text string) string {
	if text == "" || !spaceBegins[text[0]] && !spaceEnds[text[len(text)-1]] {
		return text
	}
	return strings.Trim(text, space)
}

// ColumnName returns the letters that spreadsheets give the i-th column, from 0.
func ColumnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}
