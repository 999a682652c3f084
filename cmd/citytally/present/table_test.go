package present

import (
	"bytes"
	"testing"
)

func TestRedraw(t *testing.T) {
	var out bytes.Buffer
	for _, inPlace := range []bool{false, true} {
		if err := Redraw(&out, []byte("one\ntwo\n"), inPlace); err != nil {
			t.Fatal(err)
		}
	}
	// In place, each line clears what stood behind it, and the last what stood
	// below.
	if want := "one\ntwo\n" + "\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J"; out.String() != want {
		t.Errorf("drew %q, want %q", out.String(), want)
	}
}
