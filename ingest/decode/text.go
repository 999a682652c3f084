package decode

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/citytally/citytally/ingest/decode/charset"
	"github.com/citytally/citytally/ingest/decode/grid"
	"github.com/citytally/citytally/ingest/decode/header"
)

// decodeText returns a text in UTF-8, and says what encoding it had.
func (f *file) decodeText(data []byte) (string, error) {
	text, err := charset.Decode(data, charset.Hints{Declared: f.Charset, Known: func(text string) bool { return header.Word(f.Catalogue, text) }})
	if err != nil {
		return "", err
	}
	f.understanding.say(text.EncodingZH, text.EncodingEN)
	plain := strings.TrimSuffix(text.Text, "\x1a") // the end of a file to DOS
	return plain, refuseUTF7(plain)
}

// delimitedNames are what tables are called that are separated by each of [grid.Delimiters].
var delimitedNames = [len(grid.Delimiters)]struct{ zh, en string }{
	{"CSV（逗号分隔）", "CSV (comma)"}, {"TSV（制表符分隔）", "TSV (tab)"}, {"CSV（分号分隔）", "CSV (semicolon)"}, {"文本表（竖线分隔）", "a text table (vertical bar)"},
}

// readDelimited reads a text table. The delimiter is the one by which a header is found.
func (f *file) readDelimited(text string) error {
	var fits []int
	var failed [len(grid.Delimiters)]*header.Failure
	head := firstLines(text, header.SampleRows)
	for i, delimiter := range []byte(grid.Delimiters) {
		if i > 0 && strings.IndexByte(head, delimiter) < 0 {
			continue
		}
		_, found, err := f.recognize(grid.NewDelimited(text, delimiter, f.Limits.Limits))
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
			if failed[i].Recognized > failed[best].Recognized || failed[i].Recognized == failed[best].Recognized && failed[i].Columns > failed[best].Columns {
				best = i
			}
		}
		return failed[best].Problem
	default:
		return newProblem(Ambiguous, "", "文件按逗号、制表符、分号或竖线中的几种分列都能读通，无法确定；请只用一种分隔符", "the file has a header by more than one delimiter; use commas, tabs, semicolons or vertical bars alone")
	}
	f.understanding.say(delimitedNames[fits[0]].zh, delimitedNames[fits[0]].en)
	f.expected = strings.Count(text, "\n") + 1
	rows := grid.NewDelimited(text, grid.Delimiters[fits[0]], f.Limits.Limits)
	t, _, err := f.recognize(rows)
	if err != nil {
		return err
	}
	if t.beside != nil {
		return f.readBeside(t.beside, func() (grid.Grid, func() error, error) {
			return grid.NewDelimited(text, grid.Delimiters[fits[0]], f.Limits.Limits), func() error { return nil }, nil
		})
	}
	t.commas.semicolons = grid.Delimiters[fits[0]] == ';'
	return t.read()
}

// countTexts counts figures of a row that are stored as text. The cells of the system's own forms
// are made for text, so that is none of the sender's doing.
func (t *table) countTexts(r *grid.Row) {
	for _, i := range r.Texts {
		if i >= len(t.Columns) || t.Columns[i].Role != header.ValueField && t.Columns[i].Role != header.Figures || t.isForm() {
			continue
		}
		if t.reader.texts++; t.reader.texts == 1 {
			t.reader.firstText = grid.ColumnName(i) + strconv.Itoa(r.Number)
		}
	}
}

// noteTextNumbers notes numbers that are written as text.
func (t *table) noteTextNumbers() {
	if n, first := t.reader.texts, t.reader.firstText; n > 0 {
		t.understanding.note("NUMBERS_AS_TEXT", 0, "", first,
			fmt.Sprintf("有 %d 个数字是以文本形式存储的（如 %s），已按数字读入", n, first), fmt.Sprintf(plural(n, "%d number")+" stored as text (%s is the first), read as a number", n, first))
	}
}

// utf7 is what UTF-7, which old mail programs write, makes of characters that are not ASCII.
var utf7 = regexp.MustCompile(`\+([A-Za-z0-9+/]{3,})-`)

// refuseUTF7 names a text in UTF-7, by a run that is Chinese in it.
func refuseUTF7(text string) error {
	for _, m := range utf7.FindAllStringSubmatch(text[:min(len(text), 64<<10)], 20) {
		decoded, err := base64.RawStdEncoding.DecodeString(m[1])
		if err != nil || len(decoded) < 2 {
			continue
		}
		chinese := true
		for i := 0; i+1 < len(decoded); i += 2 {
			chinese = chinese && unicode.In(rune(decoded[i])<<8|rune(decoded[i+1]), unicode.Han, unicode.P)
		}
		if chinese {
			return newProblem(BadEncoding, m[0], "文件是 UTF-7 编码（"+m[0]+" 是其中的汉字），请另存为“CSV UTF-8（逗号分隔）”", `the file is in UTF-7 (`+m[0]+` is Chinese in it); save it as "CSV UTF-8 (comma delimited)"`)
		}
	}
	return nil
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
