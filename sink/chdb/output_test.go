package chdb

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

func TestChildLog(t *testing.T) {
	var out bytes.Buffer
	c := &childLog{log: zerolog.New(&out)}
	w := &lineWriter{handle: c.line}
	for _, piece := range []string{
		"{\"level\":\"warn\",\"message\":\"slow\",\"rows\":12345678901234567890}\r\n{\"level\":\"fa", "tal\",\"message\":\"end\"}\n",
		"\n{\"no\":\"level\"}\nplain ", "words\nno end",
	} {
		if _, err := fmt.Fprint(w, piece); err != nil {
			t.Fatal(err)
		}
	}
	w.flush()
	const want = `{"level":"warn","rows":12345678901234567890,"message":"slow"}
{"level":"error","message":"end"}
{"level":"debug","line":"{\"no\":\"level\"}","message":"ClickHouse engine says"}
{"level":"debug","line":"plain words","message":"ClickHouse engine says"}
{"level":"debug","line":"no end","message":"ClickHouse engine says"}
`
	if got := out.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got, want := c.lastOutput(), "{\"no\":\"level\"}\nplain words\nno end"; got != want {
		t.Errorf("last words are %q, want %q", got, want)
	}
}

func TestLastWords(t *testing.T) {
	c := &childLog{log: zerolog.Nop()}
	say := func(from, to int) {
		for i := from; i <= to; i++ {
			c.line(fmt.Appendf(nil, "line %d", i))
		}
	}
	say(1, 100)
	if got := c.lastOutput(); strings.Count(got, "\n")+1 != tailLines || !strings.HasSuffix(got, "line 100") {
		t.Errorf("last words are %q", got)
	}
	c.line([]byte("panic: out of cheese"))
	say(1, 100)
	if got := c.lastOutput(); strings.Count(got, "\n")+1 != tailLines || !strings.HasPrefix(got, "panic: out of cheese\nline 1\n") {
		t.Errorf("last words of a panic are %q", got)
	}
}

func TestLineWriterBoundsALine(t *testing.T) {
	longest := 0
	w := &lineWriter{handle: func(line []byte) { longest = max(longest, len(line)) }}
	piece := bytes.Repeat([]byte("x"), 10_000)
	for range 100 {
		if n, err := w.Write(piece); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if longest == 0 || longest > maxLine+len(piece) {
		t.Errorf("longest line has %d bytes, want at most %d", longest, maxLine+len(piece))
	}
}
