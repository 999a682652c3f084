package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Excerpt returns the beginning of a text, of at most so many bytes, and … when the text
// was cut. The result is valid UTF-8, whatever the text is.
func Excerpt(text string, bytes int) string {
	if len(text) <= bytes {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return strings.ToValidUTF8(text[:bytes], "\ufffd") + "…"
}

// ControlIn returns the first character of a text that can steer the terminal or the page that
// shows it: a control character, a line break, or one that turns the direction of writing.
// Characters in except are passed over.
func ControlIn(text, except string) (found rune, ok bool) {
	for _, r := range text {
		if steers(r) && !strings.ContainsRune(except, r) {
			return r, true
		}
	}
	return 0, false
}

func steers(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || unicode.Is(unicode.Bidi_Control, r)
}

// Harmless returns a text for showing: each character that [ControlIn] finds is � in it. What is
// sent to this program has none, and what was published to the broker beside it may.
func Harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if steers(r) {
			return utf8.RuneError
		}
		return r
	}, text)
}
