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

// blank reports whether the row is empty, or has only the commas that spreadsheets write
// for rows that were cleared.
func (r record) blank() bool { return strings.Trim(r.text, ", \t\r\u3000\"") == "" }

// recordReader reads a CSV file record by record. It uses csv.Reader for each record
// alone, so that a stray quotation mark spoils one line and not all that follow.
type recordReader struct {
	lines   *bufio.Reader
	pending []line // read and not yet part of a record
	row     int
	first   bool
}

type line struct {
	text string
	// long is true when the line was longer than maxLine and was cut.
	long bool
}

func newRecordReader(r io.Reader) *recordReader {
	return &recordReader{lines: bufio.NewReaderSize(r, maxLine), first: true}
}

// next returns the next record, or io.EOF after the last one.
func (r *recordReader) next() (record, error) {
	first, err := r.line(0)
	if err != nil {
		return record{}, err
	}
	r.row++
	if first.long {
		r.pending = r.pending[1:]
		return record{row: r.row, text: first.text, problem: &catalogue.Problem{
			ZH: fmt.Sprintf("本行超过 %d 字节", maxLine), EN: fmt.Sprintf("a line of more than %d bytes", maxLine)}}, nil
	}
	text, used, err := r.joinQuotedLines(first.text)
	if err != nil {
		return record{}, err
	}
	fields, ok := parseRecord(text)
	if !ok {
		r.pending = r.pending[1:]
		return record{row: r.row, text: first.text, problem: &catalogue.Problem{
			ZH: `引号 " 使用有误：含逗号、引号或换行的单元格须整个用引号括起，其中的引号写两遍`,
			EN: `a stray quotation mark: a cell with commas, quotation marks or line breaks is quoted as a whole, and a quotation mark in it doubled`}}, nil
	}
	r.pending = r.pending[used:]
	return record{row: r.row, text: text, fields: fields}, nil
}

// joinQuotedLines appends further lines to a text while a quotation mark is open, and
// returns how many lines the result has.
func (r *recordReader) joinQuotedLines(text string) (string, int, error) {
	used := 1
	for open := strings.Count(text, `"`)%2 == 1; open && used < maxRecordLines && len(text) < maxLine; used++ {
		more, err := r.line(used)
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

// parseRecord splits a record into its fields. It reports false unless the text is one
// well-formed record.
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

// line returns the i-th line that is not yet part of a record, without its line break.
func (r *recordReader) line(i int) (line, error) {
	for len(r.pending) <= i {
		l, err := r.readLine()
		if err != nil {
			return line{}, err
		}
		r.pending = append(r.pending, l)
	}
	return r.pending[i], nil
}

// readLine reads a line and keeps its first maxLine bytes.
func (r *recordReader) readLine() (line, error) {
	chunk, err := r.lines.ReadSlice('\n')
	l := line{text: string(chunk)}
	for errors.Is(err, bufio.ErrBufferFull) {
		l.long = true
		_, err = r.lines.ReadSlice('\n')
	}
	if err != nil && (!errors.Is(err, io.EOF) || l.text == "") {
		return line{}, err
	}
	l.text = strings.TrimSuffix(strings.TrimSuffix(l.text, "\n"), "\r")
	if r.first {
		r.first = false
		l.text = strings.TrimPrefix(l.text, "\uFEFF")
	}
	return l, nil
}
