package ingest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"

	"github.com/citytally/citytally/ingest/stream"
)

func gzipped(t *testing.T, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(text))
	check(t, errors.Join(err, w.Close()))
	return b.String()
}

func TestProblems(t *testing.T) {
	h := open(t, maxBody(4096))
	long := figure("320812", strings.Repeat("9", 5000))
	tests := map[string]struct {
		method, path, area string
		header             map[string]string
		body               string
		status             int
		code, en           string
	}{
		"no token":          {"POST", "/v1/submissions", "", asJSON, figure("320812", "1"), 401, "unauthorized", "Authorization: Bearer"},
		"unknown token":     {"POST", "/v1/submissions", "", map[string]string{"Authorization": "Bearer nonsense"}, "", 401, "unauthorized", "unknown"},
		"basic auth":        {"GET", "/v1/catalogue", "", map[string]string{"Authorization": "Basic eDp5"}, "", 401, "unauthorized", "missing"},
		"another's area":    {"POST", "/v1/submissions", "320804", asJSON, figure("320812", "1"), 403, "other-area", "of 320804 (淮阴区) and may not submit for 320812"},
		"nothing in it":     {"POST", "/v1/submissions", "320812", nil, "{}", 422, "unprocessable", "no dataset is given"},
		"old spreadsheet":   {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "text/csv"}, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 415, "unsupported-media-type", "Excel 97-2003"},
		"a PDF":             {"POST", "/v1/submissions", "320812", asJSON, "%PDF-1.7", 415, "unsupported-media-type", "PDF"},
		"two ways":          {"POST", "/v1/submissions", "320812", nil, "indicator,period,value,2021\n", 422, "unprocessable", "can be read with one figure or with many"},
		"bad period":        {"POST", "/v1/submissions?period=soon", "320812", nil, "indicator,value\ngdp,1\n", 422, "unprocessable", "not a period"},
		"other encoding":    {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "text/csv", "Content-Encoding": "br"}, "", 415, "unsupported-media-type", "gzip"},
		"broken gzip":       {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "text/csv", "Content-Encoding": "gzip"}, "plain", 400, "malformed", "compression broken"},
		"cut gzip":          {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzipped(t, figure("320812", "1"))[:60], 400, "malformed", "incomplete"},
		"broken JSON":       {"POST", "/v1/submissions", "320812", asJSON, `{"area":`, 400, "malformed", "cannot be read"},
		"unknown column":    {"POST", "/v1/submissions?dataset=sti-annual", "320812", map[string]string{"Content-Type": "text/csv"}, "indicator,period,value,statsu\n", 422, "unprocessable", `"statsu", is unknown; did you mean "status"?`},
		"empty body":        {"POST", "/v1/submissions", "320812", asJSON, "", 422, "unprocessable", "empty"},
		"too large":         {"POST", "/v1/submissions", "320812", asJSON, long, 413, "too-large", "at most 4096 bytes"},
		"too large inside":  {"POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzipped(t, long), 413, "too-large", "after decompression"},
		"unknown area":      {"POST", "/v1/submissions", "*", asJSON, figure("320813", "1"), 422, "unprocessable", `area "320813" is not in the catalogue; did you mean "320812"? Known: 320800 Huai'an`},
		"area by name":      {"POST", "/v1/submissions", "*", asJSON, figure("清江浦区", "1"), 422, "unprocessable", `did you mean "320812"?`},
		"no area":           {"POST", "/v1/submissions", "*", asJSON, figure("", "1"), 422, "unprocessable", "no area is given"},
		"unknown dataset":   {"POST", "/v1/submissions", "320812", asJSON, `{"dataset":"sti-anual","observations":[{}]}`, 422, "unprocessable", `did you mean "sti-annual"?`},
		"stage as dataset":  {"POST", "/v1/submissions", "320812", asJSON, `{"dataset":"年报","observations":[{}]}`, 422, "unprocessable", `did you mean "sti-annual"? Known: sti-annual. A stage (final) is no dataset`},
		"period as dataset": {"POST", "/v1/submissions", "320812", asJSON, `{"dataset":"2022年","observations":[{}]}`, 422, "unprocessable", "2022 is a period and no dataset"},
		"no observations":   {"POST", "/v1/submissions", "320812", asJSON, `{"dataset":"sti-annual"}`, 422, "unprocessable", "send at least one row"},
		"parameters differ": {"POST", "/v1/submissions?area=320804", "*", asJSON, figure("320812", "1"), 422, "unprocessable", "make them agree"},
		"unknown id":        {"GET", "/v1/submissions/" + strings.Repeat("0", 32), "320812", nil, "", 404, "not-found", "no submission has this id"},
		"no id at all":      {"GET", "/v1/submissions/1", "320812", nil, "", 404, "not-found", "no submission has this id"},
		"wrong method":      {"PUT", "/v1/submissions", "320812", nil, "", 405, "method-not-allowed", "POST, GET, HEAD, OPTIONS only"},
		"wrong path":        {"GET", "/v2", "", nil, "", 404, "not-found", "/v1/submissions"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			a := h.do(test.method, test.path, test.area, test.header, test.body)
			p := a.problem(t)
			if a.status != test.status || p.Status != test.status || p.Type != "urn:citytally:problem:"+test.code {
				t.Errorf("want %d %s, got %d %s", test.status, test.code, a.status, a.body)
			}
			if !strings.Contains(p.Detail, test.en) || p.DetailZH == "" || p.Title == "" || p.RequestID == "" {
				t.Errorf("want %q and all members, got %s", test.en, a.body)
			}
			if path, _, _ := strings.Cut(test.path, "?"); p.Instance != path {
				t.Errorf("want instance %s, got %s", path, p.Instance)
			}
			if a.status == 401 && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer realm=") {
				t.Errorf("want a challenge, got %v", a.header)
			}
			if a.status == 405 && a.header.Get("Allow") != "POST, GET, HEAD, OPTIONS" {
				t.Errorf("want Allow with every method, got %v", a.header)
			}
			if a.header.Get("X-Content-Type-Options") != "nosniff" || a.header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("want the security headers and no CORS, got %v", a.header)
			}
		})
	}
	if n := h.stored(stream.Submissions); n != 0 {
		t.Errorf("want nothing stored, got %d messages", n)
	}
	both := h.post("*", `{"area":"x","dataset":"y","observations":[]}`).problem(t)
	if len(both.Errors) != 3 || !strings.HasPrefix(both.Detail, "3 mistakes") {
		t.Errorf("want all mistakes at once, got %+v", both)
	}
}

// A problem states each mistake once in each language, with < and > as they are, because
// people read the answer in a terminal.
func TestProblemInWords(t *testing.T) {
	h := open(t)
	if a := h.do("GET", "/v1/submissions/x", "", nil, ""); !strings.Contains(string(a.body), "Bearer <your area's token>") {
		t.Errorf("want < and > as they are, got %s", a.body)
	}
	one := h.post("*", figure("320813", "1")).problem(t)
	for _, text := range []string{one.Error(), one.Chinese()} {
		if n := strings.Count(text, "320813"); n != 1 {
			t.Errorf("want the mistake once, got it %d times: %s", n, text)
		}
	}
	two := h.post("*", `{"area":"x","dataset":"y","observations":[]}`).problem(t)
	for _, mistake := range two.Errors {
		if !strings.Contains(two.Error(), mistake.Detail) || !strings.Contains(two.Chinese(), mistake.DetailZH) {
			t.Errorf("want %s in %s and %s", mistake.Detail, two.Error(), two.Chinese())
		}
	}
	if strings.Contains(two.Detail, "; Known") {
		t.Errorf("want a sentence, got %s", two.Detail)
	}
}

func TestGzip(t *testing.T) {
	h := open(t)
	a := h.do("POST", "/v1/submissions", "320812", map[string]string{"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzipped(t, figure("320812", "1")))
	if r := a.receipt(t); r.ID != h.post("320812", figure("320812", "1")).receipt(t).ID {
		t.Errorf("want the same submission packed and plain, got %+v", r)
	}
}
