package ingest

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"github.com/citytally/citytally/ingest/event"
)

// maxKey is how many bytes a sender's key may have.
const maxKey = 255

// setKey gives a submission the key of the header Idempotency-Key, with or without
// quotation marks, where it has none of its own. A submission that is meant again and has
// no key gets one, so that it is another submission than the first.
func setKey(s *event.Submission, header string) error {
	header = strings.Trim(strings.TrimSpace(header), `"`)
	s.Key = strings.TrimSpace(s.Key)
	switch {
	case s.Key == "":
		s.Key = header
	case header != "" && header != s.Key:
		return keyProblem(header, fmt.Sprintf("JSON 中的 key 是 %q，请求头 Idempotency-Key 是 %q；请改为一致", s.Key, header),
			fmt.Sprintf("key is %q in the JSON and %q in the header Idempotency-Key; make them agree", s.Key, header))
	}
	if len(s.Key) > maxKey || strings.ContainsFunc(s.Key, unicode.IsControl) {
		return keyProblem(event.Excerpt(s.Key, maxExcerpt), fmt.Sprintf("幂等键最多 %d 字节，且不能含控制字符", maxKey),
			fmt.Sprintf("a key has at most %d bytes and no control characters", maxKey))
	}
	if s.Again && s.Key == "" {
		s.Key = rand.Text()
	}
	return nil
}

func keyProblem(seen, zh, en string) error {
	p := newProblem(http.StatusBadRequest, codeMalformed, zh, en)
	p.Errors = []ProblemError{{Code: "IDEMPOTENCY_KEY", Field: "key", Seen: seen, Detail: en, DetailZH: zh}}
	return p
}

// flagOf reads a query parameter that is true, or false or absent.
func flagOf(query url.Values, name string) (bool, error) {
	switch value := query.Get(name); value {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, queryProblem(name, fmt.Sprintf("请求参数 %s 应为 true 或 false，收到的是 %q", name, value), fmt.Sprintf("query parameter %s: want true or false, got %q", name, value))
	}
}
