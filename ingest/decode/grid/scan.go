package grid

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// sheetScanner reads what a worksheet's XML says of cells besides their values: types,
// styles, formulas, hidden rows, merged ranges. Excelize hands out values row by row and
// says none of this without keeping the whole sheet in memory.
type sheetScanner struct {
	r *bufio.Reader
	// What has been seen so far.
	merges        []merge
	hiddenColumns int

	number     int
	hidden     bool
	cells      []cellInfo
	column     int
	inCell     bool
	inValue    bool
	attributes []byte // of the element that was read last
	empty      bool   // whether that element has no content
	ended      bool   // the end of the rows has been seen
}

// cellInfo is what is known of one cell besides its value.
type cellInfo struct {
	column  int    // from 0
	kind    string // of the attribute t; "" is a number
	style   int
	formula bool
	value   bool // there is a value, be it empty
	bytes   int  // of the value's text
	text    int  // the value's place in the table of texts, where kind is s
}

// noText is the place of what is no place in the table of texts. It stays above any number of texts
// when digits are put behind it.
const noText = 1 << 40

// merge is a merged range, from 1.
type merge struct{ column, row, lastColumn, lastRow int }

// maxMerges bounds the merged ranges that are heeded.
const maxMerges = 10_000

func newSheetScanner(r io.Reader) *sheetScanner {
	return &sheetScanner{r: bufio.NewReaderSize(r, 64<<10)}
}

// next reads the next row that the XML has. It returns io.EOF after the last, and
// io.ErrUnexpectedEOF where the XML ends among the rows.
func (s *sheetScanner) next() error {
	s.cells = s.cells[:0]
	s.column = -1
	inRow := false
	s.inCell, s.inValue = false, false
	for {
		name, closing, err := s.element()
		if errors.Is(err, io.EOF) && (inRow || !s.ended) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch name {
		case "row":
			if closing {
				return nil
			}
			s.number++
			if n, err := strconv.Atoi(attribute(s.attributes, "r")); err == nil {
				s.number = n
			}
			s.hidden = truth(attribute(s.attributes, "hidden"))
			if inRow = true; s.empty {
				return nil
			}
		case "c":
			if s.inCell = inRow && !closing && !s.empty; inRow && !closing {
				s.addCell(s.attributes)
			}
		case "f":
			if s.inCell && !closing {
				s.cells[len(s.cells)-1].formula = true
			}
		case "v", "t":
			if s.inValue = s.inCell && !closing && !s.empty; s.inValue {
				s.cells[len(s.cells)-1].value = true
			}
		case "sheetData":
			s.ended = s.ended || closing || s.empty
		case "mergeCell":
			if m, ok := parseMerge(attribute(s.attributes, "ref")); ok && len(s.merges) < maxMerges {
				s.merges = append(s.merges, m)
			}
		case "col":
			if truth(attribute(s.attributes, "hidden")) {
				s.hiddenColumns++
			}
		}
	}
}

// element reads up to the next tag, and the tag. It returns the name where next heeds it,
// else "".
func (s *sheetScanner) element() (name string, closing bool, err error) {
	text, err := s.r.ReadSlice('<')
	for errors.Is(err, bufio.ErrBufferFull) {
		s.text(text)
		text, err = s.r.ReadSlice('<')
	}
	if err != nil {
		return "", false, err
	}
	s.text(text[:len(text)-1])
	tag, err := s.tag()
	if err != nil {
		return "", false, err
	}
	name, s.attributes, closing, s.empty = parseTag(tag)
	return name, closing, nil
}

func (s *sheetScanner) text(text []byte) {
	if !s.inValue || len(s.cells) == 0 {
		return
	}
	c := &s.cells[len(s.cells)-1]
	if c.bytes += len(text); c.kind == "s" && c.bytes < 10 {
		for _, digit := range text {
			if c.text = c.text*10 + int(digit-'0'); digit < '0' || digit > '9' {
				c.text = noText
			}
		}
	}
}

// tag reads to the end of a tag, without its brackets. A very long one is cut.
func (s *sheetScanner) tag() ([]byte, error) {
	tag, err := s.r.ReadSlice('>')
	if errors.Is(err, bufio.ErrBufferFull) {
		kept := bytes.Clone(tag[:1024])
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = s.r.ReadSlice('>')
		}
		tag = kept
	}
	if errors.Is(err, io.EOF) {
		return nil, io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(tag, []byte(">")), nil
}

// parseTag splits a tag into its local name and attributes.
func parseTag(tag []byte) (name string, attributes []byte, closing, empty bool) {
	tag, closing = bytes.CutPrefix(tag, []byte("/"))
	tag, empty = bytes.CutSuffix(tag, []byte("/"))
	end := bytes.IndexAny(tag, " \t\r\n")
	if end < 0 {
		end = len(tag)
	}
	local := tag[:end]
	if i := bytes.IndexByte(local, ':'); i >= 0 {
		local = local[i+1:]
	}
	switch string(local) { // the names that matter, without an allocation
	case "row":
		name = "row"
	case "c":
		name = "c"
	case "f":
		name = "f"
	case "v":
		name = "v"
	case "t":
		name = "t"
	case "mergeCell":
		name = "mergeCell"
	case "col":
		name = "col"
	case "sheetData":
		name = "sheetData"
	case "si":
		name = "si"
	}
	return name, tag[end:], closing, empty
}

func (s *sheetScanner) addCell(attributes []byte) {
	s.column++
	if column, _, ok := cellPlace(attribute(attributes, "r")); ok {
		s.column = column - 1
	}
	info := cellInfo{column: s.column}
	switch kind := attribute(attributes, "t"); kind {
	case "", "n":
	case "s", "str", "e", "b", "d", "inlineStr":
		info.kind = kind
	}
	info.style, _ = strconv.Atoi(attribute(attributes, "s"))
	s.cells = append(s.cells, info)
}

// attribute returns the value of an attribute, or "".
func attribute(attributes []byte, name string) string {
	for rest := attributes; ; {
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+1 >= len(rest) {
			return ""
		}
		key, quote := bytes.TrimSpace(rest[:i]), rest[i+1]
		end := bytes.IndexByte(rest[i+2:], quote)
		if end < 0 {
			return ""
		}
		if string(key) == name {
			return string(rest[i+2 : i+2+end])
		}
		rest = rest[i+2+end+1:]
	}
}

func truth(text string) bool { return text == "1" || text == "true" }

// cellPlace reads a cell's name, C4, as its column and row from 1.
func cellPlace(name string) (column, row int, ok bool) {
	i := 0
	for ; i < len(name) && i < 3 && name[i] >= 'A' && name[i] <= 'Z'; i++ {
		column = column*26 + int(name[i]-'A'+1)
	}
	row, err := strconv.Atoi(name[i:])
	return column, row, err == nil && i > 0 && row > 0
}

func parseMerge(ref string) (m merge, ok bool) {
	from, to, found := strings.Cut(ref, ":")
	var a, b bool
	m.column, m.row, a = cellPlace(from)
	m.lastColumn, m.lastRow, b = cellPlace(to)
	return m, found && a && b && m.lastRow >= m.row && m.lastColumn >= m.column
}
