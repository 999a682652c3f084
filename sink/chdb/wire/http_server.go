package wire

import (
	"context"
	"errors"
	"fmt"
	stdlog "log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/citytally/citytally/sink/chdb/engine"
)

const (
	// maxHeaderBytes bounds the request line and headers together: ClickHouse's http_max_uri_size, 1 MiB.
	maxHeaderBytes = 1 << 20
	// keepAlive is how long an idle connection is kept; clients are told so in the Keep-Alive header.
	keepAlive = 30 * time.Second
)

// httpServer is ClickHouse's HTTP interface over one engine.
type httpServer struct {
	engine   *engine.Engine
	cfg      Config
	name     string // the X-ClickHouse-Server-Display-Name of every answer
	sessions *httpSessions
	running  runningQueries
}

// ServeHTTP serves ClickHouse's HTTP interface on l until ctx ends; then running queries get cfg.Grace to finish, what
// is left is killed, and every connection and session is closed before it returns nil. It closes l.
// It returns an error only when the listener breaks.
func ServeHTTP(ctx context.Context, l net.Listener, e *engine.Engine, cfg Config) error {
	cfg = cfg.withDefaults()
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	s := &httpServer{engine: e, cfg: cfg, name: name, sessions: newHTTPSessions()}
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
		ReadHeaderTimeout: cfg.HandshakeTimeout,
		IdleTimeout:       keepAlive,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return queries },
		ErrorLog:          stdlog.New(cfg.Logger, "", 0),
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(newLimitedListener(l, cfg.MaxConnections)) }()
	select {
	case err = <-served:
		err = fmt.Errorf("serve clickhouse http: %w", err)
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Grace)
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

// routes are the paths ClickHouse answers, without its monitoring pages.
func (s *httpServer) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.serveRoot)
	mux.HandleFunc("/query", s.serveQuery)
	mux.HandleFunc("/ping", s.serveOK)
	mux.HandleFunc("/replicas_status", s.serveOK)
	mux.HandleFunc("GET /play", s.servePlay)
	mux.HandleFunc("/", s.serveNotFound)
	return http.HandlerFunc(func(plain http.ResponseWriter, r *http.Request) {
		w, err := newTimedResponse(plain, s.cfg.SendTimeout)
		if err != nil {
			s.cfg.Logger.Debug().Err(err).Msg("http client gone")
			return
		}
		r.Body = &timedBody{r.Body, w.control, s.cfg.SendTimeout}
		header := w.Header()
		setHeader(header, "X-ClickHouse-Server-Display-Name", s.name)
		header.Set("Keep-Alive", fmt.Sprintf("timeout=%d", int(keepAlive.Seconds())))
		if r.Method == http.MethodOptions {
			s.serveOptions(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// limitedListener holds further connections in the kernel's queue while limit of them are open.
type limitedListener struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func newLimitedListener(l net.Listener, limit int) *limitedListener {
	return &limitedListener{Listener: l, slots: make(chan struct{}, limit), closed: make(chan struct{})}
}

// Accept waits for a free slot, then for a connection.
func (l *limitedListener) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	conn, err := l.Listener.Accept()
	if err != nil {
		<-l.slots
		return nil, err
	}
	return &limitedConn{Conn: conn, release: sync.OnceFunc(func() { <-l.slots })}, nil
}

// Close stops Accept, also one that waits for a slot.
func (l *limitedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

// limitedConn gives its slot back when it is closed.
type limitedConn struct {
	net.Conn
	release func()
}

func (c *limitedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
