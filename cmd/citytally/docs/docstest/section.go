// Package docstest compares parts of the documentation with what tests have found.
package docstest

import (
	"os"
	"strings"
	"testing"
)

// Section fails the test where a page's part of that name, which stands between comments, has
// another text; with update set it writes the text.
func Section(t testing.TB, page, name, text string, update bool) {
	t.Helper()
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->\n"
	was, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(was), begin)
	_, after, ends := strings.Cut(rest, end)
	if !begins || !ends {
		t.Fatalf("%s has no part %q", page, name)
	}
	is := before + begin + text + end + after
	switch {
	case is == string(was):
	case update:
		if err := os.WriteFile(page, []byte(is), 0o600); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the part %q of %s is no longer what the program does; read what has changed, and write it with -update:\n%s", name, page, text)
	}
}
