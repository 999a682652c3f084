package ingest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/citytally/citytally/ingest/event"
)

// Problem says why a request was refused, as application/problem+json (RFC 9457). It is
// the error that package client returns.
type Problem struct {
	// Type is urn:citytally:problem:<code>, which programs may rely on.
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	// Detail says what is wrong and what to do; DetailZH says the same in Chinese.
	Detail   string `json:"detail"`
	DetailZH string `json:"detail_zh"`
	// Instance is the path of the request.
	Instance string `json:"instance"`
	// RequestID finds the request in the gateway's log.
	RequestID string `json:"request_id,omitempty"`
	// Errors lists the mistakes one by one.
	Errors []ProblemError `json:"errors,omitempty"`
}

// ProblemError is one mistake.
type ProblemError struct {
	Code string `json:"code"`
	// Field is the part of the request that is wrong, Seen the text found in it.
	Field    string `json:"field"`
	Seen     string `json:"seen"`
	Detail   string `json:"detail"`
	DetailZH string `json:"detail_zh"`
}

// The codes at the end of a problem's type.
const (
	codeUnauthorized   = "unauthorized"
	codeForbidden      = "other-area"
	codeForeign        = "foreign-page"
	codeRole           = "other-role"
	codeNotFound       = "not-found"
	codeLost           = "lost"
	codeOtherLog       = "other-log"
	codeConflict       = "conflict"
	codeNotJudged      = "not-judged"
	codeMethod         = "method-not-allowed"
	codeTooMany        = "too-many-requests"
	codeTooLarge       = "too-large"
	codeMediaType      = "unsupported-media-type"
	codeMalformed      = "malformed"
	codeUnprocessable  = "unprocessable"
	codeUnavailable    = "unavailable"
	codeInternal       = "internal"
	problemTypePrefix  = "urn:citytally:problem:"
	problemContentType = "application/problem+json"
	maxListedErrors    = 20
	retryAfterStart    = "1"
	retryAfterBroker   = "2"
	retryAfterUnjudged = "5"
	retryAfterHeld     = "60"
)

func newProblem(status int, code, zh, en string) *Problem {
	return &Problem{Type: problemTypePrefix + code, Title: http.StatusText(status), Status: status, Detail: en, DetailZH: zh}
}

// ForeignProblem is an answer that the gateway has not written, such as that of a proxy.
func ForeignProblem(status int, body string) *Problem {
	return newProblem(status, codeInternal, "", event.Excerpt(body, maxExcerpt))
}

// Code returns the end of the type, such as other-area.
func (p *Problem) Code() string { return strings.TrimPrefix(p.Type, problemTypePrefix) }

// Error returns the English text and the mistakes; the status where there is no text.
func (p *Problem) Error() string {
	var b strings.Builder
	if b.WriteString(p.Detail); p.Detail == "" {
		fmt.Fprintf(&b, "%d %s", p.Status, p.Title)
	}
	for _, e := range p.Errors {
		if len(p.Errors) > 1 || e.Detail != p.Detail {
			fmt.Fprintf(&b, "\n  %s", e.Detail)
		}
	}
	return b.String()
}

// Chinese returns the same as Error for a reader of Chinese.
func (p *Problem) Chinese() string {
	text := p.DetailZH
	for _, e := range p.Errors {
		if len(p.Errors) > 1 || e.DetailZH != p.DetailZH {
			text += "\n  " + e.DetailZH
		}
	}
	return text
}

// write sends the problem as the answer.
func (p *Problem) write(w http.ResponseWriter, r *http.Request) {
	answer := *p
	answer.Instance = r.URL.Path
	answer.RequestID = w.Header().Get(requestIDHeader)
	body, err := encode(answer)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", problemContentType)
	w.WriteHeader(answer.Status)
	// The error of a client that has gone away is of no use.
	_, _ = w.Write(body)
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := encode(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
	return nil
}

// writeTaggedJSON answers a GET with JSON and its ETag, or with 304 where the client has it.
func writeTaggedJSON(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := encode(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return writeTagged(w, r, "application/json", body)
}

// writeTagged answers a GET with a text and its ETag, or with 304 where the client has it.
func writeTagged(w http.ResponseWriter, r *http.Request, contentType string, body []byte) error {
	sum := sha256.Sum256(body)
	tag := `"` + hex.EncodeToString(sum[:16]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", "private, no-cache")
	for known := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if known = strings.TrimPrefix(strings.TrimSpace(known), "W/"); known == tag || known == "*" {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(body)
	return nil
}

// encode returns one line of JSON. It leaves < and > as they are, for people who read the
// answer in a terminal.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
