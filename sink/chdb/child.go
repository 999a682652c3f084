package chdb

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

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
// It reports its errors to the parent and on standard error itself, so the
// caller only turns one into an exit status. It uses inherited file descriptors
// and leaves a goroutine that reads stdin behind, so the process can do nothing
// else.
func Child(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer cancel()
	answer := json.NewEncoder(stdout)

	cfg, err := readConfig(stdin, cancel)
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
	logger := zerolog.New(os.Stderr).Level(level)
	if err := serve(ctx, cfg, logger, answer); err != nil {
		logger.Error().Err(err).Msg("ClickHouse engine failed")
		return err
	}
	return nil
}

// readConfig reads the parent's line of configuration. Afterwards it calls ended
// once stdin ends.
func readConfig(stdin io.Reader, ended func()) (childConfig, error) {
	var cfg childConfig
	in := bufio.NewReader(stdin)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return cfg, fmt.Errorf("read configuration from standard input: %w; this command is for citytally itself to run", err)
	}
	if err := json.Unmarshal(line, &cfg); err != nil {
		return cfg, fmt.Errorf("read configuration from standard input: %w; this command is for citytally itself to run", err)
	}
	go func() {
		defer ended()
		// However stdin ends, the parent is gone or wants the child to stop.
		_, _ = io.Copy(io.Discard, in)
	}()
	return cfg, nil
}

func reportFailure(answer *json.Encoder, err error) error {
	return errors.Join(err, answer.Encode(childAnswer{PID: os.Getpid(), Error: err.Error()}))
}

// serve opens the engine and serves it until ctx ends.
func serve(ctx context.Context, cfg childConfig, logger zerolog.Logger, answer *json.Encoder) (err error) {
	httpListener, err := inherited(httpDescriptor, "HTTP")
	if err != nil {
		return reportFailure(answer, err)
	}
	defer httpListener.Close()
	nativeListener, err := inherited(nativeDescriptor, "native")
	if err != nil {
		return reportFailure(answer, err)
	}
	defer nativeListener.Close()
	e, release, err := openEngine(ctx, cfg, logger)
	if err != nil {
		return reportFailure(answer, err)
	}
	defer func() { err = errors.Join(err, release()) }()

	serving, ctx := errgroup.WithContext(ctx)
	serving.Go(func() error {
		return unexpectedEnd(ctx, "native", nativeprotocol.Serve(ctx, nativeListener, e, limits.Clients{}, logger))
	})
	serving.Go(func() error {
		return unexpectedEnd(ctx, "HTTP", httpinterface.Serve(ctx, httpListener, e, limits.Clients{}, logger))
	})
	serving.Go(func() error { return reportReady(answer, e, httpListener, nativeListener) })
	return serving.Wait()
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

func reportReady(answer *json.Encoder, e *engine.Engine, http, native net.Listener) error {
	err := answer.Encode(childAnswer{
		HTTP: http.Addr().String(), Native: native.Addr().String(), Version: e.Version(), PID: os.Getpid(),
	})
	if err != nil {
		return fmt.Errorf("tell parent that the engine serves: %w", err)
	}
	return nil
}

// openEngine opens the engine once its directory is free, and creates [Database].
func openEngine(ctx context.Context, cfg childConfig, logger zerolog.Logger) (*engine.Engine, func() error, error) {
	waiting, cancel := context.WithTimeout(ctx, predecessorTimeout)
	defer cancel()
	lock, err := lockEngine(waiting, filepath.Dir(cfg.Dir))
	if err != nil {
		return nil, nil, err
	}
	e, err := engine.Open(engine.Config{
		Library: cfg.Library, Dir: cfg.Dir, Users: cfg.Users, Logger: logger, MaxMemory: cfg.MaxMemory,
	})
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
