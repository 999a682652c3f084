package decode

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/citytally/citytally/ingest/event"
)

// JSON reads one submission as JSON, in the form in which it may also be published to the
// broker directly. An observation that cannot be read becomes a malformed one. Where the
// document leaves out the area, dataset, file or reason, the default is taken. An area or a
// dataset that both the document and the defaults name has to be the same.
func JSON(r io.Reader, defaults Defaults) (event.Submission, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return event.Submission{}, readError(err)
	}
	text = bytes.TrimPrefix(text, []byte("\xEF\xBB\xBF"))
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return event.Submission{}, newProblem(Empty, "", "提交内容为空，请发送 JSON 文档", "the upload is empty; send a JSON document")
	case !utf8.Valid(text):
		return event.Submission{}, newProblem(NotUTF8, event.Excerpt(string(text), 40), "JSON 不是 UTF-8 编码，请另存为 UTF-8", "the JSON is not UTF-8; save it as UTF-8")
	case countElements(text) > MaxRows:
		return event.Submission{}, tooManyRows()
	}
	s, err := event.DecodeSubmission(text)
	if err != nil {
		return event.Submission{}, badJSON(text, err)
	}
	for _, field := range []struct {
		name        string
		given       *string
		defaultText string
	}{{"area", &s.Area, defaults.Area}, {"dataset", &s.Dataset, defaults.Dataset}} {
		switch {
		case *field.given == "":
			*field.given = field.defaultText
		case field.defaultText != "" && field.defaultText != *field.given:
			return event.Submission{}, newProblem(DefaultsDiffer, *field.given,
				fmt.Sprintf("JSON 中的 %s 是 %q，请求参数中是 %q，请改为一致", field.name, *field.given, field.defaultText),
				fmt.Sprintf("%s is %q in the JSON and %q in the request's parameters; make them agree", field.name, *field.given, field.defaultText))
		}
	}
	if s.File == "" {
		s.File = defaults.File
	}
	if s.Reason == "" {
		s.Reason = defaults.Reason
	}
	return s, nil
}

func badJSON(text []byte, err error) error {
	where := ""
	if offset, ok := event.Offset(err); ok {
		where = position(text, offset+1)
	}
	zh, en := event.ExplainJSON(err)
	return newProblem(BadJSON, event.Excerpt(string(text), 40),
		fmt.Sprintf("无法读取 JSON%s：%s。格式应为 {\"area\":…,\"dataset\":…,\"observations\":[…]}", where, zh),
		fmt.Sprintf("the JSON cannot be read%s: %s; want {\"area\":…,\"dataset\":…,\"observations\":[…]}", where, en))
}

// position returns the line and column of an offset, counted from 1 as editors do.
func position(text []byte, offset int64) string {
	before := text[:min(max(offset, 0), int64(len(text)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Sprintf(" (%d:%d)", line, column)
}

// countElements returns an upper bound of the number of elements that the lists in the
// outermost object have, without decoding them. It bounds memory: an observation takes two
// hundred bytes when decoded, but only a few as JSON.
func countElements(text []byte) int {
	elements, depth, quoted := 1, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		case c == ',' && depth == 2:
			elements++
		}
	}
	return elements
}
