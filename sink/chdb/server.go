package chdb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/gofrs/flock"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/sink/chdb/confine"
)

// Server is a ClickHouse engine in a child process, reachable over both of
// ClickHouse's protocols.
type Server struct {
	cfg     Config
	lock    *flock.Flock
	sockets *sockets
	secure  *tlsfiles.Source // nil speaks plain text

	failedLogins atomic.Int64

	stop context.CancelFunc // ends supervise
	done chan struct{}      // closed when supervise has ended

	// These belong to supervise.
	pauses restartPauses
	warned bool // that the child is not fully confined

	mu       sync.Mutex
	child    childAnswer // of the child that serves; zero while none does
	away     error       // why none serves
	restarts int         // children started after the first
	closeErr error       // what went wrong while it was stopped
}

// Start locks the data directory and returns a server that accepts connections.
// The context bounds only the start; [Server.Close] ends the server. Start
// applies [Config.Defaults] and [Config.Validate].
//
// When another process has locked the directory, Start returns [ErrInUse],
// wrapped with the directory, the process and what to do.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.Defaults()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	s, err := prepare(cfg)
	if err != nil {
		return nil, fmt.Errorf("start ClickHouse engine: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	started := make(chan error, 1)
	go s.supervise(ctx, running, started)
	if err := <-started; err != nil {
		stop()
		<-s.done
		return nil, fmt.Errorf("start ClickHouse engine in %s: %w", s.cfg.Dir, err)
	}
	return s, nil
}

// prepare locks the directory and opens the two sockets, which the server keeps
// until it is closed.
func prepare(cfg Config) (*Server, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve chdb.dir: %w", err)
	}
	cfg.Dir = dir
	if len(cfg.Command) == 0 {
		executable, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program to run it as the engine: %w", err)
		}
		cfg.Command = []string{executable, ChildCommand}
	}
	var secure *tlsfiles.Source
	if cfg.TLS.IsSet() {
		if secure, err = tlsfiles.Open(cfg.TLS, cfg.Logger); err != nil {
			return nil, err
		}
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	listening, err := listen(cfg)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Server{cfg: cfg, lock: lock, sockets: listening, secure: secure, done: make(chan struct{}), pauses: restartPauses{longest: cfg.RestartTo}}, nil
}

// HTTPAddr is the host and port of ClickHouse's HTTP interface.
func (s *Server) HTTPAddr() string { return s.sockets.httpAddr }

// NativeAddr is the host and port of ClickHouse's native protocol.
func (s *Server) NativeAddr() string { return s.sockets.nativeAddr }

// HTTPURL is the HTTP interface's address without credentials.
func (s *Server) HTTPURL() string {
	if s.secure != nil {
		return "https://" + s.HTTPAddr()
	}
	return "http://" + s.HTTPAddr()
}

// DSN returns the address for clickhouse-go on this machine: the native protocol without TLS, the
// database [Database], and the user with its password. A user that is not configured has
// no password. Compression is off, because both ends are on this machine and it
// costs more time than it saves.
func (s *Server) DSN(user string) string {
	dsn := url.URL{
		Scheme: "clickhouse", User: url.User(user), Host: cmp.Or(s.sockets.localAddr, s.NativeAddr()), Path: "/" + Database, RawQuery: "compress=none",
	}
	for _, known := range s.cfg.Users {
		if known.Name == user && known.Password != "" {
			dsn.User = url.UserPassword(user, known.Password)
		}
	}
	return dsn.String()
}

// Version is ClickHouse's version, such as 26.7.2.1; empty while a crashed
// engine is being restarted.
func (s *Server) Version() string { return s.currentChild().Version }

// PID is the process id of the child that serves, 0 while none does.
func (s *Server) PID() int { return s.currentChild().PID }

// Confined is what keeps the child that serves from the rest of the machine;
// nothing while none does.
func (s *Server) Confined() confine.State { return s.currentChild().Confined }

// Restarts is how many times a crashed engine has been started again.
func (s *Server) Restarts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}

// FailedLogins is how many logins have failed, over both protocols, as far as the log tells.
func (s *Server) FailedLogins() int64 { return s.failedLogins.Load() }

func (s *Server) currentChild() childAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.child
}

// Away is why no child serves, nil while one does.
func (s *Server) Away() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away
}

// Close gives running statements a few seconds to finish, ends the child, and
// releases the directory and the ports before it returns. An engine that does
// not end within [Config.StopTimeout] is killed, which is an error but loses
// nothing acknowledged. Later calls return the same error.
func (s *Server) Close() error {
	s.stop()
	<-s.done
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closeErr
}
