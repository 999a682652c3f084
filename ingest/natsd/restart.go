package natsd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats-server/v2/server"
)

const (
	restartRetryFrom = 100 * time.Millisecond
	restartRetryTo   = 5 * time.Second
)

// restartAfterWriteErrors restarts the server whenever a write has failed. After a failed
// write, as on a full disk, a stream of nats-server stores nothing more until the server is
// started again, however much space there is.
func (s *Server) restartAfterWriteErrors(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.writeFailed:
		}
		s.pause(fmt.Errorf("%s does not take its writes", s.cfg.Dir))
		s.restart(ctx)
		s.pause(nil)
	}
}

// restart stops the server, and starts it again as soon as the disk takes a file of the
// largest message's size. Every acknowledged message is there afterwards.
func (s *Server) restart(ctx context.Context) {
	began := time.Now()
	s.log.Error().Str("dir", s.cfg.Dir).Str("what_to_do", "free disk space; it goes on by itself").
		Msg("NATS server pauses: the disk does not take its writes; nothing acknowledged is lost")
	old := s.current()
	old.Shutdown()
	old.WaitForShutdown()
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = restartRetryFrom, restartRetryTo
	var logged string
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, s.tryStart(ctx) },
		backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, _ time.Duration) {
			s.pause(err)
			if err.Error() != logged {
				logged = err.Error()
				s.log.Warn().Err(err).Msg("NATS server cannot go on yet")
			}
		}))
	if err == nil {
		s.log.Info().Dur("away", time.Since(began)).Msg("NATS server goes on")
	}
}

func (s *Server) tryStart(ctx context.Context) error {
	if err := probeDisk(s.cfg.Dir, int(s.cfg.MaxPayload)); err != nil {
		return err
	}
	if err := repairMetadata(s.cfg.Dir, s.log); err != nil {
		return fmt.Errorf("repair metadata in %s: %w", s.cfg.Dir, err)
	}
	// A failed write from before belongs to the server that has ended.
	select {
	case <-s.writeFailed:
	default:
	}
	ns, err := s.launch(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.nats = ns
	s.mu.Unlock()
	if access := s.config().Access; access != "" {
		return s.SetAccess(access) // it may have changed while the server started
	}
	return nil
}

// probeDisk returns why a directory does not take a file of so many bytes, or nil.
func probeDisk(dir string, size int) (err error) {
	file, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	_, err = file.Write(make([]byte, size))
	return errors.Join(err, file.Sync())
}

func (s *Server) pause(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = why
}

// Paused returns why the server takes nothing now, because the disk does not take its writes, or
// nil.
func (s *Server) Paused() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.paused
}

func (s *Server) current() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nats
}
