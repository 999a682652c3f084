package decode

import (
	"strings"

	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/grid"
)

// decodeText returns a text in UTF-8, and says what encoding it had.
func (f *file) decodeText(data []byte) (string, error) {
	text, err := charset.Decode(data, charset.Hints{Declared: f.Charset, Known: f.knownWord})
	if err != nil {
		return "", err
	}
	f.understanding.say(text.EncodingZH, text.EncodingEN)
	return text.Text, nil
}

// delimiter is what separates the cells of a text table.
type delimiter struct {
	char   byte
	zh, en string
}

var delimiters = []delimiter{
	{',', "CSV（逗号分隔）", "CSV (comma)"}, {'\t', "TSV（制表符分隔）", "TSV (tab)"}, {';', "CSV（分号分隔）", "CSV (semicolon)"},
}

// readDelimited reads a text table. The delimiter is the one by which a header is found.
func (f *file) readDelimited(text string) error {
	var fits []int
	var failed [3]*failure
	head := firstLines(text, sampleRows)
	for i, d := range delimiters {
		if i > 0 && strings.IndexByte(head, d.char) < 0 {
			continue
		}
		found, err := newTable(f, grid.NewDelimited(text, d.char, f.Limits.Limits)).recognize()
		if err != nil {
			return err
		}
		if failed[i] = found; found == nil {
			fits = append(fits, i)
		}
	}
	switch len(fits) {
	case 1:
	case 0:
		best := 0
		for i := range failed {
			if failed[i] == nil {
				continue
			}
			if failed[i].recognized > failed[best].recognized || failed[i].recognized == failed[best].recognized && failed[i].columns > failed[best].columns {
				best = i
			}
		}
		return failed[best].problem
	default:
		return newProblem(Ambiguous, "", "文件按逗号、制表符或分号分列都能读通，无法确定；请只用一种分隔符", "the file has a header by more than one delimiter; use commas, tabs or semicolons alone")
	}
	d := delimiters[fits[0]]
	f.understanding.say(d.zh, d.en)
	f.expected = strings.Count(text, "\n") + 1
	t := newTable(f, grid.NewDelimited(text, d.char, f.Limits.Limits))
	if _, err := t.recognize(); err != nil {
		return err
	}
	return t.read()
}

// firstLines returns the first lines of a text, however they end.
func firstLines(text string, n int) string {
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' {
			if n--; n == 0 {
				return text[:i]
			}
		}
	}
	return text
}
