package grid

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// sheetScanner reads a worksheet's XML row by row: the cells' values, types, styles and formulas,
// hidden rows, merged ranges. Excelize's own iterator takes three times as long, and says none of
// what stands beside the values without keeping the whole sheet in memory.
type sheetScanner struct {
	r *bufio.Reader
	// strict has elements end in the order in which they began.
	strict bool
	// collect has the cells' values kept.
	collect bool
	open    []uint64 // the hashes of the names of elements that are open
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
	phonetic   int    // elements around that say how a text is read aloud
	values     []byte // of the row's cells, as they stand in the XML
	start      int    // where the value begins that is being read
	text       string // the values, once the row has been read
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
	// from and to are where the value stands in the row's values.
	from, to int
}

// maxDepth is how deep elements may be nested.
const maxDepth = 64

// noText is the place of what is no place in the table of texts. It stays above any number of texts
// when digits are put behind it.
const noText = 1 << 40

// merge is a merged range, from 1.
type merge struct{ column, row, lastColumn, lastRow int }

// maxMerges bounds the merged ranges that are heeded.
const maxMerges = 10_000

func newSheetScanner(r io.Reader) *sheetScanner {
	return &sheetScanner{r: bufio.NewReaderSize(r, 64<<10), strict: true}
}

// errBroken is the error of XML that is none.
var errBroken = errors.New("broken XML")

// next reads the next row that the XML has. It returns io.EOF after the last, and
// io.ErrUnexpectedEOF where the XML ends among the rows.
func (s *sheetScanner) next() error {
	s.cells = s.cells[:0]
	s.column = -1
	inRow := false
	s.inCell, s.inValue, s.phonetic = false, false, 0
	s.values, s.text = s.values[:0], ""
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
				s.text = string(s.values)
				return nil
			}
			s.number++
			if n, ok := number(attributeBytes(s.attributes, "r")); ok {
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
		case "rPh":
			s.readAloud(closing)
		case "f":
			if s.inCell && !closing {
				s.cells[len(s.cells)-1].formula = true
			}
		case "v", "t":
			if closing && s.inValue && s.collect {
				if err := s.endValue(); err != nil {
					return err
				}
			}
			if s.inValue = s.inCell && !closing && !s.empty && s.phonetic == 0; s.inValue {
				s.cells[len(s.cells)-1].value = true
				s.start = len(s.values)
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

// readAloud notes that an element which says how a text is read aloud begins or ends.
func (s *sheetScanner) readAloud(closing bool) {
	switch {
	case closing:
		s.phonetic--
	case !s.empty:
		s.phonetic++
	}
}

// element reads up to the next tag, and the tag. It returns the name where next heeds it,
// else "".
func (s *sheetScanner) element() (name string, closing bool, err error) {
	text, err := s.r.ReadSlice('<')
	for errors.Is(err, bufio.ErrBufferFull) {
		s.value(text)
		text, err = s.r.ReadSlice('<')
	}
	if err != nil {
		return "", false, err
	}
	s.value(text[:len(text)-1])
	tag, err := s.tag()
	if err != nil {
		return "", false, err
	}
	if len(tag) > 0 && (tag[0] == '!' || tag[0] == '?') {
		return "", false, s.markup(tag)
	}
	name, s.attributes, closing, s.empty = parseTag(tag)
	if s.strict {
		return name, closing, s.nest(tag, closing)
	}
	return name, closing, nil
}

// nest holds the end of an element against its beginning.
func (s *sheetScanner) nest(tag []byte, closing bool) error {
	if closing {
		tag = tag[1:]
	}
	hash := uint64(14695981039346656037)
	for _, c := range tag {
		if c <= ' ' || c == '/' {
			break
		}
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	switch n := len(s.open); {
	case closing && (n == 0 || s.open[n-1] != hash):
		return errBroken
	case closing:
		s.open = s.open[:n-1]
	case s.empty:
	case n == maxDepth:
		return errBroken
	default:
		s.open = append(s.open, hash)
	}
	return nil
}

// markup reads to the end of a comment or of a text that is marked as one. Declarations end with
// their tag.
func (s *sheetScanner) markup(tag []byte) error {
	end, text := "", false
	switch {
	case bytes.HasPrefix(tag, []byte("!--")):
		end, tag = "--", tag[3:]
	case bytes.HasPrefix(tag, []byte("![CDATA[")):
		end, tag, text = "]]", tag[8:], true
	}
	content := bytes.Clone(tag)
	for !bytes.HasSuffix(content, []byte(end)) {
		more, err := s.r.ReadSlice('>')
		if err != nil || len(content)+len(more) > maxMarkup {
			return errBroken
		}
		content = append(append(content, '>'), more[:len(more)-1]...)
	}
	if text && s.inValue {
		content = bytes.ReplaceAll(bytes.TrimSuffix(content, []byte(end)), []byte("&"), []byte("&amp;"))
		s.value(content)
	}
	return nil
}

// maxMarkup is how many bytes a comment may have.
const maxMarkup = 1 << 20

// endValue ends a cell's value: what is written as an entity is put in, and what no XML holds is
// refused.
func (s *sheetScanner) endValue() error {
	c, value := &s.cells[len(s.cells)-1], s.values[s.start:]
	value, err := plainXML(value)
	if err != nil {
		return err
	}
	s.values = s.values[:s.start+len(value)]
	if c.from == c.to {
		c.from = s.start
	}
	c.to = len(s.values)
	return nil
}

// value adds to the value of the cell that is being read.
func (s *sheetScanner) value(text []byte) {
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
	if s.collect && c.kind != "s" {
		s.values = append(s.values, text...)
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
	case "rPh":
		name = "rPh"
	case "si":
		name = "si"
	}
	return name, tag[end:], closing, empty
}

func (s *sheetScanner) addCell(attributes []byte) {
	s.column++
	if column, _, ok := cellPlace(attributeBytes(attributes, "r")); ok {
		s.column = column - 1
	}
	info := cellInfo{column: s.column}
	switch string(attributeBytes(attributes, "t")) { // without an allocation
	case "s":
		info.kind = "s"
	case "str":
		info.kind = "str"
	case "e":
		info.kind = "e"
	case "b":
		info.kind = "b"
	case "d":
		info.kind = "d"
	case "inlineStr":
		info.kind = "inlineStr"
	}
	info.style, _ = number(attributeBytes(attributes, "s"))
	s.cells = append(s.cells, info)
}

// number reads digits; it reports false for anything else, and for more than nine.
func number(text []byte) (n int, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if len(text) == 0 || len(text) > 9 {
		return 0, false
	}
	return n, true
}

// attribute returns the value of an attribute, or "".
func attribute(attributes []byte, name string) string {
	return string(attributeBytes(attributes, name))
}

// attributeBytes is attribute, valid until the next tag.
func attributeBytes(attributes []byte, name string) []byte {
	for rest := attributes; ; {
		i := bytes.IndexByte(rest, '=')
		if i < 0 || i+1 >= len(rest) {
			return nil
		}
		key, quote := bytes.TrimSpace(rest[:i]), rest[i+1]
		end := bytes.IndexByte(rest[i+2:], quote)
		if end < 0 {
			return nil
		}
		if string(key) == name {
			return rest[i+2 : i+2+end]
		}
		rest = rest[i+2+end+1:]
	}
}

func truth(text string) bool { return text == "1" || text == "true" }

// cellPlace reads a cell's name, C4, as its column and row from 1.
func cellPlace[T string | []byte](name T) (column, row int, ok bool) {
	i := 0
	for ; i < len(name) && i < 3 && name[i] >= 'A' && name[i] <= 'Z'; i++ {
		column = column*26 + int(name[i]-'A'+1)
	}
	row, ok = number([]byte(name[i:]))
	return column, row, ok && i > 0 && row > 0
}

func parseMerge(ref string) (m merge, ok bool) {
	from, to, found := strings.Cut(ref, ":")
	var a, b bool
	m.column, m.row, a = cellPlace(from)
	m.lastColumn, m.lastRow, b = cellPlace(to)
	return m, found && a && b && m.lastRow >= m.row && m.lastColumn >= m.column
}
