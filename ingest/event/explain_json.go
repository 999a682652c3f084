package event

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/citytally/citytally/configs/catalogue"
)

// readStrictly reads JSON by one strict grammar: known keys in their exact case, each at
// most once, in valid UTF-8, and nothing after the end of the document. Its errors
// are for ExplainJSON.
func readStrictly(data []byte, into any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return &catalogue.Problem{ZH: "没有任何 JSON 内容", EN: "no JSON at all"}
	}
	return json.Unmarshal(data, into, json.RejectUnknownMembers(true))
}

// ExplainJSON says, in Chinese and English, what is wrong with the document that an error
// of readStrictly is about; the library's own texts speak of Go types.
func ExplainJSON(err error) (zh, en string) {
	var problem *catalogue.Problem
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &problem):
		return problem.ZH, problem.EN
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "内容在中途结束，可能未传完或缺少括号", "it ends in the middle; it was cut off, or brackets are not closed"
	case errors.As(err, &syntax):
		return explainSyntax(syntax)
	case errors.As(err, &meaning):
		return explainValue(meaning)
	}
	return err.Error(), err.Error()
}

func explainSyntax(err *jsontext.SyntacticError) (zh, en string) {
	if errors.Is(err, jsontext.ErrDuplicateName) {
		name := Excerpt(err.JSONPointer.LastToken(), maxField)
		return fmt.Sprintf("字段 %q 重复出现", name), fmt.Sprintf("field %q occurs twice", name)
	}
	where := field(err.JSONPointer)
	if where != "" {
		zh, en = "字段 "+where+"：", where+": "
	}
	text := strings.TrimPrefix(err.Err.Error(), "jsontext: ")
	if strings.Contains(text, "after top-level value") {
		return "JSON 结束之后还有内容", "more text after the end of the JSON"
	}
	return zh + "不是合法的 JSON（" + syntaxZH(text) + "）", en + "no valid JSON: " + text
}

var invalidCharacter = regexp.MustCompile(`^invalid character (.+?) (?:at|after|in|within|before|looking|as)\b`)

// syntaxZH says in Chinese what the library says in English.
func syntaxZH(text string) string {
	switch m := invalidCharacter.FindStringSubmatch(text); {
	case m != nil:
		return "此处不应出现 " + m[1]
	case strings.Contains(text, "max depth"):
		return "嵌套层次过深"
	case strings.Contains(text, "UTF-8"):
		return "含有不是 UTF-8 的字节"
	case strings.Contains(text, "escape"):
		return "反斜杠转义有误"
	}
	return "格式有误"
}

func explainValue(err *json.SemanticError) (zh, en string) {
	if errors.Is(err, json.ErrUnknownName) {
		name := Excerpt(err.JSONPointer.LastToken(), maxField)
		return fmt.Sprintf("未知字段 %q", name), fmt.Sprintf("unknown field %q", name)
	}
	if where := field(err.JSONPointer); where != "" {
		zh, en = "字段 "+where+" ", where+": "
	}
	wantZH, wantEN := jsonKind(err.GoType)
	got := kindName(err.JSONKind)
	if err.GoType != nil && err.GoType.Kind() == reflect.Int && len(err.JSONValue) > 0 {
		got = Excerpt(string(err.JSONValue), 40)
	}
	return fmt.Sprintf("%s应为%s，收到的是 %s", zh, wantZH, cmp.Or(kindNamesZH[got], got)), fmt.Sprintf("%swant %s, got %s", en, wantEN, got)
}

// maxField is how many bytes of a field's name a message repeats.
const maxField = 100

// field writes a JSON pointer (RFC 6901) with dots: observations.3.value.
func field(pointer jsontext.Pointer) string {
	return Excerpt(strings.ReplaceAll(strings.TrimPrefix(string(pointer), "/"), "/", "."), maxField)
}

// Offset returns the byte offset, in the document, at or after which the mistake lies that
// an error of readStrictly is about. It reports false for other errors.
func Offset(err error) (offset int64, ok bool) {
	var syntax *jsontext.SyntacticError
	var meaning *json.SemanticError
	switch {
	case errors.As(err, &syntax):
		return syntax.ByteOffset, true
	case errors.As(err, &meaning):
		return meaning.ByteOffset, true
	}
	return 0, false
}

// kindName names a kind of JSON value.
func kindName(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case '0':
		return "number"
	case 't', 'f':
		return "boolean"
	}
	return kind.String()
}

// kindNamesZH are the names of kindName in Chinese.
var kindNamesZH = map[string]string{"object": "对象", "array": "列表", "string": "文本", "number": "数字", "boolean": "逻辑值"}

// jsonKind names the JSON that a Go type is read from.
func jsonKind(t reflect.Type) (zh, en string) {
	if t == nil {
		return "其他内容", "something else"
	}
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
