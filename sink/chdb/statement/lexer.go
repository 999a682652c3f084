package statement

import (
	"math/big"
	"strconv"
	"strings"
)

// tokenKind is a kind of token; operators and brackets are punctuation.
type tokenKind int

const (
	word        tokenKind = iota // bare word: keyword, identifier, function name
	quoted                       // identifier in "…" or `…`
	literal                      // string in '…', x'…' or $tag$…$tag$
	number                       // also a word that begins with digits
	punctuation                  // one character
	invalid                      // refused by ClickHouse's lexer too: an open quote or comment, a stray byte
)

// token is one token of a query text: text[start:end].
type token struct {
	kind       tokenKind
	start, end int
}

// lexer splits a query text into the tokens that ClickHouse's own lexer finds (src/Parsers/Lexer.cpp), without comments and
// white space. A difference would be a hole in the refusals: what one takes for a string the other could run as SQL.
type lexer struct {
	text     string
	pos      int
	lastByte byte // the previous token if it was punctuation, 'a' after any other token, 0 at the start
}

// next returns the next token; it reports false at the end of the text.
func (l *lexer) next() (token, bool) {
	for l.pos < len(l.text) {
		start := l.pos
		if l.skipBlank() {
			continue
		}
		kind := l.scan()
		l.lastByte = 'a'
		if kind == punctuation {
			l.lastByte = l.text[start]
		}
		return token{kind, start, l.pos}, true
	}
	return token{}, false
}

// skipBlank moves over one stretch of white space or one closed comment, if there is one.
func (l *lexer) skipBlank() bool {
	rest := l.text[l.pos:]
	switch {
	case isSpace(rest[0]):
		l.pos++
	case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "//"), strings.HasPrefix(rest, "# "), strings.HasPrefix(rest, "#!"):
		if end := strings.IndexByte(rest, '\n'); end >= 0 {
			l.pos += end
		} else {
			l.pos = len(l.text)
		}
	case strings.HasPrefix(rest, "/*"):
		size := commentLength(rest)
		l.pos += size
		return size > 0
	default:
		size := unicodeSpace(rest)
		l.pos += size
		return size > 0
	}
	return true
}

// commentLength is the length of the comment /* … */ that s begins with, nested ones included; 0 when it is never closed.
func commentLength(s string) int {
	depth := 0
	for i := 0; i+2 <= len(s); {
		switch s[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return i
			}
		default:
			i++
		}
	}
	return 0
}

// scan moves over one token.
func (l *lexer) scan() tokenKind {
	rest := l.text[l.pos:]
	c := rest[0]
	switch {
	case c == '\'':
		return l.scanQuoted(1, "'", true, literal)
	case c == '"' || c == '`':
		return l.scanQuoted(1, rest[:1], true, quoted)
	case strings.HasPrefix(rest, "‘"):
		return l.scanQuoted(len("‘"), "’", false, literal)
	case strings.HasPrefix(rest, "“"):
		return l.scanQuoted(len("“"), "”", false, quoted)
	case strings.HasPrefix(rest, "/*"):
		l.pos = len(l.text)
		return invalid
	case isDigit(c), c == '.' && l.lastByte != 'a' && l.lastByte != ')' && l.lastByte != ']' && len(rest) > 1 && isDigit(rest[1]):
		return l.scanNumber()
	case c == '$':
		return l.scanDollar()
	case len(rest) > 2 && rest[1] == '\'' && strings.IndexByte("xXbB", c) >= 0:
		return l.scanQuoted(2, "'", false, literal)
	case isWord(c):
		l.scanWord()
		return word
	case strings.IndexByte(`()[]{},;.+-*/%=!<>?:|@^&~`, c) >= 0:
		l.pos++
		return punctuation
	case c == '\\' && len(rest) > 1 && rest[1] == 'G': // clickhouse-client's end of a statement
		l.pos += 2
		return punctuation
	default:
		l.pos++
		return invalid
	}
}

// scanQuoted moves over a quoted text, from an opening quote of that many bytes to the closing one. With escapes, a byte
// after a backslash does not end the text, nor does a doubled closing quote.
func (l *lexer) scanQuoted(opening int, closing string, escapes bool, kind tokenKind) tokenKind {
	l.pos += opening
	for l.pos < len(l.text) {
		switch rest := l.text[l.pos:]; {
		case escapes && rest[0] == '\\':
			l.pos += 2
		case escapes && strings.HasPrefix(rest, closing+closing):
			l.pos += 2 * len(closing)
		case strings.HasPrefix(rest, closing):
			l.pos += len(closing)
			return kind
		default:
			l.pos++
		}
	}
	l.pos = len(l.text)
	return invalid
}

// scanDollar moves over a heredoc, $tag$…$tag$, or else over a dollar sign or a word that begins with one.
func (l *lexer) scanDollar() tokenKind {
	rest := l.text[l.pos:]
	if end := strings.IndexByte(rest[1:], '$'); end >= 0 {
		tag := rest[:end+2]
		if body := strings.Index(rest[len(tag):], tag); body >= 0 {
			l.pos += body + 2*len(tag)
			return literal
		}
	}
	l.scanWord()
	return word
}

// scanNumber moves over a number or a word that begins with digits. It may find another end of a number than ClickHouse
// does, but never takes a quote, comment or semicolon for a part of one.
func (l *lexer) scanNumber() tokenKind {
	afterDot := l.lastByte == '.'
	l.pos++
	for l.pos < len(l.text) {
		c := l.text[l.pos]
		exponent := (c == '+' || c == '-') && strings.IndexByte("eEpP", l.text[l.pos-1]) >= 0
		if !isWord(c) && !exponent && (c != '.' || afterDot) {
			break
		}
		if exponent && (l.pos+1 >= len(l.text) || !isDigit(l.text[l.pos+1])) {
			break
		}
		l.pos++
	}
	return number
}

func (l *lexer) scanWord() {
	l.pos++
	for l.pos < len(l.text) && (isWord(l.text[l.pos]) || l.text[l.pos] == '$') {
		l.pos++
	}
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isWord(c byte) bool {
	return c == '_' || isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// unicodeSpace is the length of the Unicode white space that s begins with, 0 when it begins with something else. The list
// is ClickHouse's. Source: skipWhitespacesUTF8 in src/Common/StringUtils.
func unicodeSpace(s string) int {
	for _, space := range [...]string{
		"\u0085", "\u00a0", "\u180e", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006", "\u2007",
		"\u2008", "\u2009", "\u200a", "\u200b", "\u200c", "\u200d", "\u2028", "\u2029", "\u202f", "\u205f", "\u2060",
		"\u3000", "\ufeff",
	} {
		if strings.HasPrefix(s, space) {
			return len(space)
		}
	}
	return 0
}

// unquote returns the name that a quoted identifier denotes.
func unquote(s string) string {
	if rest, found := strings.CutPrefix(s, "“"); found {
		return strings.TrimSuffix(rest, "”")
	}
	if len(s) < 2 {
		return s
	}
	quote, s := s[:1], s[1:len(s)-1]
	if !strings.ContainsAny(s, `\`+quote) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == quote[0] && i+1 < len(s): // doubled
			i++
			b.WriteByte(s[i])
		case s[i] == '\\' && i+1 < len(s):
			i++
			i += unescape(&b, s[i:])
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// literalText returns the text that a string literal denotes: '…', $tag$…$tag$, x'…', b'…' or ‘…’.
func literalText(s string) string {
	switch {
	case strings.HasPrefix(s, "$"):
		tag := strings.IndexByte(s[1:], '$') + 2
		return s[tag : len(s)-tag]
	case strings.HasPrefix(s, "‘"):
		return strings.TrimSuffix(strings.TrimPrefix(s, "‘"), "’")
	case strings.HasPrefix(s, "'"):
		return unquote(s)
	}
	base := 16
	if s[0] == 'b' || s[0] == 'B' {
		base = 2
	}
	value, ok := new(big.Int).SetString(s[2:len(s)-1], base)
	if !ok {
		return ""
	}
	return string(value.Bytes())
}

// unescape writes the text that an escape sequence denotes, of which s follows the backslash. It returns how many bytes of s
// beyond the first belong to the sequence. Source: parseComplexEscapeSequence in src/IO/ReadHelpers.cpp.
func unescape(b *strings.Builder, s string) int {
	const from, to = "abefnrtv0", "\a\b\x1b\f\n\r\t\v\x00"
	if s[0] == 'x' && len(s) >= 3 {
		if code, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			b.WriteByte(byte(code))
			return 2
		}
	}
	if s[0] == 'N' { // NULL in text formats, nothing in a name
		return 0
	}
	if at := strings.IndexByte(from, s[0]); at >= 0 {
		b.WriteByte(to[at])
		return 0
	}
	if strings.IndexByte("\\'\"`/=", s[0]) < 0 {
		b.WriteByte('\\')
	}
	b.WriteByte(s[0])
	return 0
}
