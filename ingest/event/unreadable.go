package event

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/citytally/citytally/configs/catalogue"
)

// Unreadable says what is wrong with JSON that an error came of, in terms of
// the document: encoding/json speaks of Go.
func Unreadable(err error) (zh, en string) {
	var told *catalogue.Problem
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &told):
		return told.ZH, told.EN
	case errors.As(err, &kind):
		wantZH, wantEN := jsonKind(kind.Type)
		whereZH, whereEN := "", ""
		if kind.Field != "" {
			field := strings.TrimPrefix(kind.Field, "Submission.") // encoding/json names embedded structs too
			whereZH, whereEN = "字段 "+field+" ", field+": "
		}
		got := strings.Fields(kind.Value + " ?")[0]
		return fmt.Sprintf("%s应为%s，收到的是 %s", whereZH, wantZH, got), fmt.Sprintf("%swant %s, got %s", whereEN, wantEN, got)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "内容在中途结束，可能未传完或缺少括号", "it ends in the middle; it was cut off, or brackets are not closed"
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if field, ok := strings.CutPrefix(text, "unknown field "); ok {
		return "未知字段 " + field, text
	}
	return text, text
}

// jsonKind names what a Go type is in JSON.
func jsonKind(t reflect.Type) (zh, en string) {
	switch t.Kind() {
	case reflect.String:
		return "带引号的文本", "text in quotation marks"
	case reflect.Slice:
		return "列表 […]", "a list […]"
	case reflect.Struct:
		return "对象 {…}", "an object {…}"
	}
	return "整数", "a whole number"
}

// Excerpt returns the beginning of a text, at most so many bytes of it, with … where
// something was cut off. It is valid UTF-8 whatever the text is.
func Excerpt(text string, bytes int) string {
	if len(text) <= bytes {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	for bytes > 0 && !utf8.RuneStart(text[bytes]) {
		bytes--
	}
	return strings.ToValidUTF8(text[:bytes], "\ufffd") + "…"
}
