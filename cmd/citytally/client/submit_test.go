package client

import (
	"bufio"
	"strings"
	"testing"
)

// Standard input has no name to tell the format by.
func TestContentType(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "text/csv",
		"indicator,period,value\n": "text/csv",
		`{"area":"1"}`:             "application/json",
		"\ufeff\n  {":              "application/json",
	} {
		r := bufio.NewReader(strings.NewReader(text))
		if got := contentType(r); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
		if rest, err := r.ReadString(0); rest != text {
			t.Errorf("%q is left of %q (%v)", rest, text, err)
		}
	}
}
