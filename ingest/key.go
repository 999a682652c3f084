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

// meantAgain reads the query parameter again: true, or absent.
func meantAgain(query url.Values) (bool, error) {
	switch again := query.Get("again"); again {
	case "true":
		return true, nil
	case "", "false":
		return false, nil
	default:
		return false, queryProblem("again", fmt.Sprintf("请求参数 again 应为 true 或 false，收到的是 %q", again), fmt.Sprintf("query parameter again: want true or false, got %q", again))
	}
}
