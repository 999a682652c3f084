package natsd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

const (
	restartRetryFrom = 100 * time.Millisecond
	restartRetryTo   = 5 * time.Second
)

// restartAfterWriteErrors brings the server back whenever a write has failed. A stream of
// nats-server that could not write once, because the disk was full, takes
// nothing more until it is started again, however much room there is.
func (s *Server) restartAfterWriteErrors(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.writeFailed:
		}
		s.restart(ctx)
	}
}

// restart stops the server and starts it again as soon as the disk takes as much
// as the largest message. Whatever was acknowledged is there then.
func (s *Server) restart(ctx context.Context) {
	began := time.Now()
	s.log.Error().Str("dir", s.cfg.Dir).Str("what_to_do", "free disk space; it goes on by itself").
		Msg("NATS server pauses: the disk does not take its writes; nothing acknowledged is lost")
	old := s.current()
	old.Shutdown()
	old.WaitForShutdown()
	var last string
	for pause := restartRetryFrom; ; pause = min(2*pause, restartRetryTo) {
		err := s.tryStart(ctx)
		if err == nil {
			s.log.Info().Dur("away", time.Since(began)).Msg("NATS server goes on")
			return
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != last {
			last = err.Error()
			s.log.Warn().Err(err).Msg("NATS server cannot go on yet")
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

func (s *Server) tryStart(ctx context.Context) error {
	if err := probeDisk(s.cfg.Dir, int(s.cfg.MaxPayload)); err != nil {
		return err
	}
	if err := repairMetadata(s.cfg.Dir, s.log); err != nil {
		return fmt.Errorf("mend %s: %w", s.cfg.Dir, err)
	}
	// What was said before is about the server that has ended.
	select {
	case <-s.writeFailed:
	default:
	}
	ns, err := s.launch(ctx)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nats = ns
	return nil
}

// probeDisk reports why a directory does not take a file of this size.
func probeDisk(dir string, size int) (err error) {
	file, err := os.CreateTemp(dir, "probe-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", dir, err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	_, err = file.Write(make([]byte, size))
	return errors.Join(err, file.Sync())
}

func (s *Server) current() *server.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.nats
}
