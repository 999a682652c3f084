package chdb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/citytally/citytally/configs/tlsfiles"
	"github.com/citytally/citytally/sink/chdb/confine"
)

// supervise starts a child, sends the result of that on started, and restarts the
// child whenever it crashes, until running ends. Then it releases the ports and the data directory.
//
// It locks its OS thread, because on Linux the kernel kills the child when the
// thread that started it ends, and the Go runtime may end an idle thread at any
// time.
func (s *Server) supervise(ctx, running context.Context, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.done)

	p, err := s.launch(ctx)
	if _, crashed := errors.AsType[*crash](err); (crashed || isFullDisk(err)) && s.cfg.CrashIsAway && ctx.Err() == nil {
		s.cfg.Logger.Error().Err(err).Msg("ClickHouse engine does not start; it is tried again")
		s.setAway(err) // before Start returns, so that whoever asks then is told
		started <- nil
		p = s.relaunch(running, 0, err)
	} else {
		started <- err
	}
	s.follow(running, p)
	s.setAway(errors.New("it was stopped"))
	if err := errors.Join(s.sockets.close(), s.lock.Close()); err != nil {
		s.addCloseError(fmt.Errorf("give back ports and data directory: %w", err))
	}
}

// warnUnconfined says once for all children what does not keep them from the rest
// of the machine.
func (s *Server) warnUnconfined(state confine.State) {
	if state.Missing != "" && !s.warned {
		s.warned = true
		s.cfg.Logger.Warn().Str("reason", state.Missing).Stringer("confinement", state).
			Msg("the ClickHouse engine is not fully confined; who gets past its grants reaches what this user can reach")
	}
}

// follow waits for the end of a child, if there is one, and of its successors,
// until running ends.
func (s *Server) follow(running context.Context, p *process) {
	renewed, stop := s.followCertificate(running)
	defer stop()
	for p != nil {
		select {
		case m := <-renewed:
			if err := p.tell(m); err != nil {
				s.cfg.Logger.Debug().Err(err).Msg("ClickHouse engine ends before it has the new certificate")
			}
			continue
		case <-running.Done():
			if err := p.stop(s.cfg.StopTimeout); err != nil {
				s.addCloseError(err)
			}
			s.cfg.Logger.Info().Msg("ClickHouse engine stopped")
			return
		case <-p.exited:
		}
		uptime := time.Since(p.began)
		reason := p.withLastOutput(errors.New(exitText(p.end)))
		s.cfg.Logger.Error().Err(reason).Int("pid", p.ready.PID).Dur("uptime", uptime).Msg("ClickHouse engine ended by itself")
		p = s.relaunch(running, uptime, reason)
	}
}

// relaunch starts the next child, however often that takes. It returns nil when
// running has ended.
func (s *Server) relaunch(running context.Context, uptime time.Duration, reason error) *process {
	for {
		s.setAway(reason)
		select {
		case <-running.Done():
			return nil
		case <-time.After(s.pauses.after(uptime)):
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
		uptime, reason = 0, err
	}
}

// followCertificate sends what comes into force on the channel until stop.
func (s *Server) followCertificate(running context.Context) (renewed <-chan tlsfiles.Material, stop func()) {
	if s.secure == nil {
		return nil, func() {}
	}
	ctx, cancel := context.WithCancel(running)
	changes, ended := make(chan tlsfiles.Material), make(chan struct{})
	go func() {
		defer close(ended)
		s.secure.Follow(ctx, func(m tlsfiles.Material) {
			select {
			case changes <- m:
			case <-ctx.Done():
			}
		})
	}()
	return changes, func() { cancel(); <-ended }
}

func (s *Server) launch(ctx context.Context) (*process, error) {
	var secure *tlsfiles.Material
	if s.secure != nil {
		m := s.secure.Material()
		secure = &m
	}
	p, err := launch(ctx, s.cfg, secure, &s.failedLogins, s.sockets)
	if err != nil {
		return nil, err
	}
	s.setChild(p.ready)
	s.warnUnconfined(p.ready.Confined)
	s.cfg.Logger.Info().Str("native", s.NativeAddr()).Str("http", s.HTTPURL()).Str("dir", s.cfg.Dir).
		Str("version", p.ready.Version).Int("pid", p.ready.PID).Dur("took", time.Since(p.began)).
		Stringer("confinement", p.ready.Confined).Msg("ClickHouse engine ready")
	return p, nil
}

// setChild records the child that serves.
func (s *Server) setChild(ready childAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child, s.away = ready, nil
}

// setAway records that no child serves, and why: the end of the last one, and of
// what it printed the line that names the reason.
func (s *Server) setAway(reason error) {
	lines := strings.SplitN(reason.Error(), "\n", 3)
	text := "the ClickHouse engine has crashed and is started again: " + strings.Join(lines[:min(2, len(lines))], " ")
	if isFullDisk(reason) {
		text = "the ClickHouse engine has no room on the disk of its data and is started again; free disk space, it goes on by itself: " + lines[0]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.child, s.away = childAnswer{}, errors.New(text)
}

// isFullDisk reports whether a child does not serve because there was no room for what it had to
// write, by what it said and its last output: that passes.
func isFullDisk(err error) bool {
	if err == nil {
		return false
	}
	text := strings.ToLower(err.Error()) // the system's words, as Go and as C have them
	return strings.Contains(text, "no space left on device") || strings.Contains(text, "disk quota exceeded")
}

// addCloseError adds err to what [Server.Close] returns.
func (s *Server) addCloseError(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeErr = errors.Join(s.closeErr, err)
}
