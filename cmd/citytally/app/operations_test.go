package app

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

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

func TestHealthBoundsItsQuestions(t *testing.T) {
	h := &health{}
	h.addReadiness("stuck", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })
	h.setComplete()
	answers, well := h.ask(t.Context())
	if well || len(answers) != 1 || !strings.Contains(answers[0].Why, "no answer within 2s") {
		t.Errorf("answers = %+v", answers)
	}
}
