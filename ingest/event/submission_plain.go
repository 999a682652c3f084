package event

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// decodePlain reads the JSON that programs write: the known keys in small
// letters, each at most once, values without escapes. It reports false for
// anything else, well-formed or not, which the JSON library then judges; what it
// does read it reads as that library would, in a quarter of the time.
func decodePlain(data []byte) (Submission, bool) {
	if !utf8.Valid(data) {
		return Submission{}, false
	}
	// Every text is a piece of this one copy.
	p := plain{text: string(data)}
	var s Submission
	ok := p.object(func(key string) bool {
		switch key {
		case "area":
			return p.string(&s.Area)
		case "dataset":
			return p.string(&s.Dataset)
		case "reason":
			return p.string(&s.Reason)
		case "file":
			return p.string(&s.File)
		case "observations":
			return p.observations(&s.Observations)
		}
		return false
	})
	p.space()
	return s, ok && p.at == len(p.text)
}

// plain is a reader's place in a text.
type plain struct {
	text string
	at   int
}

func (p *plain) observations(into *[]Observation) bool {
	if !p.take('[') {
		return false
	}
	// The division bounds what a text full of braces can ask for: an observation of
	// three members has at least as many bytes.
	rest := p.text[p.at:]
	*into = make([]Observation, 0, min(strings.Count(rest, "{"), len(rest)/32))
	if p.take(']') {
		return true
	}
	for {
		*into = append(*into, Observation{})
		if !p.observation(&(*into)[len(*into)-1]) {
			return false
		}
		if !p.take(',') {
			return p.take(']')
		}
	}
}

func (p *plain) observation(o *Observation) bool {
	return p.object(func(key string) bool {
		switch key {
		case "indicator":
			return p.string(&o.Indicator)
		case "period":
			return p.string(&o.Period)
		case "value":
			return p.string((*string)(&o.Value)) || p.number((*string)(&o.Value))
		case "unit":
			return p.string(&o.Unit)
		case "stage":
			return p.string(&o.Stage)
		case "status":
			return p.string(&o.Status)
		case "qualifier":
			return p.string(&o.Qualifier)
		case "note":
			return p.string(&o.Note)
		case "row":
			var digits string
			if !p.number(&digits) {
				return false
			}
			row, err := strconv.Atoi(digits)
			o.Row = row
			return err == nil
		}
		return false
	})
}

// The most keys that an object here has.
const plainKeys = 16

// object reads an object and hands each key to member, which reads its value.
func (p *plain) object(member func(key string) bool) bool {
	if !p.take('{') {
		return false
	}
	if p.take('}') {
		return true
	}
	var seen [plainKeys]string
	for n := 0; n < plainKeys; n++ {
		if !p.string(&seen[n]) || !p.take(':') {
			return false
		}
		for _, earlier := range seen[:n] {
			if earlier == seen[n] {
				return false
			}
		}
		if !member(seen[n]) {
			return false
		}
		if !p.take(',') {
			return p.take('}')
		}
	}
	return false
}

func (p *plain) space() {
	for p.at < len(p.text) {
		switch p.text[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// take passes over a character, and the space before it, where it is there.
func (p *plain) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// string reads a string without escapes; where there is none it stays in place.
func (p *plain) string(into *string) bool {
	begin := p.at
	if !p.take('"') {
		return false
	}
	for i := p.at; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			*into, p.at = p.text[p.at:i], i+1
			return true
		case c == '\\' || c < ' ':
			p.at = begin
			return false
		}
	}
	p.at = begin
	return false
}

// word reads true, false or the like.
func (p *plain) word(word string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], word) {
		return false
	}
	p.at += len(word)
	return true
}

// number reads a number without an exponent, digit by digit.
func (p *plain) number(into *string) bool {
	p.space()
	begin := p.at
	p.sign()
	whole := p.digits()
	if whole == 0 || whole > 1 && p.text[p.at-whole] == '0' {
		return false
	}
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		if p.digits() == 0 {
			return false
		}
	}
	*into = p.text[begin:p.at]
	return true
}

func (p *plain) sign() {
	if p.at < len(p.text) && p.text[p.at] == '-' {
		p.at++
	}
}

func (p *plain) digits() (n int) {
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
		n++
	}
	return n
}
