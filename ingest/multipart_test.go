package ingest_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"testing"

	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/stream"
)

// A browser's form is read like the file alone; what it says and what the query says have to
// agree.
func TestForm(t *testing.T) {
	h := open(t)
	form := func(fields map[string]string, files ...string) (string, map[string]string) {
		var b bytes.Buffer
		w := multipart.NewWriter(&b)
		for name, value := range fields {
			check(t, w.WriteField(name, value))
		}
		for _, file := range files {
			part, err := w.CreateFormFile("file", "季报.csv")
			check(t, err)
			_, err = part.Write([]byte(file))
			check(t, err)
		}
		check(t, w.Close())
		return b.String(), map[string]string{"Content-Type": w.FormDataContentType()}
	}
	const file = "indicator,period,value\nhnte_valid,2021,120\n"
	body, header := form(map[string]string{"dataset": "sti-annual", "reason": "修订", "area": ""}, file)
	r := h.do("POST", "/v1/submissions", "320812", header, body).receipt(t)
	m, err := h.log.Get(t.Context(), stream.Submissions, 1)
	check(t, err)
	s, err := event.DecodeSubmission(m.Data)
	check(t, err)
	if r.Area != "320812" || r.File != "季报.csv" || r.Rows != 1 || s.Reason != "修订" || s.Observations[0].Value != "120" {
		t.Errorf("want the file and the fields, got %+v %s", r, m.Data)
	}
	for name, test := range map[string]struct {
		path   string
		fields map[string]string
		files  []string
	}{
		"no file":         {"", map[string]string{"dataset": "sti-annual"}, nil},
		"two files":       {"", nil, []string{file, file}},
		"a dry run":       {"", map[string]string{"dry_run": "true"}, []string{file}},
		"unknown field":   {"", map[string]string{"datset": "x"}, []string{file}},
		"two statements":  {"?dataset=sti-annual", map[string]string{"dataset": "other"}, []string{file}},
		"dry run in form": {"", map[string]string{"dry_run": "true"}, []string{file}},
	} {
		body, header := form(test.fields, test.files...)
		if a := h.do("POST", "/v1/submissions"+test.path, "320812", header, body); a.status != http.StatusBadRequest || a.problem(t).Errors[0].Code != "FORM_FIELD" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	body, header = form(nil, file)
	if a := h.do("POST", "/v1/submissions?dataset=sti-annual", "320812", header, body[:len(body)-30]); a.status != http.StatusBadRequest {
		t.Errorf("a form that is cut off: %d %s", a.status, a.body)
	}
	if n := h.stored(stream.Submissions); n != 1 {
		t.Errorf("%d submissions were stored", n)
	}
}
