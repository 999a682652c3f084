package event

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Origin is the area and the dataset in the subject of a message. Both are "" where the
// subject does not name them.
type Origin struct{ Area, Dataset string }

// OriginOf reads a subject such as submissions.320812.sti-annual.
func OriginOf(subject string) Origin {
	tokens := strings.Split(subject, ".")
	if len(tokens) != 3 || !IsToken(tokens[1]) || !IsToken(tokens[2]) {
		return Origin{}
	}
	return Origin{Area: tokens[1], Dataset: tokens[2]}
}

// IsToken reports whether a text can be one token of a subject: it is not empty, and
// has no dot, wildcard, space or control character.
func IsToken(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r == '.' || r == '*' || r == '>' || unicode.IsSpace(r) || unicode.IsControl(r)
	})
}

// AsToken returns a text as one token of a subject that reads like it: wildcards and dots in their
// full width, and U+FFFD for what cannot be shown.
func AsToken(text string) string {
	token := strings.Map(func(r rune) rune {
		switch {
		case r == '*' || r == '>' || r == '.':
			return r + '＊' - '*'
		case unicode.IsSpace(r) || unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, text)
	if token == "" {
		return string(utf8.RuneError)
	}
	return token
}
