package ingest

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A parameter that is not known, or is given twice, is named and nothing is done.
func TestQueryParametersAreStrict(t *testing.T) {
	done := false
	h := strictQuery(func(http.ResponseWriter, *http.Request) error { done = true; return nil }, "area", "dataset")
	for query, want := range map[string]string{
		"area=320812&dataset=sti-annual": "", "": "",
		"area=320812&dryRun=true": `unknown query parameter "dryRun"; the query parameters are area, dataset`,
		"Area=320812":             `unknown query parameter "Area"`,
		"area=1&area=2":           `query parameter "area" occurs 2 times`,
		"area=%zz":                "the query cannot be read",
		"area=a%1b[31m":           `query parameter "area" has the control character U+001B`,
		"area=a%0Ab":              `query parameter "area" has the control character U+000A`,
		"area=a%e2%80%aeb":        `query parameter "area" has the control character U+202E`,
		"area=1;dataset=2":        "the query cannot be read",
		"/%00":                    "the address has the control character U+0000",
		"/%e2%80%ae":              "the address has the control character U+202E",
	} {
		done = false
		address := "/v1/submissions?" + query
		if strings.HasPrefix(query, "/") {
			address = "/v1/submissions" + query
		}
		err := h(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, address, nil))
		var p *Problem
		switch {
		case want == "":
			if err != nil || !done {
				t.Errorf("%s: %v, done %v", query, err, done)
			}
		case !errors.As(err, &p) || p.Status != http.StatusBadRequest || !strings.Contains(p.Detail, want) || p.DetailZH == "" || done:
			t.Errorf("%s: %v (done %v), want %q", query, err, done, want)
		}
	}
}
