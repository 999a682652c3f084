package app

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs"
	"github.com/citytally/citytally/configs/connections"
	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/configs/tlsfiles"
)

// operations serves metrics, health, readiness and, where the settings ask for
// them, profiles. It is opened first and closed last.
type operations struct {
	listener net.Listener
	scheme   string // http or https
	server   *http.Server
	ended    chan error
}

const (
	operationsTimeout = 10 * time.Second
	// longestAnswer is how long an answer may take to be written: a client that reads it slowly
	// keeps one of a few places of /metrics. A profile takes half a minute.
	longestAnswer = time.Minute
	// maxConnections is how many connections may be open; the oldest gives way.
	maxConnections = 256
)

// serveOperations listens on the address, or, where its port is taken, on any free
// port: a port is no reason to keep figures waiting.
func serveOperations(ctx context.Context, c configs.Operations, registry *prometheus.Registry, h *health, logger zerolog.Logger) (*operations, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", c.Address)
	if errors.Is(err, syscall.EADDRINUSE) {
		host, _, _ := net.SplitHostPort(c.Address)
		listener, err = lc.Listen(ctx, "tcp", net.JoinHostPort(host, "0"))
		if err == nil {
			logger.Warn().Str("taken", c.Address).Str("address", listener.Addr().String()).
				Msg("operations.address is taken by another program; metrics and health are on another port")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("listen for operations (operations.address): %w", err)
	}
	scheme := "http"
	var secure *tls.Config
	if c.TLS.IsSet() {
		files, err := tlsfiles.Open(c.TLS, logger)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen for operations (operations.tls): %w", err), listener.Close())
		}
		scheme, secure = "https", files.Config()
	}
	listener = connections.Encrypted(listener, maxConnections, secure)
	o := &operations{
		listener: listener, scheme: scheme, ended: make(chan error, 1),
		server: &http.Server{
			Handler: operationsRoutes(c, registry, h, logger), ReadHeaderTimeout: operationsTimeout, ReadTimeout: operationsTimeout, WriteTimeout: longestAnswer,
			MaxHeaderBytes: 16 << 10, ErrorLog: stdlog.New(logger, "", 0),
		},
	}
	go func() { o.ended <- o.server.Serve(listener) }()
	return o, nil
}

func (o *operations) url() string { return o.scheme + "://" + o.listener.Addr().String() }

// close ends all requests at once: a scrape that has no answer costs nothing.
func (o *operations) close() error {
	err := o.server.Close()
	if ended := <-o.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// operationsHandlers returns what answers each pattern of [http.ServeMux].
func operationsHandlers(c configs.Operations, registry *prometheus.Registry, h *health, logger zerolog.Logger) map[string]http.Handler {
	handlers := map[string]http.Handler{
		"GET /metrics": promhttp.HandlerFor(registry, promhttp.HandlerOpts{
			ErrorLog: stdlog.New(logger, "", 0), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4, Timeout: operationsTimeout,
		}),
		"GET /healthz": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			writeHealth(w, true, map[string]any{"alive": true, "pid": os.Getpid()})
		}),
		"GET /readyz": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answers, well := h.ask(r.Context())
			writeHealth(w, well, map[string]any{"ready": well, "parts": answers})
		}),
	}
	if c.PProf {
		handlers["GET /debug/pprof/"] = http.HandlerFunc(pprof.Index)
		handlers["GET /debug/pprof/cmdline"] = http.HandlerFunc(pprof.Cmdline)
		handlers["GET /debug/pprof/profile"] = http.HandlerFunc(pprof.Profile)
		handlers["GET /debug/pprof/symbol"] = http.HandlerFunc(pprof.Symbol)
		handlers["GET /debug/pprof/trace"] = http.HandlerFunc(pprof.Trace)
	}
	return handlers
}

func operationsRoutes(c configs.Operations, registry *prometheus.Registry, h *health, logger zerolog.Logger) http.Handler {
	mux := http.NewServeMux()
	for pattern, handler := range operationsHandlers(c, registry, h, logger) {
		mux.Handle(pattern, handler)
	}
	browsers := httpguard.New(c.Address, c.Hosts)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := browsers.Check(r); err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func writeHealth(w http.ResponseWriter, well bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if !well {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	// A client that has gone away does not need the answer.
	_ = json.NewEncoder(w).Encode(body)
}

// openOperations registers the metrics and begins to serve them and to trace, before
// anything else is opened.
func (p *Pipeline) openOperations(ctx context.Context) error {
	p.registry, p.health = prometheus.NewPedanticRegistry(), &health{}
	watchProcess(p.registry)
	p.instruments = newInstruments(p.registry, p.has)
	p.registry.MustRegister(p.health)
	if endpoint := p.settings.Tracing.Endpoint; endpoint != "" && p.tracer == nil {
		tracer, closing, err := openTracing(ctx, endpoint)
		if err != nil {
			return err
		}
		p.tracer = tracer
		p.closers = append(p.closers, closing)
	}
	if p.settings.Operations.Address == "" {
		return nil
	}
	c := p.settings.Operations
	c.Hosts = p.settings.HTTPHosts
	o, err := serveOperations(ctx, c, p.registry, p.health, p.child("operations"))
	if err != nil {
		return err
	}
	p.closers = append(p.closers, o.close)
	p.Instance.Operations = o.url()
	return nil
}
