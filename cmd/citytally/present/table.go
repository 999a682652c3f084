package present

import (
	"bytes"
	"encoding/json"
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/mattn/go-isatty"
)

// NewTable returns a table in the style of all the program's tables, which its method
// Render prints to w. The columns with the numbers in right, from 1, are aligned to
// the right.
func NewTable(w io.Writer, header table.Row, right ...int) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.Style().Format.Header = 0
	t.AppendHeader(header)
	configs := make([]table.ColumnConfig, len(right))
	for i, number := range right {
		configs[i] = table.ColumnConfig{Number: number, Align: text.AlignRight, AlignHeader: text.AlignRight}
	}
	t.SetColumnConfigs(configs)
	return t
}

// JSON prints a value as indented JSON.
func JSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(v)
}

// IsTerminal reports whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// Redraw prints a screen: in place, over the screen before, line by line, so that it
// does not flicker; else after the screen before.
func Redraw(w io.Writer, screen []byte, inPlace bool) error {
	if inPlace {
		const home, clearLine, clearRest = "\x1b[H", "\x1b[K", "\x1b[J"
		screen = bytes.ReplaceAll(screen, []byte("\n"), []byte(clearLine+"\n"))
		screen = append(append([]byte(home), screen...), clearRest...)
	}
	_, err := w.Write(screen)
	return err
}
