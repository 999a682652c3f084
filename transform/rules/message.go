package rules

import (
	"regexp"
	"strings"

	"github.com/citytally/citytally/configs/catalogue"
)

// placeholder is a name in a message, for which its value is written.
var placeholder = regexp.MustCompile(`\{([a-z_]+)\}`)

// message is a text with places for values: words[0], the value of names[0], words[1] and so on.
type message struct{ words, names []string }

func newMessage(text string) (m message) {
	from := 0
	for _, at := range placeholder.FindAllStringSubmatchIndex(text, -1) {
		m.words, m.names = append(m.words, text[from:at[0]]), append(m.names, text[at[2]:at[3]])
		from = at[1]
	}
	m.words = append(m.words, text[from:])
	return m
}

// fill returns the text with the values of the names.
func (m *message) fill(value func(name string) string) string {
	var text strings.Builder
	for n, name := range m.names {
		text.WriteString(m.words[n])
		text.WriteString(value(name))
	}
	text.WriteString(m.words[len(m.names)])
	return text.String()
}

// textOfValues writes values for people.
func textOfValues(values []catalogue.Value) string {
	var text []byte
	for n, v := range values {
		if n > 0 {
			text = append(text, ", "...)
		}
		text = v.AppendText(text)
	}
	return string(text)
}
