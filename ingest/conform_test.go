package ingest_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"go.uber.org/goleak"

	"github.com/citytally/citytally/ingest/openapi"
)

// TestMain also demands, where all tests run, that each operation of the OpenAPI document was
// asked for with success.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if filter := flag.Lookup("test.run").Value.String(); code == 0 && filter == "" {
			if missing := contract().unasked(); len(missing) > 0 {
				fmt.Fprintln(os.Stderr, "no test asks for", strings.Join(missing, ", "))
				code = 1
			}
		}
		os.Exit(code)
	}))
}

// apiContract is the OpenAPI document, and what of it was asked for.
type apiContract struct {
	document *openapi3.T
	router   routers.Router

	mu    sync.Mutex
	asked map[string]bool
}

var contract = sync.OnceValue(func() *apiContract {
	document, err := openapi.Load()
	if err != nil {
		panic(err)
	}
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		panic(err)
	}
	return &apiContract{document: document, router: router, asked: map[string]bool{}}
})

func (c *apiContract) unasked() (missing []string) {
	for _, path := range slices.Sorted(maps.Keys(c.document.Paths.Map())) {
		for _, operation := range c.document.Paths.Value(path).Operations() {
			if !c.asked[operation.OperationID] {
				missing = append(missing, operation.OperationID)
			}
		}
	}
	return missing
}

// conforms checks an answer of the gateway against the OpenAPI document.
func conforms(t testing.TB, request *http.Request, a answer) {
	t.Helper()
	if path := request.URL.Path; !strings.HasPrefix(path, "/v") && !strings.HasPrefix(path, "/openapi") && !strings.HasSuffix(path, "z") {
		return // of the page for districts
	}
	c := contract()
	asked := request.Clone(request.Context())
	if asked.Method == http.MethodHead {
		asked.Method = http.MethodGet
		if len(a.body) != 0 {
			t.Errorf("HEAD %s has a body", request.URL)
		}
	}
	route, parameters, err := c.router.FindRoute(asked)
	switch {
	case errors.Is(err, routers.ErrPathNotFound):
		if a.status != http.StatusNotFound && a.status != http.StatusForbidden {
			t.Errorf("%s %s is not documented, and the answer is %d", request.Method, request.URL, a.status)
		}
		return
	case errors.Is(err, routers.ErrMethodNotAllowed):
		if want := map[bool]int{true: http.StatusNoContent, false: http.StatusMethodNotAllowed}[request.Method == http.MethodOptions]; a.status != want && a.status != http.StatusForbidden || a.status != http.StatusForbidden && a.header.Get("Allow") == "" {
			t.Errorf("%s %s is not documented, and the answer is %d with Allow %q", request.Method, request.URL, a.status, a.header.Get("Allow"))
		}
		return
	case err != nil:
		t.Fatal(err)
	}
	input := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, PathParams: parameters, Route: route},
		Status:                 a.status, Header: a.header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if request.Method == http.MethodHead {
		input.Options.ExcludeResponseBody = true
	}
	input.SetBodyBytes(bytes.Clone(a.body))
	if err := openapi3filter.ValidateResponse(request.Context(), input); err != nil {
		t.Errorf("%s %s: the answer is not as /openapi.yaml says: %v", request.Method, request.URL, err)
	}
	if a.status < 300 {
		for name := range request.URL.Query() {
			if route.Operation.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("%s %s: the parameter %s is taken and not documented", request.Method, request.URL.Path, name)
			}
		}
		c.mu.Lock()
		c.asked[route.Operation.OperationID] = true
		c.mu.Unlock()
	}
}

// HEAD answers wherever GET does, OPTIONS everywhere; what an ETag names is not sent again.
func TestMethods(t *testing.T) {
	h := open(t)
	for _, path := range []string{"/v1/submissions", "/v1/catalogue", "/v1/areas", "/openapi.yaml", "/openapi"} {
		get, head := h.do("GET", path, "320812", nil, ""), h.do("HEAD", path, "320812", nil, "")
		tag := get.header.Get("ETag")
		if get.status != http.StatusOK || head.status != http.StatusOK || tag == "" || head.header.Get("ETag") != tag {
			t.Errorf("%s: GET %d %q, HEAD %d %q", path, get.status, tag, head.status, head.header.Get("ETag"))
		}
		if same := h.do("GET", path, "320812", map[string]string{"If-None-Match": `W/"x", ` + tag}, ""); same.status != http.StatusNotModified || len(same.body) > 0 {
			t.Errorf("%s with its ETag: %d %s", path, same.status, same.body)
		}
		if options := h.do("OPTIONS", path, "", nil, ""); options.status != http.StatusNoContent || !strings.Contains(options.header.Get("Allow"), "GET, HEAD") {
			t.Errorf("OPTIONS %s: %d %v", path, options.status, options.header)
		}
		if wrong := h.do("DELETE", path, "320812", nil, ""); wrong.status != http.StatusMethodNotAllowed || !strings.Contains(string(wrong.body), "method-not-allowed") {
			t.Errorf("DELETE %s: %d %s", path, wrong.status, wrong.body)
		}
	}
	if allow := h.do("OPTIONS", "/v1/submissions", "", nil, "").header.Get("Allow"); allow != "POST, GET, HEAD, OPTIONS" {
		t.Errorf("Allow: %s", allow)
	}
}

// The page shows every operation and schema, and loads nothing from anywhere.
func TestAPIPage(t *testing.T) {
	a := open(t).do("GET", "/openapi", "", nil, "")
	page := string(a.body)
	for _, item := range contract().document.Paths.Map() {
		for _, operation := range item.Operations() {
			if !strings.Contains(page, `id="`+operation.OperationID+`"`) {
				t.Errorf("the page lacks %s", operation.OperationID)
			}
		}
	}
	for name := range contract().document.Components.Schemas {
		if !strings.Contains(page, `id="schema-`+name+`"`) {
			t.Errorf("the page lacks the schema %s", name)
		}
	}
	for _, loads := range []string{"<script", "<link", "<img", "@import", "url(", "http://", "https://"} {
		if strings.Contains(page, loads) {
			t.Errorf("the page has %s", loads)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "style-src 'sha256-") {
		t.Errorf("policy %q", policy)
	}
}
