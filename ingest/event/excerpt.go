package event

import (
	"strings"
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
