package httpinterface

import (
	_ "embed"
	"io"
	"net/http"
)

// playPage is the page at /play: a form that posts one query and shows the answer. It loads nothing from elsewhere.
//
//go:embed play.html
var playPage []byte

// notFoundText is what ClickHouse prints after the name of an unknown path.
const notFoundText = `

Use / or /ping for health checks.
Or /replicas_status for more sophisticated health checks.

Send queries from your program with POST method or GET /?query=...

Use clickhouse-client:

For interactive data analysis:
    clickhouse-client

For batch query processing:
    clickhouse-client --query='SELECT 1' > result
    clickhouse-client < query > result
`

// serveRoot answers health checks, and passes requests with a query to serveQuery.
func (s *server) serveRoot(w http.ResponseWriter, r *http.Request) {
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && r.URL.RawQuery == "" {
		w.Header().Set("Content-Type", "text/html; charset=UTF-8")
		_, _ = io.WriteString(w, "Ok.\n")
		return
	}
	s.serveQuery(w, r)
}

// serveOK answers /ping and /replicas_status. The embedded engine has no replicas, so none lags.
func (s *server) serveOK(w http.ResponseWriter, r *http.Request) {
	contentType := "text/html; charset=UTF-8"
	if r.URL.Path == "/replicas_status" {
		contentType = "text/plain; charset=UTF-8"
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = io.WriteString(w, "Ok.\n")
}

// servePlay answers with the page on which a person tries a query.
func (s *server) servePlay(w http.ResponseWriter, _ *http.Request) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=UTF-8")
	header.Set("Content-Security-Policy",
		"default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(playPage)
}

// serveOptions answers a browser's preflight request and grants nothing: pages of another origin may not use this server.
func (s *server) serveOptions(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) serveNotFound(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, "There is no handle "+r.URL.Path+notFoundText)
}
