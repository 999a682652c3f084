package chdb

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/sink/chdb/crowd"
)

const (
	// maxLine bounds one line of the child's output, in bytes; a longer one
	// is logged in pieces.
	maxLine = 64 << 10
	// tailLines is how many of the child's last lines an error repeats.
	tailLines = 30
)

// lineWriter calls handle for every line written to it, without the line break.
type lineWriter struct {
	handle  func(line []byte)
	pending []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.pending = append(w.pending, p...)
	for {
		line, rest, found := bytes.Cut(w.pending, []byte("\n"))
		if !found {
			break
		}
		w.handle(bytes.TrimRight(line, "\r"))
		w.pending = rest
	}
	if len(w.pending) > maxLine {
		w.flush()
	}
	return len(p), nil
}

// flush passes on a last line without a line break.
func (w *lineWriter) flush() {
	if len(w.pending) > 0 {
		w.handle(w.pending)
		w.pending = nil
	}
}

// childLog logs the child's output. A line that is a zerolog event keeps its level
// and fields; any other line, of the engine or a panic, is logged at Debug. The
// last of those are kept for the error of a crash.
type childLog struct {
	log          zerolog.Logger
	failedLogins *atomic.Int64 // nil counts nothing

	mu   sync.Mutex // standard output and standard error are read at the same time
	tail []string
}

func (c *childLog) line(line []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.event(line) || len(bytes.TrimSpace(line)) == 0 {
		return
	}
	text := string(line)
	c.log.Debug().Str("line", text).Msg("ClickHouse engine says")
	if crashBegins(text) {
		// A long stack follows; the reason stays the first of the kept lines.
		c.tail = nil
	}
	if len(c.tail) == tailLines && crashBegins(c.tail[0]) {
		return
	}
	if len(c.tail) == tailLines {
		c.tail = c.tail[1:]
	}
	c.tail = append(c.tail, text)
}

// event logs a line that is a zerolog event; it reports whether it is one.
func (c *childLog) event(line []byte) bool {
	if len(line) == 0 || line[0] != '{' {
		return false
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return false
	}
	name, isText := fields[zerolog.LevelFieldName].(string)
	level, err := zerolog.ParseLevel(name)
	if !isText || err != nil {
		return false
	}
	message, _ := fields[zerolog.MessageFieldName].(string)
	if failures, isNumber := fields[crowd.FailedLoginsField].(json.Number); isNumber && message == crowd.FailedLogins && c.failedLogins != nil {
		if n, err := failures.Int64(); err == nil {
			c.failedLogins.Add(n)
		}
	}
	delete(fields, zerolog.LevelFieldName)
	delete(fields, zerolog.MessageFieldName)
	if level == zerolog.FatalLevel || level == zerolog.PanicLevel {
		// A fatal event would end the parent.
		level = zerolog.ErrorLevel
	}
	c.log.WithLevel(level).Fields(fields).Msg(message)
	return true
}

// lastOutput returns the kept lines.
func (c *childLog) lastOutput() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.tail, "\n")
}

func crashBegins(line string) bool {
	for _, prefix := range []string{"panic:", "fatal error:", "SIG", "runtime:"} {
		if strings.HasPrefix(line, prefix) {
			return true
		}
	}
	return false
}
