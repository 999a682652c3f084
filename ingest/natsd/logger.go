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

// eventLogger hands what nats-server says to zerolog. The server's notices
// tell of its own start step by step; they are this program's Debug, as its
// Info is one line a stage.
type eventLogger struct {
	log        zerolog.Logger
	unwritable chan<- struct{} // is told, once, when a write has failed

	// abandoned is set once nobody waits for the server to start any more; what
	// then still fails is no error.
	abandoned atomic.Bool

	mu    sync.Mutex
	fatal error
}

var _ server.Logger = (*eventLogger)(nil)

func (l *eventLogger) Noticef(format string, args ...any) {
	l.log.Debug().Msgf(format, args...)
}

// plaintext is a warning to whoever writes a server's configuration file. Here
// the password comes from the settings, which take no other.
const plaintext = "Plaintext passwords detected"

func (l *eventLogger) Warnf(format string, args ...any) {
	level := zerolog.WarnLevel
	if strings.HasPrefix(format, plaintext) {
		level = zerolog.DebugLevel
	}
	l.log.WithLevel(level).Msgf(format, args...)
}

// unwritten is in what the server says when a stream, or a consumer, could not
// write; it has no other way to tell.
const unwritten = "ritical write error"

func (l *eventLogger) Errorf(format string, args ...any) {
	level := zerolog.ErrorLevel
	if l.abandoned.Load() {
		level = zerolog.DebugLevel
	}
	l.log.WithLevel(level).Msgf(format, args...)
	if strings.Contains(format, unwritten) {
		select {
		case l.unwritable <- struct{}{}:
		default:
		}
	}
}

func (l *eventLogger) Debugf(format string, args ...any) {
	l.log.Trace().Msgf(format, args...)
}

func (l *eventLogger) Tracef(format string, args ...any) {
	l.log.Trace().Msgf(format, args...)
}

// Fatalf keeps the reason for Start to return instead of ending the process,
// which is not the server's to end.
func (l *eventLogger) Fatalf(format string, args ...any) {
	reason := fmt.Sprintf(format, args...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = errors.New(reason)
	}
}

// failure returns the first fatal condition the server met, or nil.
func (l *eventLogger) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}
