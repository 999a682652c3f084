package records

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/grid"
)

// Rows hands out the lists of a list as the rows of a table: [["指标", "2022年"], ["gdp", 850.2]]. What a document
// says beside the list, {"单位": "万元", "data": …}, stands above the table, as titles do; the names of columns
// (pandas, orient="split") are its header.
type Rows struct {
	// Outside is what stands beside the list.
	Outside []string

	table []grid.Row
	next  int
}

// headerNames are the members that hold the names of columns beside the rows.
var headerNames = map[string]bool{"columns": true, "header": true, "headers": true, "fields": true, "表头": true, "列名": true, "字段": true}

// HasRows reports whether a list of lists begins somewhere in a document.
func HasRows(text string) bool { return listOfLists.MatchString(text) }

var listOfLists = regexp.MustCompile(`\[\s*\[`)

// OpenRows finds the only list of lists in a document. It returns [ErrNone] where there is none.
func OpenRows(text string, limits Limits) (*Rows, error) {
	d := newDecoder(text)
	if d.PeekKind() == '[' {
		rows, err := rowsIn(d, limits)
		return numbered(nil, nil, rows), err
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	var titles, header, rows []grid.Row
	places := 0
	for d.PeekKind() != '}' {
		name, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		switch kind := d.PeekKind(); kind {
		case '[':
			found, err := rowsIn(d, limits)
			switch {
			case errors.Is(err, ErrNone) && headerNames[strings.ToLower(key)]:
				header = found
			case errors.Is(err, ErrNone):
			case err != nil:
				return nil, err
			default:
				rows, places = found, places+1
			}
		case '{':
			if err := d.SkipValue(); err != nil {
				return nil, err
			}
		default:
			value, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			if said, _ := plain(value, kind); said != "" {
				titles = append(titles, grid.Row{Cells: []string{key + "：" + said}})
			}
		}
	}
	switch {
	case places == 0:
		return nil, ErrNone
	case places > 1:
		return nil, &catalogue.Problem{Code: charset.Ambiguous,
			ZH: fmt.Sprintf("JSON 中有 %d 个由行组成的列表，不知道该报哪一个；请只保留一个", places), EN: fmt.Sprintf("the JSON holds %d lists of rows and it does not say which is meant; keep one of them", places)}
	}
	return numbered(titles, header, rows), nil
}

// numbered puts rows behind the header that stands beside them, if there is one, and behind the titles,
// which have the number 0.
func numbered(titles, header, rows []grid.Row) *Rows {
	table := append(header, rows...)
	for i := range table {
		table[i].Number = i + 1
	}
	g := &Rows{table: append(titles, table...)}
	for i := range titles {
		g.Outside = append(g.Outside, titles[i].Cells[0])
	}
	return g
}

// Len returns how many rows there are, the header among them.
func (g *Rows) Len() int { return len(g.table) }

// Next returns the next row.
func (g *Rows) Next() (grid.Row, error) {
	if g.next == len(g.table) {
		return grid.Row{}, io.EOF
	}
	g.next++
	return g.table[g.next-1], nil
}

// rowsIn reads a list whose members are lists. Of another list it returns the members as one row, and
// [ErrNone].
func rowsIn(d *jsontext.Decoder, limits Limits) (rows []grid.Row, err error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	var alone grid.Row
	for d.PeekKind() != ']' {
		if d.PeekKind() != '[' {
			if err := addCell(d, &alone, limits); err != nil {
				return nil, err
			}
			continue
		}
		if len(rows) > limits.Records {
			return nil, ErrTooMany
		}
		if _, err := d.ReadToken(); err != nil {
			return nil, err
		}
		var row grid.Row
		for d.PeekKind() != ']' {
			if err := addCell(d, &row, limits); err != nil {
				return nil, err
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return nil, err
		}
		row.Text = row.Excerpt(", ", maxText)
		rows = append(rows, row)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if len(rows) == 0 || len(alone.Cells) > 0 {
		return []grid.Row{alone}, ErrNone
	}
	return rows, nil
}

// addCell reads the next value as a cell of a row.
func addCell(d *jsontext.Decoder, row *grid.Row, limits Limits) error {
	if len(row.Cells) == limits.Columns {
		return TooManyFields(limits.Columns)
	}
	kind, cell, problem := d.PeekKind(), "", (*catalogue.Problem)(nil)
	if kind == '{' || kind == '[' {
		if err := d.SkipValue(); err != nil {
			return err
		}
		problem = notPlain(grid.ColumnName(len(row.Cells)))
	} else {
		value, err := d.ReadToken()
		if err != nil {
			return err
		}
		cell, problem = plain(value, kind)
	}
	if problem != nil {
		if row.Faults == nil {
			row.Faults = map[int]*catalogue.Problem{}
		}
		row.Faults[len(row.Cells)] = problem
	}
	row.Cells = append(row.Cells, cell)
	return nil
}
