package ingest

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/ingest/stream"
)

// Gateway takes submissions in over HTTP. Make one with New and keep Run going.
type Gateway struct {
	log       *stream.Log
	catalogue *catalogue.Catalogue
	tokens    *Tokens
	config    Config
	logger    zerolog.Logger
	ready     func(context.Context) error
	metrics   *Metrics
	tracer    *stream.Tracer

	group   *stream.Group
	index   *index
	handler http.Handler
	// slots bounds the uploads that are in memory.
	slots chan struct{}
	// draining is closed when the gateway stops: nobody waits for verdicts then.
	draining chan struct{}

	mu       sync.Mutex
	listener net.Listener
}

// Option changes a gateway under construction.
type Option func(*Gateway)

// WithReadiness makes /readyz ask ready as well, about what the gateway itself
// cannot see. A nil error is yes; it has two seconds.
func WithReadiness(ready func(context.Context) error) Option {
	return func(g *Gateway) { g.ready = ready }
}

// New returns a gateway that publishes to the log. It does not listen yet.
func New(log *stream.Log, cat *catalogue.Catalogue, tokens *Tokens, config Config, logger zerolog.Logger, options ...Option) (*Gateway, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	g := &Gateway{
		log: log, catalogue: cat, tokens: tokens, config: config, logger: logger,
		ready: func(context.Context) error { return nil }, metrics: NewMetrics(nil),
		group: stream.NewGroup(log), index: newIndex(),
		slots: make(chan struct{}, config.MaxInFlight), draining: make(chan struct{}),
	}
	for _, option := range options {
		option(g)
	}
	for _, code := range tokens.areas() {
		if _, ok := cat.Area(code); !ok && code != AnyArea {
			logger.Warn().Str("area", code).Msg("a token is for an area that the catalogue does not have")
		}
	}
	if most := log.MaxMessage(); most > 0 && config.MaxBody > most {
		logger.Warn().Int64("max_body", config.MaxBody).Int64("max_payload", most).
			Msg("ingest.max_body is above the broker's max_payload; larger uploads will be refused")
	}
	g.handler = g.routes()
	return g, nil
}

// Ready is closed when the gateway has caught up with the log and takes
// submissions.
func (g *Gateway) Ready() <-chan struct{} { return g.index.ready }

// Handler returns the routes, for a server of one's own. Requests are answered
// with 503 until Run has caught up with the log.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Listen takes the address. Run does so itself if need be.
func (g *Gateway) Listen(ctx context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener != nil {
		return nil
	}
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", g.config.Address)
	if err != nil {
		return fmt.Errorf("listen for submissions (ingest.address): %w", err)
	}
	g.listener = listener
	return nil
}

// Addr returns the host and port listened on, "" before Listen.
func (g *Gateway) Addr() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener == nil {
		return ""
	}
	return g.listener.Addr().String()
}

// Run serves until ctx ends; then it answers the requests under way, those that
// wait for verdicts at once, and returns nil. A gateway runs once.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.Listen(ctx); err != nil {
		return err
	}
	server := g.server()
	// What requests need outlives ctx until the last of them is answered.
	backstage, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	var group errgroup.Group
	group.Go(func() error { return g.group.Run(backstage) })
	group.Go(func() error { return g.index.follow(backstage, g.log) })

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(g.listener) }()
	g.logger.Info().Str("address", g.Addr()).Msg("gateway listens")

	var err error
	select {
	case <-ctx.Done():
		close(g.draining)
		err = g.shutdown(server)
		<-failed
	case err = <-failed:
		close(g.draining)
		err = fmt.Errorf("serve submissions: %w", err)
	}
	leave()
	return errors.Join(err, group.Wait())
}

func (g *Gateway) server() *http.Server {
	return &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: g.config.ReadHeaderTimeout,
		ReadTimeout:       g.config.ReadTimeout,
		// An answer may have to wait for the upload, the broker and the verdict.
		WriteTimeout:   g.config.ReadTimeout + g.config.MaxWait + 30*time.Second,
		IdleTimeout:    g.config.IdleTimeout,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       stdlog.New(g.logger, "", 0),
	}
}

// shutdown ends the server within the grace period; what is not answered by
// then is cut off, and safe to send again.
func (g *Gateway) shutdown(server *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), g.config.ShutdownGrace)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		g.logger.Warn().Err(err).Dur("grace", g.config.ShutdownGrace).Msg("requests were cut off")
		return server.Close()
	}
	g.logger.Info().Msg("gateway stopped")
	return nil
}
