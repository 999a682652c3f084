package jsontext

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// EndOfValue returns the index behind the object that a text begins with.
func EndOfValue(text string) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return len(text)
}

// endOfString returns the index of the quotation mark that closes the one at i, or of the text's end.
func endOfString(text string, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return i
}

// WithCause adds the likely cause to what is wrong with one line.
func WithCause(en, zh, line string) (string, string) {
	for _, word := range notJSON {
		if at := strings.Index(line, ":"+word.text); at >= 0 && !strings.HasPrefix(line[at:], `:"`) {
			return en + ": " + word.en, zh + "：" + word.zh
		}
	}
	return en, zh
}

// notJSON are what programs write that is no JSON.
var notJSON = []struct{ text, zh, en string }{
	{"NaN", "NaN 不是 JSON 的值；没有数据时请写 null", "NaN is no value of JSON; write null where there is no figure"},
	{"nan", "nan 不是 JSON 的值；没有数据时请写 null", "nan is no value of JSON; write null where there is no figure"},
	{"Infinity", "Infinity 不是 JSON 的值", "Infinity is no value of JSON"},
	{"-Infinity", "-Infinity 不是 JSON 的值", "-Infinity is no value of JSON"},
	{"None", "None 是 Python 的写法，JSON 中是 null", "None is Python; JSON has null"},
	{"True", "True 是 Python 的写法", "True is Python"},
	{"False", "False 是 Python 的写法", "False is Python"},
	{"undefined", "undefined 不是 JSON 的值；没有数据时请写 null", "undefined is no value of JSON; write null where there is no figure"},
	{"'", "JSON 的文本用双引号，不用单引号", "JSON has double quotation marks, not single ones"},
	{"“", "引号是中文引号，请用英文双引号", "the quotation marks are typographic ones; use \""},
	{"”", "引号是中文引号，请用英文双引号", "the quotation marks are typographic ones; use \""},
	{"，", "逗号是全角逗号，请用半角逗号", "the comma is a full-width one; use ,"},
	{"：", "冒号是全角冒号，请用半角冒号", "the colon is a full-width one; use :"},
	{"//", "JSON 不能有注释", "JSON has no comments"},
	{"/*", "JSON 不能有注释", "JSON has no comments"},
	{",]", "逗号多了一个", "there is a comma too many"},
	{",}", "逗号多了一个", "there is a comma too many"},
	{"}", "前面多了一个逗号，或缺少一个值", "there is a comma too many before it, or a value is missing"},
	{"]", "前面多了一个逗号，或缺少一个值", "there is a comma too many before it, or a value is missing"},
	{".", "数字的小数点前要写 0", "a number has a digit before its point"},
	{"+", "数字前不能写加号", "a number has no plus before it"},
}

// Cause returns what a text that is no JSON was probably meant for; "" where that is not known.
func Cause(text string) (zh, en string) {
	text = strings.TrimLeft(text, " \t\r\n")
	for _, word := range notJSON {
		if strings.HasPrefix(text, word.text) {
			return word.zh, word.en
		}
	}
	return "", ""
}

// Position tells where in the text an offset lies, as editors count.
func Position(text []byte, offset int64) string {
	before := text[:min(max(offset, 0), int64(len(text)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf(" (%d:%d)", line, column)
}

// CountElements returns how many elements the lists in the outermost object have, at most, and how
// many members the largest of them, without decoding them: a few bytes of JSON make an observation
// of two hundred.
func CountElements(text string) (elements, members int) {
	elements = 1
	depth, of := 0, 1
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = endOfString(text, i)
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case ',':
			switch depth {
			case 2:
				elements++
				of = 1
			case 3:
				of++
				members = max(members, of)
			}
		}
	}
	return elements, members
}

// HasMember reports whether an object has a member of a name, before anything that is no JSON.
func HasMember(object, name string) bool {
	d := jsontext.NewDecoder(strings.NewReader(object), jsontext.AllowDuplicateNames(true))
	if _, err := d.ReadToken(); err != nil {
		return false
	}
	for d.PeekKind() == '"' {
		token, err := d.ReadToken()
		if err != nil {
			return false
		}
		if token.String() == name {
			return true
		}
		if d.SkipValue() != nil {
			return false
		}
	}
	return false
}

// Valid reports whether a text is one value of JSON.
func Valid(text string) bool { return jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) }
