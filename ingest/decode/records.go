package decode

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

const (
	// maxLine is the longest line, in bytes, that is read as a record.
	maxLine = 64 << 10
	// maxRecordLines is how many lines a quoted cell may run over before its
	// opening quotation mark counts as a stray one. It bounds what a stray one
	// costs.
	maxRecordLines = 32
)

// record is one row of a file.
type record struct {
	// row counts from 1.
	row  int
	text string
	// fields are set when problem is not.
	fields  []string
	problem *catalogue.Problem
}

// blank reports whether the row says nothing: an empty line, or the commas that
// spreadsheets write for rows that were cleared.
func (r record) blank() bool { return strings.Trim(r.text, ", \t\r\u3000\"") == "" }

// recordReader reads a CSV file record by record. Other than csv.Reader, which it
// uses for each record, it loses one line to a stray quotation mark and not
// what follows.
type recordReader struct {
	lines   *bufio.Reader
	pending []line
	row     int
	first   bool
}

type line struct {
	text string
	// long is true when the line was longer than maxLine, and cut.
	long bool
}

func newRecordReader(r io.Reader) *recordReader {
	return &recordReader{lines: bufio.NewReaderSize(r, maxLine), first: true}
}

// next returns the next record, or io.EOF after the last one.
func (rs *recordReader) next() (record, error) {
	first, err := rs.line(0)
	if err != nil {
		return record{}, err
	}
	rs.row++
	if first.long {
		rs.pending = rs.pending[1:]
		return record{row: rs.row, text: first.text, problem: &catalogue.Problem{
			ZH: fmt.Sprintf("本行超过 %d 字节", maxLine), EN: fmt.Sprintf("a line of more than %d bytes", maxLine)}}, nil
	}
	text, used, err := rs.joinQuotedLines(first.text)
	if err != nil {
		return record{}, err
	}
	fields, ok := parseRecord(text)
	if !ok {
		rs.pending = rs.pending[1:]
		return record{row: rs.row, text: first.text, problem: &catalogue.Problem{
			ZH: `引号 " 使用有误：含逗号、引号或换行的单元格须整个用引号括起，其中的引号写两遍`,
			EN: `a stray quotation mark: a cell with commas, quotation marks or line breaks is quoted as a whole, and a quotation mark in it doubled`}}, nil
	}
	rs.pending = rs.pending[used:]
	return record{row: rs.row, text: text, fields: fields}, nil
}

// joinQuotedLines adds lines for as long as a quotation mark is open.
func (rs *recordReader) joinQuotedLines(text string) (string, int, error) {
	used := 1
	for open := strings.Count(text, `"`)%2 == 1; open && used < maxRecordLines && len(text) < maxLine; used++ {
		more, err := rs.line(used)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", 0, err
		}
		text += "\n" + more.text
		open = strings.Count(more.text, `"`)%2 == 0
	}
	return text, used, nil
}

// parseRecord splits a record into its fields. It reports false unless the text
// is exactly one well-formed record.
func parseRecord(text string) ([]string, bool) {
	if !strings.Contains(text, `"`) {
		return strings.Split(text, ","), true
	}
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	fields, err := r.Read()
	if err != nil {
		return nil, false
	}
	_, err = r.Read()
	return fields, errors.Is(err, io.EOF)
}

// line returns the i-th line not used yet, without its end.
func (rs *recordReader) line(i int) (line, error) {
	for len(rs.pending) <= i {
		l, err := rs.readLine()
		if err != nil {
			return line{}, err
		}
		rs.pending = append(rs.pending, l)
	}
	return rs.pending[i], nil
}

// readLine reads to the end of the line and keeps maxLine bytes of it.
func (rs *recordReader) readLine() (line, error) {
	chunk, err := rs.lines.ReadSlice('\n')
	l := line{text: string(chunk)}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.long = true
		_, err = rs.lines.ReadSlice('\n')
	}
	if err != nil && (!errors.Is(err, io.EOF) || l.text == "") {
		return line{}, err
	}
	l.text = strings.TrimSuffix(strings.TrimSuffix(l.text, "\n"), "\r")
	if rs.first {
		rs.first = false
		l.text = strings.TrimPrefix(l.text, "\uFEFF")
	}
	return l, nil
}
