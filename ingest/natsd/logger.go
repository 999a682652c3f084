package natsd

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/rs/zerolog"
)

// serverLogger hands what nats-server says to zerolog. The server's notices
// tell of its own start step by step; they are this program's Debug, as its
// Info is one line a stage.
type serverLogger struct {
	log         zerolog.Logger
	writeFailed chan<- struct{} // is told, once, when a write has failed

	// startAbandoned is set once nobody waits for the server to start any more; what
	// then still fails is no error.
	startAbandoned atomic.Bool

	mu    sync.Mutex
	fatal error
}

var _ server.Logger = (*serverLogger)(nil)

func (l *serverLogger) Noticef(format string, args ...any) {
	l.log.Debug().Msgf(format, args...)
}

// plaintextWarning is a warning to whoever writes a server's configuration file. Here
// the password comes from the settings, which take no other.
const plaintextWarning = "Plaintext passwords detected"

func (l *serverLogger) Warnf(format string, args ...any) {
	level := zerolog.WarnLevel
	if strings.HasPrefix(format, plaintextWarning) {
		level = zerolog.DebugLevel
	}
	l.log.WithLevel(level).Msgf(format, args...)
}

// criticalWriteError is in what the server says when a stream, or a consumer, could not
// write; it has no other way to tell.
const criticalWriteError = "ritical write error"

func (l *serverLogger) Errorf(format string, args ...any) {
	level := zerolog.ErrorLevel
	if l.startAbandoned.Load() {
		level = zerolog.DebugLevel
	}
	l.log.WithLevel(level).Msgf(format, args...)
	if strings.Contains(format, criticalWriteError) {
		select {
		case l.writeFailed <- struct{}{}:
		default:
		}
	}
}

func (l *serverLogger) Debugf(format string, args ...any) {
	l.log.Trace().Msgf(format, args...)
}

func (l *serverLogger) Tracef(format string, args ...any) {
	l.log.Trace().Msgf(format, args...)
}

// Fatalf keeps the reason for Start to return instead of ending the process,
// which is not the server's to end.
func (l *serverLogger) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = errors.New(reason)
	}
}

// failure returns the first fatal condition the server met, or nil.
func (l *serverLogger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}
