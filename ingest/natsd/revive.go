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
	reviveFrom = 100 * time.Millisecond
	reviveTo   = 5 * time.Second
)

// watch brings the server back whenever a write has failed. A stream of
// nats-server that could not write once, because the disk was full, takes
// nothing more until it is started again, however much room there is.
func (s *Server) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.unwritable:
		}
		s.revive(ctx)
	}
}

// revive stops the server and starts it again as soon as the disk takes as much
// as the largest message. Whatever was acknowledged is there then.
func (s *Server) revive(ctx context.Context) {
	began := time.Now()
	s.log.Error().Str("dir", s.cfg.Dir).Str("what_to_do", "free disk space; it goes on by itself").
		Msg("NATS server pauses: the disk does not take its writes; nothing acknowledged is lost")
	old := s.current()
	old.Shutdown()
	old.WaitForShutdown()
	var last string
	for pause := reviveFrom; ; pause = min(2*pause, reviveTo) {
		err := s.startAgain(ctx)
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

func (s *Server) startAgain(ctx context.Context) error {
	if err := probe(s.cfg.Dir, int(s.cfg.MaxPayload)); err != nil {
		return err
	}
	if err := mendMetadata(s.cfg.Dir, s.log); err != nil {
		return fmt.Errorf("mend %s: %w", s.cfg.Dir, err)
	}
	// What was said before is about the server that has ended.
	select {
	case <-s.unwritable:
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

// probe reports why a directory does not take a file of this size.
func probe(dir string, size int) (err error) {
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
