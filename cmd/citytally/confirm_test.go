package main

import (
	"strings"
	"testing"
)

// Only a clear yes goes on; a script, whose input is no terminal, is not asked.
func TestConfirm(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, "Yes\n": true, "是\n": true, "\n": false, "n\n": false, "否\n": false, "": false, "yep\n": false} {
		var out strings.Builder
		if err := askYes(strings.NewReader(answer), &out, "Drop it?"); (err == nil) != want || !strings.HasPrefix(out.String(), "Drop it? [y/N") {
			t.Errorf("answer %q to %q: %v", answer, out.String(), err)
		}
	}
	cmd := newReplay(&globals{})
	cmd.SetIn(strings.NewReader(""))
	if err := confirm(cmd, false, "Drop it?"); err != nil {
		t.Errorf("a script: %v", err)
	}
}
