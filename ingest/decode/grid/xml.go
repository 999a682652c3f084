package grid

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// plainXML returns a text of XML with what is written as entities put in, in place. Bytes that are
// no UTF-8, characters that XML does not hold and unknown entities are errors.
func plainXML(text []byte) ([]byte, error) {
	plain := true
	for _, c := range text {
		if c == '&' || c == '\r' || c >= utf8.RuneSelf || c < ' ' && c != '\t' && c != '\n' {
			plain = false
			break
		}
	}
	if plain {
		return text, nil
	}
	if !utf8.Valid(text) {
		return nil, errBroken
	}
	out := text[:0]
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '&':
			end := bytes.IndexByte(text[i:], ';')
			if end < 0 || end > 12 {
				return nil, errBroken
			}
			r, ok := entity(string(text[i+1 : i+end]))
			if !ok {
				return nil, errBroken
			}
			out = utf8.AppendRune(out, r) // never longer than the entity
			i += end
		case c == '\r':
			if out = append(out, '\n'); i+1 < len(text) && text[i+1] == '\n' {
				i++
			}
		case c < ' ' && c != '\t' && c != '\n':
			return nil, errBroken
		default:
			out = append(out, c)
		}
	}
	return out, nil
}

// entity returns the character that an entity stands for.
func entity(name string) (rune, bool) {
	switch name {
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "amp":
		return '&', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0, false
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	r := rune(n)
	legal := n == '\t' || n == '\n' || n == '\r' || n >= ' ' && n <= utf8.MaxRune && utf8.ValidRune(r) && n != 0xFFFE && n != 0xFFFF
	return r, err == nil && legal
}

// escapedText is a character that workbooks write in texts because XML has no way to: _x000D_.
var escapedText = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

// unescapeText returns a text of a workbook with such characters put in.
func unescapeText(text string) string {
	if !strings.Contains(text, "_x") {
		return text
	}
	return escapedText.ReplaceAllStringFunc(text, func(escaped string) string {
		n, err := strconv.ParseUint(escaped[2:6], 16, 32)
		if err != nil || !utf8.ValidRune(rune(n)) {
			return escaped
		}
		return string(rune(n))
	})
}
