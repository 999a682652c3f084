package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/cmd/citytally/docs/docstest"
	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/httpguard/httpguardtest"
)

func get(t testing.TB, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestOperationsPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := configs.Operations{Address: taken.Addr().String(), PProf: true}
	o, err := serveOperations(t.Context(), c, prometheus.NewRegistry(), &health{}, zerolog.New(os.Stderr).Level(zerolog.ErrorLevel))
	if err != nil {
		t.Fatalf("a taken port stops the program: %v", err)
	}
	defer func() {
		if err := o.close(); err != nil {
			t.Error(err)
		}
	}()
	if status, body := get(t, o.url()+"/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "starting") {
		t.Errorf("before anything is open: %d %s", status, body)
	}
	if status, _ := get(t, o.url()+"/debug/pprof/goroutine?debug=1"); status != http.StatusOK {
		t.Errorf("profiles asked for: %d", status)
	}
}

func TestOperationsKeepPagesOut(t *testing.T) {
	c := configs.Operations{Address: "127.0.0.1:0", PProf: true}
	server := httptest.NewServer(operationsRoutes(c, prometheus.NewRegistry(), &health{}, zerolog.Nop()))
	defer server.Close()
	var routes []httpguardtest.Route
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/debug/pprof/", "/debug/pprof/cmdline", "/elsewhere"} {
		routes = append(routes, httpguardtest.Route{Path: path})
	}
	httpguardtest.Run(t, server.URL, routes...)
}

// TestOperationsMatrix asks every address of the operations' server as everybody. The answers stand in
// the documentation.
func TestOperationsMatrix(t *testing.T) {
	logger := zerolog.Nop()
	all := slices.Sorted(maps.Keys(operationsHandlers(configs.Operations{PProf: true}, prometheus.NewRegistry(), &health{}, logger)))
	var table strings.Builder
	table.WriteString("| address | without profiles | with profiles | by POST | cross-site | another name |\n|---|---|---|---|---|---|\n")
	bases := map[bool]string{}
	for _, profiles := range []bool{false, true} {
		o, err := serveOperations(t.Context(), configs.Operations{Address: "127.0.0.1:0", PProf: profiles}, prometheus.NewRegistry(), &health{}, logger)
		if err != nil {
			t.Fatal(err)
		}
		defer o.close()
		bases[profiles] = o.url()
	}
	ask := func(method string, profiles bool, path, site, host string) int {
		request, err := http.NewRequestWithContext(t.Context(), method, bases[profiles]+path+"?seconds=1", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Close, request.Host = true, host
		if site != "" {
			request.Header.Set("Sec-Fetch-Site", site)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		return response.StatusCode
	}
	for _, pattern := range all {
		method, path, _ := strings.Cut(pattern, " ")
		foreign, rebound := ask(method, true, path, "cross-site", ""), ask(method, true, path, "same-origin", "evil.example")
		if foreign != http.StatusForbidden || rebound != http.StatusForbidden {
			t.Errorf("%s: pages of other sites are answered with %d and %d", pattern, foreign, rebound)
		}
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d |\n", pattern, ask(method, false, path, "", ""), ask(method, true, path, "", ""), ask(http.MethodPost, true, path, "", ""), foreign, rebound)
	}
	docstest.Section(t, "../docs/access.md", "operations", table.String(), *update)
}

func TestHealthBoundsItsQuestions(t *testing.T) {
	h := &health{}
	h.addReadiness("stuck", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
	h.setComplete()
	answers, well := h.ask(t.Context())
	if well || len(answers) != 1 || !strings.Contains(answers[0].Why, "no answer within 2s") {
		t.Errorf("answers = %+v", answers)
	}
}
