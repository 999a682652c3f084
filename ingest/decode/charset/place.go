package charset

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/ingest/event"
)

// place returns the row and column of a byte, counted from 1, and the cell around it.
func place(data []byte, at int) (row, column int, cell []byte) {
	row = 1 + bytes.Count(data[:at], []byte("\n"))
	begin := bytes.LastIndexByte(data[:at], '\n') + 1
	end := len(data)
	if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
		end = at + n
	}
	line := data[begin:end]
	delimiter := byte(',')
	for _, d := range []byte("\t;") {
		if bytes.Count(line, []byte{d}) > bytes.Count(line, []byte{delimiter}) {
			delimiter = d
		}
	}
	column = 1 + bytes.Count(data[begin:at], []byte{delimiter})
	from := begin + bytes.LastIndexByte(data[begin:at], delimiter) + 1
	to := end
	if n := bytes.IndexByte(data[at:end], delimiter); n >= 0 {
		to = at + n
	}
	return row, column, bytes.TrimSpace(data[from:to])
}

func excerptOf(data []byte, at int) string {
	_, _, cell := place(data, max(at, 0))
	return event.Excerpt(string(cell), maxSeen)
}

// badByte names the first byte that does not fit the encoding; "" is any.
func badByte(data []byte, at int, encoding string) error {
	row, column, cell := place(data, at)
	named := fmt.Sprintf("% X", data[at:min(at+4, len(data))])
	zh, en := "既不是 UTF-8，也不是 GB18030", "fit neither UTF-8 nor GB18030"
	if encoding != "" {
		zh, en = "不是 "+encoding, "are not "+encoding
	}
	seen := event.Excerpt(string(cell), maxSeen)
	return newProblem(Unknown, seen,
		fmt.Sprintf("第 %d 行第 %d 列 %q 处的字节 %s %s，整个文件未采用；请在 Excel 中另存为“CSV UTF-8”", row, column, seen, named, zh),
		fmt.Sprintf("row %d, column %d, %q: the bytes %s %s; nothing of the file is taken, save it in Excel as \"CSV UTF-8\"", row, column, seen, named, en))
}

// mixedEncodings is the problem of a text put together from two encodings.
func mixedEncodings(data []byte, p byteProfile) error {
	row, column, cell := place(data, p.firstGBRun)
	utf8Row, _, _ := place(data, p.firstUTF8Run)
	seen := event.Excerpt(string(cell), maxSeen)
	if gb := decodeGB18030(cell); !strings.ContainsRune(gb, utf8.RuneError) {
		seen = event.Excerpt(gb, maxSeen)
	}
	named := fmt.Sprintf("% X", data[p.firstGBRun:min(p.firstGBRun+4, len(data))])
	return newProblem(Unknown, seen,
		fmt.Sprintf("文件混用了两种编码：第 %d 行是 UTF-8，第 %d 行第 %d 列 %q（字节 %s）不是；整个文件未采用，请用一种编码重新保存", utf8Row, row, column, seen, named),
		fmt.Sprintf("the file mixes two encodings: row %d is UTF-8, and row %d, column %d, %q (bytes %s) is not; nothing of the file is taken, save it in one encoding", utf8Row, row, column, seen, named))
}
