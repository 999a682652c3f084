package charset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	utf "golang.org/x/text/encoding/unicode"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/event"
)

// Hints are what helps where a text fits two encodings.
type Hints struct {
	// Declared is the charset that the sender says the text has; "" is none.
	Declared string
	// Known reports whether a cell's text is one that tables have.
	Known func(cell string) bool
}

// Text is a text in UTF-8, with the encoding that it had and the evidence for it, as words of a sentence.
type Text struct {
	Text                   string
	EncodingZH, EncodingEN string
}

// Decode decides the encoding of a whole text and returns it in UTF-8. A byte that fits no
// encoding is named by its place; nothing is replaced and nothing left out. The error is a
// [*catalogue.Problem] with the code [Unknown] or [Ambiguous].
func Decode(data []byte, hints Hints) (Text, error) {
	d := decoder{Hints: hints}
	text, err := d.decode(data)
	if err != nil {
		return Text{}, err
	}
	return Text{text, d.zh, d.en}, nil
}

// The codes of the problems with a text.
const (
	Unknown   = "ENCODING_UNKNOWN"
	Ambiguous = "FILE_AMBIGUOUS"
	Binary    = "FORMAT_UNKNOWN"
)

func newProblem(code, seen, zh, en string) error {
	return &catalogue.Problem{Code: code, Seen: seen, ZH: zh, EN: en}
}

// maxSeen is how many bytes of a cell a message repeats.
const maxSeen = 100

// decoder decides on one text.
type decoder struct {
	Hints
	zh, en string
}

func (d *decoder) say(zh, en string) { d.zh, d.en = zh, en }

func (d *decoder) decode(data []byte) (string, error) {
	say := d.say
	switch {
	case bytes.HasPrefix(data, []byte("\xEF\xBB\xBF")):
		say("UTF-8 编码（有 BOM）", "UTF-8 (with a byte order mark)")
		if at := firstInvalidUTF8(data); at >= 0 {
			return "", badByte(data, at, "UTF-8")
		}
		return string(data[3:]), nil
	case bytes.HasPrefix(data, []byte("\xFF\xFE")):
		say("UTF-16 小端编码（有 BOM）", "UTF-16 little-endian (with a byte order mark)")
		return decodeUTF16(data[2:], utf.LittleEndian)
	case bytes.HasPrefix(data, []byte("\xFE\xFF")):
		say("UTF-16 大端编码（有 BOM）", "UTF-16 big-endian (with a byte order mark)")
		return decodeUTF16(data[2:], utf.BigEndian)
	case bytes.IndexByte(data, 0) >= 0:
		return d.decodeZeroes(data)
	}
	profile := profileOf(data)
	switch {
	case profile.high == 0:
		say("纯 ASCII 文本", "plain ASCII")
		return string(data), nil
	case profile.invalidUTF8 < 0:
		return d.decodeValidUTF8(data, profile)
	case profile.utf8Runs > 0 && profile.gbRuns > 0 && profile.invalidGB < 0, profile.utf8Runs > profile.gbRuns:
		return "", mixedEncodings(data, profile)
	case profile.invalidGB >= 0:
		return "", badByte(data, profile.invalidGB, "")
	case profile.rare*3 > profile.wide:
		return "", newProblem(Unknown, excerptOf(data, profile.invalidUTF8),
			"文件既不是 UTF-8，按 GB18030 读出来也多是生僻字（可能是 Big5 等其他编码）；请在 Excel 中另存为“CSV UTF-8”",
			`the file is not UTF-8, and read as GB18030 it is mostly rare characters (it may be Big5 or another encoding); save it in Excel as "CSV UTF-8"`)
	}
	say("GB18030 编码（不是 UTF-8，按 GB18030 全部读通）", "GB18030 (not UTF-8, and every byte reads as GB18030)")
	return decodeGB18030(data), nil
}

func decodeGB18030(data []byte) string {
	text, _ := simplifiedchinese.GB18030.NewDecoder().Bytes(data) // invalid bytes have been looked for
	return string(text)
}

func decodeUTF16(data []byte, order utf.Endianness) (string, error) {
	cut := newProblem(Unknown, "", "UTF-16 文本不完整或含有无效字符，请重新导出为“CSV UTF-8”", `the UTF-16 text is cut off or holds invalid characters; save it again as "CSV UTF-8"`)
	if len(data)%2 != 0 {
		return "", cut
	}
	text, err := utf.UTF16(order, utf.IgnoreBOM).NewDecoder().Bytes(data)
	if err != nil || bytes.Contains(text, []byte("\uFFFD")) || bytes.IndexByte(text, 0) >= 0 {
		return "", cut
	}
	return string(text), nil
}

// decodeZeroes reads a text with zero bytes: UTF-16 without a byte order mark, when nearly all
// of them are the high bytes of ASCII in one of the two orders.
func (d *decoder) decodeZeroes(data []byte) (string, error) {
	var ascii [2]int // pairs that are an ASCII character with the zero in front, and behind
	for i := 0; i+1 < len(data); i += 2 {
		switch {
		case data[i] == 0 && isText(data[i+1]):
			ascii[0]++
		case data[i+1] == 0 && isText(data[i]):
			ascii[1]++
		}
	}
	switch {
	case ascii[1] > 4*ascii[0]:
		d.say("UTF-16 小端编码（无 BOM，英文和数字的零字节在后）", "UTF-16 little-endian (without a byte order mark, the zero bytes of letters and digits behind)")
		return decodeUTF16(data, utf.LittleEndian)
	case ascii[0] > 4*ascii[1]:
		d.say("UTF-16 大端编码（无 BOM，英文和数字的零字节在前）", "UTF-16 big-endian (without a byte order mark, the zero bytes of letters and digits in front)")
		return decodeUTF16(data, utf.BigEndian)
	}
	return "", newProblem(Binary, "", "这是二进制文件，不是表格文本；请上传 .xlsx、CSV 或 JSON", "this is a binary file and no text; send .xlsx, CSV or JSON")
}

// isText reports whether an ASCII byte occurs in texts.
func isText(c byte) bool { return c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r' }

// decodeValidUTF8 reads a text that is UTF-8 throughout. One that has sequences of two bytes
// only may be GB18030 as well: Ԫ is the same bytes as 元.
func (d *decoder) decodeValidUTF8(data []byte, p byteProfile) (string, error) {
	asUTF8 := func(why, whyEN string) (string, error) {
		d.say("UTF-8 编码"+why, "UTF-8"+whyEN)
		return string(data), nil
	}
	if !p.onlyTwoBytes || p.invalidGB >= 0 || p.rare > 0 {
		return asUTF8("", "")
	}
	gb := decodeGB18030(data)
	asGB := func(zh, en string) (string, error) {
		d.say("GB18030 编码（"+zh+"）", "GB18030 ("+en+")")
		return gb, nil
	}
	if p.exotic {
		return asGB("按 UTF-8 读出来是西里尔、希伯来等字母，按 GB18030 是汉字", "as UTF-8 it would be Cyrillic, Hebrew or the like, as GB18030 it is Chinese")
	}
	switch charset := strings.ToLower(d.Declared); {
	case strings.HasPrefix(charset, "gb"):
		return asGB("两种编码都读得通，按 Content-Type 的 charset", "both encodings fit, and the Content-Type says so")
	case charset == "utf-8" || charset == "utf8":
		return asUTF8("（按 Content-Type 的 charset）", " (GB18030 fits too, and the Content-Type says UTF-8)")
	}
	cells, besideLetter := wideCells(string(data))
	known := true
	for _, cell := range wideCellsOf(gb) {
		known = known && d.Known(cell)
	}
	switch {
	case besideLetter:
		return asUTF8("", "")
	case known:
		return asGB("按 GB18030 读出来都是目录中的词", "read so, all are words of the catalogue")
	}
	gbCells := wideCellsOf(gb)
	return "", newProblem(Ambiguous, event.Excerpt(cells[0], maxSeen),
		fmt.Sprintf("文件可以按 GB18030 读成 %q，也可以按 UTF-8 读成 %q，无法确定；请另存为“CSV UTF-8”（带 BOM），或在 Content-Type 中写明 charset", event.Excerpt(gbCells[0], 60), event.Excerpt(cells[0], 60)),
		fmt.Sprintf("the file can be read as GB18030, with %q, and as UTF-8, with %q; save it as \"CSV UTF-8\" with a byte order mark, or name the charset in the Content-Type", event.Excerpt(gbCells[0], 60), event.Excerpt(cells[0], 60)))
}

// wideCells returns the cells with characters above ASCII, and whether each of these
// characters stands beside an ASCII letter, as in Huai·an.
func wideCells(text string) (cells []string, besideLetter bool) {
	cells, besideLetter = wideCellsOf(text), true
	isLetter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	for i := 0; i < len(text); i++ {
		if text[i] < utf8.RuneSelf {
			continue
		}
		end := i
		for end < len(text) && text[end] >= utf8.RuneSelf {
			end++
		}
		if !(i > 0 && isLetter(text[i-1])) && !(end < len(text) && isLetter(text[end])) {
			besideLetter = false
		}
		i = end
	}
	return cells, besideLetter
}

func wideCellsOf(text string) (cells []string) {
	for _, cell := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\t\n\r\"", r) }) {
		if cell = strings.TrimSpace(cell); strings.ContainsFunc(cell, func(r rune) bool { return r >= utf8.RuneSelf }) {
			cells = append(cells, cell)
		}
	}
	return cells
}
