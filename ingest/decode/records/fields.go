package records

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/event"
)

// field is a member of an object. Problem says why it has no text: it is a list or an object.
type field struct {
	name, text string
	problem    *catalogue.Problem
}

func namesOf(fields []field) []string {
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].name
	}
	return names
}

// fields reads the fields of objects, with the same memory for each.
type fields struct {
	text    strings.Reader
	decoder *jsontext.Decoder
	all     []field
	names   map[string]string // names by themselves, so that one is kept of each
}

// fieldsOf returns the fields of an object. One that occurs twice is an error.
func fieldsOf(text string) ([]field, error) { return new(fields).of(text) }

// of returns the fields of an object, which are valid until the next call.
func (r *fields) of(text string) ([]field, error) {
	r.text.Reset(text)
	if r.all = r.all[:0]; r.decoder == nil {
		r.decoder, r.names = jsontext.NewDecoder(&r.text), map[string]string{}
	} else {
		r.decoder.Reset(&r.text)
	}
	d := r.decoder
	if d.PeekKind() != '{' {
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
		return nil, &catalogue.Problem{ZH: "应为一个 JSON 对象 {…}", EN: "want an object of JSON, {…}"}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for d.PeekKind() != '}' {
		f, err := r.field()
		if err != nil {
			return nil, err
		}
		r.all = append(r.all, f)
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, afterEnd()
	}
	return r.all, nil
}

// field reads a member.
func (r *fields) field() (f field, err error) {
	quoted, err := r.decoder.ReadValue()
	if err != nil {
		return f, err
	}
	name, known := r.names[string(quoted)]
	if !known {
		unquoted, err := jsontext.AppendUnquote(nil, quoted)
		if err != nil {
			return f, err
		}
		name = string(unquoted)
		r.names[string(quoted)] = name
	}
	f.name = name
	kind := r.decoder.PeekKind()
	if kind == '{' || kind == '[' {
		f.problem = notPlain(name)
		return f, r.decoder.SkipValue()
	}
	value, err := r.decoder.ReadToken()
	if err == nil {
		f.text, f.problem = plain(value, kind)
	}
	return f, err
}

func afterEnd() error {
	return &catalogue.Problem{ZH: "JSON 结束之后还有内容", EN: "more text after the end of the JSON"}
}

// plain returns a text, a number or a truth value as a cell has it; null says nothing.
func plain(value jsontext.Token, kind jsontext.Kind) (string, *catalogue.Problem) {
	switch kind {
	case 'n':
		return "", nil
	case '0':
		number, ok := event.PlainNumber(value.String())
		if !ok {
			return "", &catalogue.Problem{Code: "VALUE_TOO_LONG",
				ZH: fmt.Sprintf("%.40s 位数过多", value.String()), EN: fmt.Sprintf("%.40s has too many digits", value.String())}
		}
		return number, nil
	}
	return value.String(), nil
}

func notPlain(name string) *catalogue.Problem {
	name = event.Excerpt(name, 60)
	return &catalogue.Problem{ZH: fmt.Sprintf("字段 %q 应为文本或数字，收到的是列表或对象", name), EN: fmt.Sprintf("%q: want text or a number, got a list or an object", name)}
}

// TooManyFields is the problem of objects with more different fields than there may be.
func TooManyFields(most int) error {
	return &catalogue.Problem{Code: grid.TooLarge,
		ZH: fmt.Sprintf("JSON 对象的不同字段超过 %d 个", most), EN: fmt.Sprintf("the objects have more than %d different fields", most)}
}
