package httpinterface

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/connections"
	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/sink/chdb/crowd"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/limits"
)

const (
	// maxHeaderBytes bounds the request line and headers together: ClickHouse's http_max_uri_size, 1 MiB.
	maxHeaderBytes = 1 << 20
	// keepAlive is how long an idle connection stays open, which the header Keep-Alive tells the client.
	keepAlive = 30 * time.Second
)

// server is ClickHouse's HTTP interface over one engine.
type server struct {
	engine   *engine.Engine
	browsers *httpguard.Guard
	limits   limits.Clients
	log      zerolog.Logger
	name     string // the X-ClickHouse-Server-Display-Name of every answer
	sessions *keptSessions
	running  runningQueries
	logins   *crowd.Logins
	spill    *spill
	readers  crowd.Readers // requests of users who only read
}

// connKey finds the connection of a request in its context.
type connKey struct{}

// knowClient keeps the connection of a request whose user is known from giving way to others until forget, and refuses a user
// who only reads when there are too many of them.
func (s *server) knowClient(r *http.Request, user engine.User) (forget func(), err error) {
	leave := func() {}
	if user.ReadOnly {
		if leave, err = s.readers.Enter(); err != nil {
			return nil, err
		}
	}
	conn, is := r.Context().Value(connKey{}).(*connections.Conn)
	if !is {
		return leave, nil
	}
	conn.Know(true)
	return func() { conn.Know(false); leave() }, nil
}

func knowConn(ctx context.Context, c net.Conn) context.Context {
	if conn, is := connections.Of(c); is {
		return context.WithValue(ctx, connKey{}, conn)
	}
	return ctx
}

// Serve serves ClickHouse's HTTP interface on l, over TLS where secure is not nil, until ctx ends; then running queries get bounds.StopGrace to finish, the
// rest is killed, and every connection and session is closed before it returns nil. It closes l.
// It returns an error only when the listener breaks. The logger receives a client's own mistakes at Debug and failed work
// at Warn or Error. What browsers refuses is answered with ACCESS_DENIED, before its credentials are looked at.
func Serve(
	ctx context.Context, l net.Listener, secure *tls.Config, e *engine.Engine, browsers *httpguard.Guard, bounds limits.Clients, logger zerolog.Logger,
) error {
	bounds = bounds.Defaults()
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	s := &server{engine: e, browsers: browsers, limits: bounds, log: logger, name: name, sessions: newKeptSessions(), logins: crowd.NewLogins(logger), spill: newSpill(e.Dir(), bounds.SpillBytes), readers: crowd.NewReaders(bounds.MaxReaders)}
	defer s.sessions.close()

	queries, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	var handlers sync.WaitGroup
	routes := s.routes()
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			handlers.Add(1)
			defer handlers.Done()
			routes.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: bounds.HandshakeTimeout,
		IdleTimeout:       keepAlive,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       func(ctx context.Context, c net.Conn) context.Context { return knowConn(ctx, c) },
		BaseContext:       func(net.Listener) context.Context { return queries },
		ErrorLog:          stdlog.New(logger, "", 0),
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(connections.Encrypted(l, bounds.MaxConnections, secure)) }()
	select {
	case err = <-served:
		err = fmt.Errorf("serve clickhouse http: %w", err)
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), bounds.StopGrace)
		err = server.Shutdown(grace)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			err = nil
		}
		<-served
	}
	kill()
	err = errors.Join(err, server.Close())
	handlers.Wait()
	return err
}

// routes are ClickHouse's paths, without its monitoring pages.
func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.serveRoot)
	mux.HandleFunc("/query", s.serveQuery)
	mux.HandleFunc("/ping", s.serveOK)
	mux.HandleFunc("/replicas_status", s.serveOK)
	mux.HandleFunc("GET /play", s.servePlay)
	mux.HandleFunc("/", s.serveNotFound)
	return http.HandlerFunc(func(plain http.ResponseWriter, r *http.Request) {
		w, err := newDeadlineResponse(plain, s.limits.SendTimeout)
		if err != nil {
			s.log.Debug().Err(err).Msg("http client gone")
			return
		}
		r.Body = &deadlineBody{r.Body, w.control, s.limits.SendTimeout}
		header := w.Header()
		setHeader(header, "X-ClickHouse-Server-Display-Name", s.name)
		header.Set("Keep-Alive", fmt.Sprintf("timeout=%d", int(keepAlive.Seconds())))
		if err := s.browsers.Check(r); err != nil {
			s.refuse(w, r, err)
			return
		}
		if r.Method == http.MethodOptions {
			s.serveOptions(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}
