package chdb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/citytally/citytally/sink/chdb/confine"
)

// supervise starts a child, sends the result of that on started, and restarts the
// child whenever it crashes, until running ends or a restart is not possible.
// Then it releases the ports and the data directory.
//
// It locks its OS thread, because on Linux the kernel kills the child when the
// thread that started it ends, and the Go runtime may end an idle thread at any
// time.
func (s *Server) supervise(ctx, running context.Context, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.done)

	p, err := s.launch(ctx)
	started <- err
	if err == nil {
		s.warnUnconfined(p.ready.Confined)
		s.follow(running, p)
	}
	s.setChild(nil)
	if err := errors.Join(s.sockets.close(), s.lock.Close()); err != nil {
		s.addCloseError(fmt.Errorf("give back ports and data directory: %w", err))
	}
}

// warnUnconfined says once for all children what does not keep them from the rest
// of the machine.
func (s *Server) warnUnconfined(state confine.State) {
	if state.Missing != "" {
		s.cfg.Logger.Warn().Str("reason", state.Missing).Stringer("confinement", state).
			Msg("the ClickHouse engine is not fully confined; who gets past its grants reaches what this user can reach")
	}
}

// follow waits for the end of a child and of its successors, until running ends.
func (s *Server) follow(running context.Context, p *process) {
	policy := restartPolicy{limit: s.cfg.RestartLimit, window: s.cfg.RestartWindow}
	for p != nil {
		select {
		case <-running.Done():
			if err := p.stop(s.cfg.StopTimeout); err != nil {
				s.addCloseError(err)
			}
			s.cfg.Logger.Info().Msg("ClickHouse engine stopped")
			return
		case <-p.exited:
		}
		s.setChild(nil)
		reason := p.withLastOutput(errors.New(exitText(p.end)))
		s.cfg.Logger.Error().Err(reason).Int("pid", p.ready.PID).Dur("uptime", time.Since(p.began)).
			Msg("ClickHouse engine ended by itself")
		p = s.relaunch(running, &policy, reason)
	}
}

// relaunch starts the next child. It returns nil when running has ended or the
// limit of restarts is reached.
func (s *Server) relaunch(running context.Context, policy *restartPolicy, reason error) *process {
	for {
		delay, err := policy.grant(time.Now(), reason)
		if err != nil {
			s.mu.Lock()
			s.err = err
			s.mu.Unlock()
			s.cfg.Logger.Error().Err(err).Msg("ClickHouse engine given up")
			return nil
		}
		select {
		case <-running.Done():
			return nil
		case <-time.After(delay):
		}
		p, err := s.launch(running)
		if err == nil {
			s.mu.Lock()
			s.restarts++
			s.mu.Unlock()
			s.cfg.Logger.Warn().Int("pid", p.ready.PID).Msg("ClickHouse engine restarted")
			return p
		}
		if running.Err() != nil {
			return nil
		}
		s.cfg.Logger.Error().Err(err).Msg("ClickHouse engine does not restart")
		reason = err
	}
}

func (s *Server) launch(ctx context.Context) (*process, error) {
	p, err := launch(ctx, s.cfg, s.sockets)
	if err != nil {
		return nil, err
	}
	s.setChild(p)
	s.cfg.Logger.Info().Str("native", s.NativeAddr()).Str("http", s.HTTPURL()).Str("dir", s.cfg.Dir).
		Str("version", p.ready.Version).Int("pid", p.ready.PID).Dur("took", time.Since(p.began)).
		Stringer("confinement", p.ready.Confined).Msg("ClickHouse engine ready")
	return p, nil
}

// setChild records the child that serves; nil for none.
func (s *Server) setChild(p *process) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child = childAnswer{}
	if p != nil {
		s.child = p.ready
	}
}

// addCloseError adds err to what [Server.Close] returns.
func (s *Server) addCloseError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeErr = errors.Join(s.closeErr, err)
}
