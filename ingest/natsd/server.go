package natsd

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/rs/zerolog"

	"github.com/citytally/citytally/configs/tlsfiles"
)

// acceptTimeout bounds the time from the end of recovery until the server accepts
// connections, which takes microseconds unless the port cannot be had.
const acceptTimeout = 10 * time.Second

// Server is a running NATS server.
type Server struct {
	lock *flock.Flock
	log  zerolog.Logger
	cfg  Config
	url  string
	tls  *tls.Config // nil speaks plain text; looks at the files itself

	mu          sync.Mutex
	nats        *server.Server // a new one after each restart
	paused      error          // why there is none for now; nil while there is one
	writeFailed chan struct{}  // holds an element when a write has failed
	files       fileWatch

	close      sync.Once
	stop       context.CancelFunc
	background sync.WaitGroup
	closeErr   error
}

// Start takes the data directory, recovers its streams and returns a server
// that accepts connections. The context bounds the start only; [Server.Close]
// ends the server. It applies [Config.Defaults] and [Config.Validate].
//
// When another process uses the directory, the error wraps [ErrInUse], and names the
// directory, the process and what to do.
func Start(ctx context.Context, cfg Config, logger zerolog.Logger) (*Server, error) {
	cfg = cfg.Defaults()
	if err := errors.Join(cfg.Validate(), cfg.checkOpen()); err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve natsd.dir: %w", err)
	}
	cfg.Dir = dir

	var secure *tls.Config
	if cfg.TLS.IsSet() && cfg.Port != NoPort {
		files, err := tlsfiles.Open(cfg.TLS, logger)
		if err != nil {
			return nil, fmt.Errorf("start NATS server: %w", err)
		}
		secure = files.Config()
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, fmt.Errorf("start NATS server: %w", err)
	}
	began := time.Now()
	if err := repairMetadata(dir, logger); err != nil {
		return nil, errors.Join(fmt.Errorf("repair metadata in %s: %w", dir, err), lock.Close())
	}
	if err := takeOverStreams(dir, cfg.Account); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s := &Server{lock: lock, log: logger, cfg: cfg, tls: secure, writeFailed: make(chan struct{}, 1)}
	if s.nats, err = s.launch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("start NATS server in %s: %w", dir, err), lock.Close())
	}
	if cfg.Port != NoPort {
		s.url = s.nats.ClientURL()
		s.cfg.Port = s.nats.Addr().(*net.TCPAddr).Port // a restart takes the same port
	}
	watching, stop := context.WithCancel(context.Background())
	s.stop = stop
	s.background.Go(func() { s.restartAfterWriteErrors(watching) })
	logger.Info().Str("url", s.ClientURL()).Str("dir", dir).Str("version", server.VERSION).
		Stringer("sync_interval", cfg.SyncInterval).Dur("took", time.Since(began)).Msg("NATS server ready")
	return s, nil
}

// launch starts the server and returns it when it accepts connections. After an error
// nothing runs.
func (s *Server) launch(ctx context.Context) (*server.Server, error) {
	opts, err := options(s.config(), s.tls)
	if err != nil {
		return nil, err
	}
	ns, err := server.NewServer(opts)
	if err != nil {
		return nil, err
	}
	events := &serverLogger{log: s.log, writeFailed: s.writeFailed}
	verbose := s.log.GetLevel() <= zerolog.TraceLevel
	ns.SetLogger(events, verbose, verbose)

	// Start returns when recovery is over, which takes long on a large log, and it takes no
	// context.
	started := make(chan struct{})
	go func() {
		defer close(started)
		ns.Start()
	}()
	select {
	case <-started:
		err = cmp.Or(context.Cause(ctx), startError(ns, events))
	case <-ctx.Done():
		err = context.Cause(ctx)
	}
	if err != nil {
		events.startAbandoned.Store(true)
		ns.Shutdown()
		<-started
		ns.WaitForShutdown()
		return nil, err
	}
	return ns, nil
}

// startError returns why the server does not serve, or nil. It asks for a fatal condition
// first, because the server goes on running after one.
func startError(ns *server.Server, events *serverLogger) error {
	if err := events.failure(); err != nil {
		return err
	}
	if !ns.ReadyForConnections(acceptTimeout) {
		return fmt.Errorf("not ready for connections after %s", acceptTimeout)
	}
	if !ns.JetStreamEnabled() {
		return errors.New("JetStream is not enabled")
	}
	return nil
}

// maxSubscriptions is how many subscriptions one connection may have.
const maxSubscriptions = 1000

// maxConnections is how many clients may be connected: half of the files that the program may open,
// for those of the log are among them. The server's own bound is more than most systems allow. Who
// says nothing is cut after two seconds.
func maxConnections() int {
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return mostConnections / 10
	}
	return int(min(files.Cur/2, mostConnections))
}

const mostConnections = 10_000

// unbounded is the bound of a store that the disk alone bounds. The server's own one would be three
// quarters of what is free when it starts: on a disk that is full then, nothing for ever.
const unbounded = 1 << 60

func options(cfg Config, secure *tls.Config) (*server.Options, error) {
	opts := &server.Options{
		ServerName:         "citytally",
		Host:               cfg.Host,
		Port:               cfg.Port,
		MaxPayload:         cfg.MaxPayload,
		MaxConn:            maxConnections(),
		MaxSubs:            maxSubscriptions,
		JetStream:          true,
		StoreDir:           cfg.Dir,
		JetStreamMaxStore:  cmp.Or(cfg.MaxStore, unbounded),
		JetStreamMaxMemory: cfg.MaxMemory,
		SyncAlways:         cfg.SyncInterval == SyncAlways,
		SyncInterval:       time.Duration(cfg.SyncInterval),
		NoSigs:             true,
		TLSConfig:          secure,
		TLSVerify:          cfg.TLS.ClientCAFile != "",
	}
	switch cfg.Port {
	case AnyPort:
		opts.Port = server.RANDOM_PORT
	case NoPort:
		opts.Port = server.RANDOM_PORT
		opts.DontListen = true
	}
	if cfg.Access == "" {
		return opts, nil
	}
	if err := opts.ProcessConfigString(cfg.Access); err != nil {
		return nil, fmt.Errorf("read accounts and users: %w", err)
	}
	return opts, nil
}

// SetAccess puts another [Config.Access] in force, which has the same accounts. It cuts the
// connections of users who are in it no more.
func (s *Server) SetAccess(access string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	cfg := s.cfg
	cfg.Access = access
	opts, err := options(cfg, s.tls)
	if err != nil {
		return err
	}
	if err := s.nats.ReloadOptions(opts); err != nil {
		return fmt.Errorf("change accounts and users: %w", err)
	}
	s.cfg = cfg
	return nil
}

func (s *Server) config() Config {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cfg
}

// ClientURL is where clients connect, nats://host:port or, over TLS, tls://host:port, without
// credentials.
// It is empty when the server does not listen.
func (s *Server) ClientURL() string { return s.url }

// InProcess connects without a socket. [Config.Access] holds for it too.
//
//	conn, err := nats.Connect("", s.InProcess())
func (s *Server) InProcess() nats.Option {
	return func(o *nats.Options) error {
		o.InProcessServer = inProcess{s}
		return nil
	}
}

// inProcess connects to the present server, also after a restart.
type inProcess struct{ server *Server }

func (p inProcess) InProcessConn() (net.Conn, error) { return p.server.current().InProcessConn() }

// Close ends all connections, writes out what is in memory, waits until the server has
// stopped and unlocks the directory. Clients have to be drained before. Later calls return
// the result of the first.
func (s *Server) Close() error {
	s.close.Do(func() {
		s.stop()
		s.background.Wait()
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
		if err := s.lock.Close(); err != nil {
			s.closeErr = fmt.Errorf("unlock NATS data directory: %w", err)
		}
		s.log.Info().Msg("NATS server stopped")
	})
	return s.closeErr
}
