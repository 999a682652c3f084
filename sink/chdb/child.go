package chdb

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/citytally/citytally/configs/httpguard"
	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/sink/chdb/confine"
	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/httpinterface"
	"github.com/citytally/citytally/sink/chdb/limits"
	"github.com/citytally/citytally/sink/chdb/nativeprotocol"
)

const (
	// predecessorTimeout is how long a child waits for the child before it to
	// release the data directory.
	predecessorTimeout = 20 * time.Second
	// childStopTimeout is how long a child may take to stop before it exits,
	// whatever it is doing: the parent that would kill it may be gone.
	childStopTimeout = time.Minute
)

// Child runs an engine and its two servers under the [Server] that started this
// process. It reads its configuration from stdin, answers on stdout, and serves
// until stdin ends, SIGTERM arrives or ctx ends; then it returns nil.
//
// It confines this process first, for which it runs the program again with the
// same arguments (package confine), and serves only when it has found that the
// wall holds. Nothing is left on stdout for the engine to write to.
//
// It reports its errors to the parent and on standard error itself, so the
// caller only turns one into an exit status. It uses inherited file descriptors
// and leaves a goroutine that reads stdin behind, so the process can do nothing
// else.
func Child(ctx context.Context, stdin, stdout *os.File) error {
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	answer := json.NewEncoder(stdout)

	cfg, confined, err := enter(stdin)
	if err != nil {
		return reportFailure(answer, err)
	}
	defer context.AfterFunc(ctx, func() {
		time.AfterFunc(childStopTimeout, func() { os.Exit(1) })
	})()
	level, err := zerolog.ParseLevel(cfg.LogLevel)
	if err != nil {
		return reportFailure(answer, fmt.Errorf("read log level: %w", err))
	}
	c := &child{cfg: cfg, confined: confined, stdout: stdout, answer: answer, logger: zerolog.New(os.Stderr).Level(level)}
	if cfg.TLS != nil {
		c.certificate = &tlsfiles.Held{}
		if err := c.certificate.Put(*cfg.TLS); err != nil {
			return reportFailure(answer, err)
		}
	}
	go func() {
		defer cancel()
		c.obey(stdin)
	}()
	if err := c.serve(ctx); err != nil {
		c.logger.Error().Err(err).Msg("ClickHouse engine failed")
		return err
	}
	return nil
}

// enter reads the parent's line of configuration and confines this process to what
// the engine needs.
func enter(stdin io.Reader) (childConfig, confine.State, error) {
	line, confined, err := confine.Enter(func() (confine.Plan, error) {
		line, err := readLine(stdin)
		if err != nil {
			return confine.Plan{}, fmt.Errorf("read configuration from standard input: %w; this command is for citytally itself to run", err)
		}
		cfg, err := parseConfig(line)
		if err != nil {
			return confine.Plan{}, err
		}
		return cfg.plan(line)
	})
	if err != nil {
		return childConfig{}, confine.State{}, fmt.Errorf("confine ClickHouse engine (chdb.confine): %w", err)
	}
	cfg, err := parseConfig(line)
	return cfg, confined, err
}

// plan prepares what a confined process cannot make, and says what it needs.
func (c childConfig) plan(line []byte) (confine.Plan, error) {
	e := c.engine(zerolog.Nop())
	if err := e.Prepare(); err != nil {
		return confine.Plan{}, err
	}
	lock, err := makeChildLock(c.Dir)
	if err != nil {
		return confine.Plan{}, err
	}
	files := e.Files()
	files.Write = append(files.Write, lock)
	return confine.Plan{Mode: c.Confine, Files: files, Message: line, Descriptors: c.descriptors()}, nil
}

// child is the engine's process.
type child struct {
	cfg      childConfig
	confined confine.State
	stdout   *os.File
	answer   *json.Encoder // on stdout
	logger   zerolog.Logger
	// certificate is what both protocols speak TLS with; nil is plain text.
	certificate *tlsfiles.Held
}

// obey takes the certificates that the parent sends until stdin ends, however it does: then the
// parent is gone or wants the child to stop.
func (c *child) obey(stdin io.Reader) {
	for lines := json.NewDecoder(stdin); ; {
		var m tlsfiles.Material
		if lines.Decode(&m) != nil {
			return
		}
		if c.certificate == nil {
			continue
		}
		if err := c.certificate.Put(m); err != nil {
			c.logger.Error().Err(err).Msg("the certificate in force stays")
		}
	}
}

func reportFailure(answer *json.Encoder, err error) error {
	return errors.Join(err, answer.Encode(childAnswer{PID: os.Getpid(), Error: err.Error()}))
}

// serve opens the engine and serves it until ctx ends.
func (c *child) serve(ctx context.Context) (err error) {
	httpListener, err := inherited(httpDescriptor, "HTTP")
	if err != nil {
		return reportFailure(c.answer, err)
	}
	defer httpListener.Close()
	nativeListener, err := inherited(nativeDescriptor, "native")
	if err != nil {
		return reportFailure(c.answer, err)
	}
	defer nativeListener.Close()
	var secure *tls.Config
	var localListener net.Listener
	if c.certificate != nil {
		secure = c.certificate.Config()
		if localListener, err = inherited(localDescriptor, "local"); err != nil {
			return reportFailure(c.answer, err)
		}
		defer localListener.Close()
	}
	e, release, err := c.openEngine(ctx)
	if err != nil {
		return reportFailure(c.answer, err)
	}
	defer func() { err = errors.Join(err, release()) }()
	if err := c.confined.Check(); err != nil {
		return reportFailure(c.answer, err)
	}

	serving, ctx := errgroup.WithContext(ctx)
	serving.Go(func() error {
		return unexpectedEnd(ctx, "native", nativeprotocol.Serve(ctx, nativeListener, secure, e, limits.Clients{}, c.logger))
	})
	serving.Go(func() error {
		return unexpectedEnd(ctx, "HTTP", httpinterface.Serve(ctx, httpListener, secure, e, c.guard(), limits.Clients{}, c.logger))
	})
	if localListener != nil {
		serving.Go(func() error {
			return unexpectedEnd(ctx, "local", nativeprotocol.Serve(ctx, localListener, nil, e, limits.Clients{}, c.logger))
		})
	}
	serving.Go(func() error { return c.announce(e.Version(), httpListener, nativeListener) })
	return serving.Wait()
}

// guard keeps web pages from the HTTP interface.
func (c *child) guard() *httpguard.Guard {
	return httpguard.New(net.JoinHostPort(c.cfg.Host, "0"), c.cfg.Hosts)
}

// unexpectedEnd returns an error when a server has ended although ctx has not.
func unexpectedEnd(ctx context.Context, name string, err error) error {
	if err == nil && ctx.Err() == nil {
		err = errors.New("ended unasked")
	}
	if err != nil {
		return fmt.Errorf("serve %s: %w", name, err)
	}
	return nil
}

// announce tells the parent that the engine serves, and then leads standard output
// to nowhere, so that nobody else's words reach the parent on it.
func (c *child) announce(version string, http, native net.Listener) error {
	err := c.answer.Encode(childAnswer{
		HTTP: http.Addr().String(), Native: native.Addr().String(), Version: version, PID: os.Getpid(), Confined: c.confined,
	})
	if err != nil {
		return fmt.Errorf("tell parent that the engine serves: %w", err)
	}
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("close standard output: %w", err)
	}
	return errors.Join(unix.Dup2(int(nowhere.Fd()), int(c.stdout.Fd())), nowhere.Close())
}

// openEngine opens the engine once its directory is free, and creates [Database].
func (c *child) openEngine(ctx context.Context) (*engine.Engine, func() error, error) {
	waiting, cancel := context.WithTimeout(ctx, predecessorTimeout)
	defer cancel()
	lock, err := lockEngine(waiting, c.cfg.Dir)
	if err != nil {
		return nil, nil, err
	}
	e, err := engine.Open(c.cfg.engine(c.logger))
	if err != nil {
		return nil, nil, errors.Join(err, lock.Close())
	}
	release := func() error { return errors.Join(e.Close(), lock.Close()) }
	if err := createDatabase(ctx, e); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return e, release, nil
}

func createDatabase(ctx context.Context, e *engine.Engine) error {
	session, err := e.Session(ctx, engine.User{}, "")
	if err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	err = session.Exec(ctx, "CREATE DATABASE IF NOT EXISTS "+Database)
	if err := errors.Join(err, session.Close()); err != nil {
		return fmt.Errorf("create database: %w", err)
	}
	return nil
}
