package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"github.com/citytally/citytally/configs/attempts"
	"github.com/citytally/citytally/configs/bilingual"
	"github.com/citytally/citytally/configs/calendar"
	"github.com/citytally/citytally/configs/catalogue"
	"github.com/citytally/citytally/configs/connections"
	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/ingest/edition"
	"github.com/citytally/citytally/ingest/event"
	"github.com/citytally/citytally/ingest/page"
	"github.com/citytally/citytally/ingest/stream"
	"github.com/citytally/citytally/ingest/token"
)

// stage is what the readers of the gateway are called where they are told to be stuck.
const stage = "ingest"

// Gateway takes submissions in over HTTP. Make one with New and keep Run going.
type Gateway struct {
	log     *stream.Log
	inForce atomic.Pointer[catalogue.Catalogue]
	// calendar is that of the catalogue in force; with no loadCalendar nothing is told of what
	// is owed.
	calendar     atomic.Pointer[calendar.Calendar]
	loadCalendar CalendarLoader
	feed         Feed
	tokens       *token.Register
	attempts     *attempts.Counter
	config       Config
	logger       zerolog.Logger
	ready        func(context.Context) error
	metrics      *Metrics
	tracer       *stream.Tracer
	browsers     *httpguard.Guard
	readers      Readers

	group    *stream.Group
	index    *index
	caughtUp chan struct{} // closed when the index and the tokens are as the log is
	knownLog knownLog
	handler  http.Handler
	known    []string // method and path of every route
	// slots holds one element for each upload that is decoded and stored.
	slots   chan struct{}
	large   chan struct{} // likewise for each large upload, from its arrival on
	senders *senders
	// unjudged bounds what waits for its verdict of each area.
	unjudged *unjudged
	// draining is closed when the gateway stops. Requests that wait for verdicts are then
	// answered without them.
	draining chan struct{}

	mu       sync.Mutex
	listener net.Listener
}

// Option changes a gateway under construction.
type Option func(*Gateway)

// WithReadiness makes /readyz call ready too, about parts of the program that the gateway
// does not know. The gateway is ready when ready returns nil within two seconds.
func WithReadiness(ready func(context.Context) error) Option {
	return func(g *Gateway) { g.ready = ready }
}

// Catalogue returns the catalogue in force.
func (g *Gateway) Catalogue() *catalogue.Catalogue { return g.catalogue() }

func (g *Gateway) catalogue() *catalogue.Catalogue { return g.inForce.Load() }

// adopt makes a catalogue the one in force, with the calendar that goes with it.
func (g *Gateway) adopt(c *catalogue.Catalogue) error {
	g.inForce.Store(c)
	if g.loadCalendar == nil {
		return nil
	}
	owed, err := g.loadCalendar(c)
	if err != nil {
		return err
	}
	g.calendar.Store(owed)
	return nil
}

// changeOver adopts a catalogue that came into force while the gateway runs. Where the calendar
// does not go with it, what is owed is told by the last that did.
func (g *Gateway) changeOver(c *catalogue.Catalogue) {
	if c == g.catalogue() {
		return
	}
	if err := g.adopt(c); err != nil {
		g.logger.Error().Err(err).Msg("the calendar does not go with the catalogue now in force; correct it and start again")
	}
}

// New returns a gateway that publishes to the log, for those with a token of the file, which may
// be nil, or of the bucket in the broker. It does not listen yet.
func New(log *stream.Log, cat *catalogue.Catalogue, tokens *token.File, config Config, logger zerolog.Logger, options ...Option) (*Gateway, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	g := &Gateway{
		log: log, tokens: token.NewRegister(tokens, logger), attempts: attempts.New(), config: config, logger: logger,
		ready: func(context.Context) error { return nil }, metrics: NewMetrics(nil),
		group: stream.NewGroup(log), caughtUp: make(chan struct{}), unjudged: newUnjudged(config, func(sequence uint64, lost event.SubmissionID) { log.WriteOver(sequence, lost.String()) }),
		slots: make(chan struct{}, config.MaxInFlight), large: make(chan struct{}, largeUploads), senders: newSenders(config), draining: make(chan struct{}),
		browsers: httpguard.New(config.Address, config.Hosts),
	}
	g.index = newIndex(g.unjudged)
	for _, option := range options {
		option(g)
	}
	if err := g.adopt(cat); err != nil {
		return nil, err
	}
	pages, err := page.New(browsers{g}, g.catalogue, page.Config{MaxBody: min(config.MaxBody, usualBody), Stopping: g.draining}, logger, time.Now)
	if err != nil {
		return nil, err
	}
	g.handler = g.routes(pages)
	return g, nil
}

// Ready is closed when the gateway has caught up with the log, knows the tokens, and takes
// submissions.
func (g *Gateway) Ready() <-chan struct{} { return g.caughtUp }

// Serving returns nil when the gateway takes submissions, or what it waits for.
func (g *Gateway) Serving() error {
	switch {
	case !g.index.caughtUp():
		return bilingual.New("接收服务尚未跟上日志", "the gateway has yet to catch up with the log")
	case !g.tokens.Current():
		return bilingual.New("接收服务尚不掌握令牌的现状", "the gateway does not know the tokens as they are now")
	}
	if err := g.tokens.FileAway(); err != nil {
		return &bilingual.Error{Err: err, Text: bilingual.Text{
			ZH: "持令牌文件中令牌者一律得到 503：" + bilingual.Chinese(err), EN: "everybody whose token is in the tokens file gets 503: " + err.Error(),
		}}
	}
	return nil
}

// Listen begins to listen on the configured address. Run calls it unless it was called
// before.
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
	var secure *tls.Config
	if g.config.TLS.IsSet() {
		files, err := tlsfiles.Open(g.config.TLS, g.logger)
		if err != nil {
			return errors.Join(fmt.Errorf("listen for submissions (ingest.tls): %w", err), listener.Close())
		}
		secure = files.Config()
	}
	g.listener = connections.Encrypted(listener, maxConnections, secure)
	return nil
}

// URL returns the base URL of the gateway; "" before Listen.
func (g *Gateway) URL() string {
	switch address := g.Addr(); {
	case address == "":
		return ""
	case g.config.TLS.IsSet():
		return "https://" + address
	default:
		return "http://" + address
	}
}

// Addr returns the host and port that the gateway listens on; "" before Listen.
func (g *Gateway) Addr() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.listener == nil {
		return ""
	}
	return g.listener.Addr().String()
}

// Run serves until ctx ends. Then it answers the requests under way, at once where they
// wait for verdicts, and returns nil. A gateway runs once.
func (g *Gateway) Run(ctx context.Context) error {
	if err := g.Listen(ctx); err != nil {
		return err
	}
	server := g.server()
	// Publishing and the index go on after ctx has ended, until the last request is
	// answered.
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return g.Follow(background) })

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
	stop()
	return errors.Join(err, group.Wait())
}

// Follow keeps what the gateway knows current until ctx ends, and returns nil. Run does so; a
// gateway that serves nobody and to which files are delivered needs this alone.
func (g *Gateway) Follow(ctx context.Context) error {
	var group errgroup.Group
	group.Go(func() error { return g.group.Run(ctx) })
	group.Go(func() error { return g.index.follow(ctx, g.log) })
	group.Go(func() error { return edition.Follow(ctx, g.log, stage, g.changeOver, g.index.tellMoved, g.catalogue()) })
	tokensKnown := make(chan struct{})
	group.Go(func() error { return g.tokens.Follow(ctx, g.log, stage, func() { close(tokensKnown) }) })
	group.Go(func() error {
		for _, known := range []<-chan struct{}{g.index.ready, tokensKnown} {
			select {
			case <-known:
			case <-ctx.Done():
				return nil
			}
		}
		close(g.caughtUp)
		return nil
	})
	return group.Wait()
}

func (g *Gateway) server() *http.Server {
	return &http.Server{
		Handler:           g.handler,
		ReadHeaderTimeout: g.config.ReadHeaderTimeout,
		ReadTimeout:       g.config.ReadTimeout,
		// An answer waits for the upload, the broker and the verdict.
		WriteTimeout:   g.config.ReadTimeout + g.config.MaxWait + 30*time.Second,
		IdleTimeout:    g.config.IdleTimeout,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       stdlog.New(g.logger, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
		ConnState: func(c net.Conn, state http.ConnState) {
			if conn, is := connections.Of(c); is && state == http.StateIdle {
				conn.Know(false)
			}
		},
	}
}

const (
	// maxConnections is how many connections may be open. Without a bound whoever reaches the address
	// could take all the files that the program may open, those of the log among them.
	maxConnections = 1024
	// maxKnown is how many connections with requests of one token stay when others come to a full gateway.
	maxKnown = 64
)

// connectionKey finds the connection of a request in its context.
type connectionKey struct{}

// know keeps the connection of a request with a token in force from giving way to others until it
// is answered.
func know(r *http.Request, who *token.Holder) {
	c, _ := r.Context().Value(connectionKey{}).(net.Conn)
	if conn, is := connections.Of(c); is {
		conn.KnowAs(who.Area+"/"+who.Name, maxKnown)
	}
}

// shutdown ends the server within ShutdownGrace. Requests that are not answered by then
// are cut off; their clients can send them again.
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
