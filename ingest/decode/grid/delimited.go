package grid

import (
	"fmt"
	"io"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

const (
	// maxLine is the longest line, in bytes, that is read as a record.
	maxLine = 64 << 10
	// maxRecordLines is how many lines a quoted cell may run over before its opening
	// quotation mark counts as a stray one.
	maxRecordLines = 32
)

// Delimiters are the characters that may separate the cells of a text table.
const Delimiters = ",\t;|"

// Delimited reads a text table row by row. Other than csv.Reader, it makes no copies of
// cells, and loses one line to a stray quotation mark and not what follows.
type Delimited struct {
	rest      string
	delimiter byte
	newline   byte
	number    int
	cells     []string
	limits    Limits
	seen      int // cells so far

	bars bool // each line begins and ends with a vertical bar
}

// NewDelimited reads a text whose cells are separated by the delimiter.
func NewDelimited(text string, delimiter byte, limits Limits) *Delimited {
	g := &Delimited{rest: text, delimiter: delimiter, newline: '\n', limits: limits.WithDefaults()}
	if strings.IndexByte(text, '\n') < 0 && strings.IndexByte(text, '\r') >= 0 {
		g.newline = '\r' // as Excel for Mac writes
	}
	if delimiter == '|' {
		first, _ := g.line(strings.TrimLeft(text, " \t\r\n"))
		first = strings.TrimRight(first, " \t")
		g.bars = len(first) > 1 && first[0] == '|' && first[len(first)-1] == '|'
	}
	return g
}

// line cuts the next line off a text, without its end.
func (g *Delimited) line(text string) (line, rest string) {
	i := strings.IndexByte(text, g.newline)
	if i < 0 {
		line, rest = text, ""
	} else {
		line, rest = text[:i], text[i+1:]
	}
	return strings.TrimSuffix(line, "\r"), rest
}

// Next returns the next row. A row with a stray quotation mark has a Problem and ends with
// its line.
func (g *Delimited) Next() (Row, error) {
	if g.rest == "" {
		return Row{}, io.EOF
	}
	line, rest := g.line(g.rest)
	g.number++
	r := Row{Number: g.number, Text: line, Fixed: true}
	if g.bars {
		line = strings.TrimPrefix(line, "|") // of the frame, as Markdown writes it
	}
	switch {
	case len(line) > maxLine:
		r.Problem = &catalogue.Problem{ZH: fmt.Sprintf("本行超过 %d 字节", maxLine), EN: fmt.Sprintf("a line of more than %d bytes", maxLine)}
	case strings.IndexByte(line, '"') < 0:
		g.split(line)
		r.Cells = g.cells
	default:
		if rest = g.quoted(line, rest, &r); r.Problem != nil {
			_, rest = g.line(g.rest)
		}
	}
	g.rest = rest
	g.plain(&r)
	if g.seen += len(r.Cells); g.seen > g.limits.Cells {
		return Row{}, tooLarge("文件的单元格超过 %d 个，请分成几个文件", "the file has more than %d cells; split it into several files", g.limits.Cells)
	}
	if len(r.Cells) > g.limits.Columns {
		r.Cells, r.Problem = nil, &catalogue.Problem{ZH: fmt.Sprintf("本行超过 %d 列", g.limits.Columns), EN: fmt.Sprintf("a row of more than %d columns", g.limits.Columns)}
	}
	return r, nil
}

// plain drops from cells what spreadsheets and people write to have numbers taken for text.
func (g *Delimited) plain(r *Row) {
	for i, cell := range r.Cells {
		if cell == "" || cell[0] != '\'' && cell[0] != '=' {
			continue
		}
		text, ok := plainText(cell)
		if !ok {
			continue
		}
		r.Cells[i] = text
		r.Texts = append(r.Texts, i)
	}
}

// plainText returns what a cell such as '2022 or ="95" is of.
func plainText(cell string) (string, bool) {
	if inner, ok := strings.CutPrefix(cell, `="`); ok {
		inner, ok = strings.CutSuffix(strings.TrimRight(inner, " "), `"`)
		return inner, ok && !strings.Contains(inner, `"`)
	}
	inner, ok := strings.CutPrefix(cell, "'")
	return inner, ok && inner != "" && strings.Trim(inner, "0123456789.,+-%/年月季度上下半QSHYTD ") == "" && strings.ContainsAny(inner, "0123456789")
}

// split puts the cells of a line without quotation marks into g.cells.
func (g *Delimited) split(line string) {
	g.cells = g.cells[:0]
	for {
		i := strings.IndexByte(line, g.delimiter)
		if i < 0 {
			g.cells = append(g.cells, line)
			return
		}
		g.cells = append(g.cells, line[:i])
		line = line[i+1:]
	}
}

// quoted reads a row with quotation marks, which may go on over several lines. It returns
// what follows the row.
func (g *Delimited) quoted(line, rest string, r *Row) string {
	text := line
	for used, open := 1, strings.Count(line, `"`)%2 == 1; open && used < maxRecordLines && len(text) < maxLine && rest != ""; used++ {
		var more string
		more, rest = g.line(rest)
		text += "\n" + more
		open = strings.Count(more, `"`)%2 == 0
	}
	if g.splitQuoted(text) {
		r.Text, r.Cells = text, g.cells
		return rest
	}
	r.Problem = &catalogue.Problem{
		ZH: `引号 " 使用有误：含分隔符、引号或换行的单元格须整个用引号括起，其中的引号写两遍`,
		EN: `a stray quotation mark: a cell with delimiters, quotation marks or line breaks is quoted as a whole, and a quotation mark in it doubled`}
	return rest
}

// splitQuoted puts the cells of a row into g.cells. It reports false where a quotation mark
// stands inside a cell that is not quoted, or is not closed.
func (g *Delimited) splitQuoted(text string) bool {
	g.cells = g.cells[:0]
	for {
		cell := strings.TrimLeft(text, " ")
		if strings.HasPrefix(cell, `="`) { // ="95", a number as a text
			if end := strings.IndexByte(cell[2:], '"') + 3; end > 2 && (end == len(cell) || cell[end] == g.delimiter) {
				if g.cells = append(g.cells, cell[:end]); end == len(cell) {
					return true
				}
				text = cell[end+1:]
				continue
			}
		}
		if !strings.HasPrefix(cell, `"`) {
			i := strings.IndexByte(text, g.delimiter)
			cell, rest := text, ""
			if i >= 0 {
				cell, rest = text[:i], text[i+1:]
			}
			if strings.IndexByte(cell, '"') >= 0 {
				return false
			}
			g.cells = append(g.cells, cell)
			if text = rest; i < 0 {
				return true
			}
			continue
		}
		end, doubled := 1, false
		for {
			i := strings.IndexByte(cell[end:], '"')
			if i < 0 {
				return false
			}
			if end += i + 1; end >= len(cell) || cell[end] != '"' {
				break
			}
			end, doubled = end+1, true
		}
		content, rest := cell[1:end-1], strings.TrimLeft(cell[end:], " ")
		if doubled {
			content = strings.ReplaceAll(content, `""`, `"`)
		}
		g.cells = append(g.cells, content)
		if rest == "" {
			return true
		}
		if rest[0] != g.delimiter {
			return false
		}
		text = rest[1:]
	}
}
