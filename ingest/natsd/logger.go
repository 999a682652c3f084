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

// serverLogger passes the log of nats-server on to zerolog. The server's notices are logged
// as Debug, because they describe its start step by step.
type serverLogger struct {
	log         zerolog.Logger
	writeFailed chan<- struct{} // receives an element when a write has failed

	// startAbandoned is set when the caller of Start has stopped waiting. Errors of the
	// server after that are logged as Debug.
	startAbandoned atomic.Bool

	mu    sync.Mutex
	fatal error
}

var _ server.Logger = (*serverLogger)(nil)

func (l *serverLogger) Noticef(format string, args ...any) {
	l.log.Debug().Msgf(format, args...)
}

// plaintextWarning is the beginning of a warning about passwords in a configuration file of
// nats-server. Here the password comes from the settings, so it is logged as Debug.
const plaintextWarning = "Plaintext passwords detected"

func (l *serverLogger) Warnf(format string, args ...any) {
	level := zerolog.WarnLevel
	if strings.HasPrefix(format, plaintextWarning) {
		level = zerolog.DebugLevel
	}
	l.log.WithLevel(level).Msgf(format, args...)
}

// criticalWriteError is part of the message that the server logs when a stream or a
// consumer could not write. The server reports it in no other way. The first letter is
// left out, because its case differs.
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

// Fatalf keeps the reason, which Start returns. It does not end the process.
func (l *serverLogger) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = errors.New(reason)
	}
}

// failure returns the reason of the first fatal condition of the server, or nil.
func (l *serverLogger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}
