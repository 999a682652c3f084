package nativeprotocol

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/connections"
	"github.com/citytally/citytally/sink/chdb/crowd"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// server is the state that the connections of one Serve share.
type server struct {
	engine *engine.Engine
	limits limits.Clients
	log    zerolog.Logger
	name   string // of the host, shown in clients' prompts

	logins  *crowd.Logins
	readers crowd.Readers // connections of users who only read

	mu        sync.Mutex
	conns     map[*connection]struct{}
	draining  bool
	encodings map[string]settingEncoding // nil until the first old client needs them
}

// Serve serves ClickHouse's native protocol on l, over TLS where secure is not nil, until ctx ends; then running
// queries get bounds.StopGrace to finish, the rest is killed, and every
// connection and session is closed before it returns nil. It closes l.
// It returns an error only when the listener breaks. The logger receives a
// client's own mistakes at Debug and failed work at Error.
func Serve(ctx context.Context, l net.Listener, secure *tls.Config, e *engine.Engine, bounds limits.Clients, logger zerolog.Logger) error {
	bounds = bounds.Defaults()
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	s := &server{engine: e, limits: bounds, log: logger, name: name, conns: make(map[*connection]struct{}), logins: crowd.NewLogins(logger), readers: crowd.NewReaders(bounds.MaxReaders)}
	queries, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()

	limited := connections.Encrypted(l, bounds.MaxConnections, secure)
	closeListener := sync.OnceValue(limited.Close)
	stop := context.AfterFunc(ctx, func() { _ = closeListener() })
	defer stop()

	var serving sync.WaitGroup
	err = s.accept(queries, limited, &serving)
	if ctx.Err() != nil {
		err = nil
	}
	_ = closeListener() // fails only when it was closed before
	s.drain()
	over := make(chan struct{})
	go func() { serving.Wait(); close(over) }()
	grace := time.NewTimer(bounds.StopGrace)
	defer grace.Stop()
	select {
	case <-over:
	case <-grace.C:
		kill()
		s.closeAll()
		<-over
	}
	return err
}

// accept serves each connection on a goroutine of its own until l is closed.
func (s *server) accept(ctx context.Context, l net.Listener, serving *sync.WaitGroup) error {
	for {
		socket, err := l.Accept()
		var temporary interface{ Temporary() bool }
		switch {
		case errors.As(err, &temporary) && temporary.Temporary() && !errors.Is(err, net.ErrClosed):
			// Such as too many open files, which other connections may close.
			s.log.Warn().Err(err).Msg("accept clickhouse client")
			time.Sleep(acceptRetryDelay)
			continue
		case err != nil:
			return fmt.Errorf("serve clickhouse native: %w", err)
		}
		c := newConnection(s, socket)
		if !s.add(c) {
			_ = socket.Close() // the server stops, and no Hello was answered yet
			continue
		}
		serving.Go(func() {
			defer s.remove(c)
			c.serve(ctx)
		})
	}
}

// acceptRetryDelay is the pause after a temporary error of Accept.
const acceptRetryDelay = 50 * time.Millisecond

func (s *server) add(c *connection) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.draining {
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *server) remove(c *connection) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// drain closes the connections that run no query; the others end after theirs.
func (s *server) drain() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draining = true
	for c := range s.conns {
		c.drain()
	}
}

func (s *server) closeAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.socket.Close() // the connection's own goroutine logs the consequence
	}
}

// settingEncoding returns how old clients encode the value of a setting.
func (s *server) settingEncoding(ctx context.Context, session *engine.Session, name string) (settingEncoding, error) {
	s.mu.Lock()
	encodings := s.encodings
	s.mu.Unlock()
	if encodings == nil {
		var err error
		if encodings, err = settingEncodings(ctx, session); err != nil {
			return 0, fmt.Errorf("list settings: %w", err)
		}
		s.mu.Lock()
		s.encodings = encodings
		s.mu.Unlock()
	}
	encoding, known := encodings[name]
	if !known {
		return 0, exception.Newf(proto.ErrUnknownSetting, "Unknown setting %s: a client this old cannot send it in a form that can be read", name)
	}
	return encoding, nil
}
