package records

import (
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/citytally/citytally/configs/catalogue"
)

// span is where an object stands in the text, and inside of which other one, nil for none.
type span struct {
	begin, end int
	outer      *span
	fields     []field // once they were asked for
}

// record is an object that is a row. Line is where it stands, counted from 1, in a text with
// one in each line; 0 otherwise.
type record struct {
	span
	line int
}

// list is the objects at one place of a document, with the names of their fields.
type list struct {
	path    string // the names around it, joined by dots
	records []record
	names   []string
	known   map[string]bool
}

func (l *list) add(r record, names []string) {
	l.records = append(l.records, r)
	for _, name := range names {
		if !l.known[name] {
			l.known[name] = true
			l.names = append(l.names, name)
		}
	}
}

// scanner finds the lists of a document.
type scanner struct {
	decoder *jsontext.Decoder
	lists   []*list
	limits  Limits
	count   int // records
}

func scan(text string, limits Limits) ([]*list, error) {
	s := &scanner{limits: limits, decoder: newDecoder(text)}
	var err error
	if s.decoder.PeekKind() == '[' {
		_, err = s.list("", nil)
	} else {
		_, _, err = s.object("", &span{})
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, afterEnd()
	}
	return s.lists, nil
}

// maxDepth is how many lists and objects may stand in one another.
const maxDepth = 16

// newDecoder returns a decoder that leaves a field that occurs twice to be told in its row.
func newDecoder(text string) *jsontext.Decoder {
	return jsontext.NewDecoder(strings.NewReader(text), jsontext.AllowDuplicateNames(true))
}

// object scans an object, whose span it completes. It returns the names of its fields, and
// whether lists with records stand in it.
func (s *scanner) object(path string, at *span) (names []string, holds bool, err error) {
	if _, err := s.decoder.ReadToken(); err != nil {
		return nil, false, err
	}
	if s.decoder.StackDepth() > maxDepth {
		return nil, false, &catalogue.Problem{ZH: "嵌套层次过深", EN: "lists and objects are nested too deeply"}
	}
	at.begin = int(s.decoder.InputOffset()) - 1
	for s.decoder.PeekKind() != '}' {
		token, err := s.decoder.ReadToken()
		if err != nil {
			return nil, false, err
		}
		name := token.String()
		names = append(names, name)
		if len(names) > s.limits.Columns {
			return nil, false, TooManyFields(s.limits.Columns)
		}
		found, inner := false, strings.TrimPrefix(path+"."+name, ".")
		switch s.decoder.PeekKind() {
		case '[':
			found, err = s.list(inner, at)
		case '{':
			_, found, err = s.object(inner, &span{outer: at})
		default:
			err = s.decoder.SkipValue()
		}
		if err != nil {
			return nil, false, err
		}
		holds = holds || found
	}
	_, err = s.decoder.ReadToken()
	at.end = int(s.decoder.InputOffset())
	return names, holds, err
}

// list scans a list, and reports whether it or one in it has records.
func (s *scanner) list(path string, outer *span) (holds bool, err error) {
	if _, err := s.decoder.ReadToken(); err != nil {
		return false, err
	}
	var l *list
	for s.decoder.PeekKind() != ']' {
		if s.decoder.PeekKind() != '{' {
			if err := s.decoder.SkipValue(); err != nil {
				return false, err
			}
			continue
		}
		at := &span{outer: outer}
		names, within, err := s.object(path, at)
		if err != nil {
			return false, err
		}
		if holds = true; within {
			continue
		}
		if s.count++; s.count > s.limits.Records {
			return false, ErrTooMany
		}
		if l == nil {
			l = s.at(path)
		}
		if l.add(record{span: *at}, names); len(l.names) > s.limits.Columns {
			return false, TooManyFields(s.limits.Columns)
		}
	}
	_, err = s.decoder.ReadToken()
	return holds, err
}

// at returns the list at a path.
func (s *scanner) at(path string) *list {
	for _, l := range s.lists {
		if l.path == path {
			return l
		}
	}
	l := &list{path: path, known: map[string]bool{}}
	s.lists = append(s.lists, l)
	return l
}

// scanLines finds the records of a text with an object in each line. A line that is none is a
// record, too, whose row says so.
func scanLines(text string, limits Limits) (*list, error) {
	l := &list{known: map[string]bool{}}
	var read fields
	begin := 0
	for number := 1; begin < len(text); number++ {
		end := begin + strings.IndexByte(text[begin:], '\n')
		if end < begin {
			end = len(text)
		}
		line := record{span: span{begin: begin, end: end}, line: number}
		if begin = end + 1; strings.TrimSpace(text[line.begin:line.end]) == "" {
			continue
		}
		if len(l.records) == limits.Records {
			return nil, ErrTooMany
		}
		var names []string
		if fields, err := read.of(text[line.begin:line.end]); err == nil {
			names = namesOf(fields)
		}
		if l.add(line, names); len(l.names) > limits.Columns {
			return nil, TooManyFields(limits.Columns)
		}
	}
	return l, nil
}
