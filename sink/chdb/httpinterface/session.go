package httpinterface

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

const (
	// defaultSessionTimeout and maxSessionTimeout are ClickHouse's, for a session between two requests.
	defaultSessionTimeout = 60 * time.Second
	maxSessionTimeout     = 3600 * time.Second
	// maxKeptSessions bounds the sessions of all users together.
	maxKeptSessions = 1000
)

// sessionKey names a session: two users never share one.
type sessionKey struct{ user, id string }

// keptSession is an engine session that outlives a request (session_id): it keeps temporary tables, and what SET and USE
// statements changed.
type keptSession struct {
	*engine.Session
	key  sessionKey
	idle *time.Timer // closes it; nil while a request uses it
	uses int         // requests that took it
}

// keptSessions are the sessions clients asked to keep.
type keptSessions struct {
	mu     sync.Mutex
	kept   map[sessionKey]*keptSession
	closed bool
}

func newKeptSessions() *keptSessions {
	return &keptSessions{kept: make(map[sessionKey]*keptSession)}
}

// acquire takes the session of that key, which nobody else can take until it is released. Without one, open makes it,
// unless mustExist (session_check=1).
func (s *keptSessions) acquire(key sessionKey, mustExist bool, open func() (*engine.Session, error)) (*keptSession, error) {
	s.mu.Lock()
	session, ok := s.kept[key]
	switch {
	case s.closed:
		s.mu.Unlock()
		return nil, exception.Newf(proto.ErrQueryWasCancelled, "The server is shutting down")
	case ok && session.idle == nil:
		s.mu.Unlock()
		return nil, exception.Newf(proto.ErrSessionIsLocked, "Session %s is locked by a concurrent client", key.id)
	case ok:
		session.idle.Stop()
		session.idle = nil
		session.uses++
		s.mu.Unlock()
		return session, nil
	case mustExist:
		s.mu.Unlock()
		return nil, exception.Newf(proto.ErrSessionNotFound, "Session %s not found", key.id)
	case len(s.kept) >= maxKeptSessions:
		s.mu.Unlock()
		return nil, exception.Newf(proto.ErrTooManySimultaneousQueries, "Too many sessions are kept (%d): "+
			"end yours with close_session=1, or give them a shorter session_timeout", maxKeptSessions)
	}
	session = &keptSession{key: key}
	s.kept[key] = session // its place is taken before it is open, so that a concurrent request finds it locked
	s.mu.Unlock()

	opened, err := open()
	if err != nil {
		s.mu.Lock()
		delete(s.kept, key)
		s.mu.Unlock()
		return nil, err
	}
	session.Session = opened
	return session, nil
}

// release gives a session back for timeout, or closes it at once (close_session=1).
func (s *keptSessions) release(session *keptSession, timeout time.Duration, end bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end || s.closed {
		delete(s.kept, session.key)
		return session.Close()
	}
	uses := session.uses
	session.idle = time.AfterFunc(timeout, func() { s.expire(session, uses) })
	return nil
}

// expire closes a session nobody came back for since its last use.
func (s *keptSessions) expire(session *keptSession, uses int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[session.key] == session && session.idle != nil && session.uses == uses {
		delete(s.kept, session.key)
		_ = session.Close() // an engine session's end has nothing to report
	}
}

// close ends all sessions. No request may be running.
func (s *keptSessions) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for key, session := range s.kept {
		if session.idle != nil {
			session.idle.Stop()
		}
		_ = session.Close()
		delete(s.kept, key)
	}
}

// sessionTimeout reads the session_timeout parameter, in seconds.
func sessionTimeout(p params) (time.Duration, error) {
	text, ok := p.lookup("session_timeout")
	if !ok {
		return defaultSessionTimeout, nil
	}
	seconds, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		return 0, exception.Newf(proto.ErrInvalidSessionTimeout, "Invalid session timeout: '%s'", text)
	}
	timeout := time.Duration(seconds) * time.Second
	if timeout > maxSessionTimeout {
		return 0, exception.Newf(proto.ErrInvalidSessionTimeout, "Session timeout '%s' is larger than max_session_timeout: %d",
			text, int(maxSessionTimeout.Seconds()))
	}
	return timeout, nil
}

// sessionState is what one request changes in a kept session for itself only, as it was before.
type sessionState struct {
	Database string
	Settings [][3]string // name, value, whether it was changed from its default
}

// saveState reads the settings and the database a request is about to override.
func saveState(ctx context.Context, s *engine.Session, settings params) (sessionState, error) {
	names := []string{"''"}
	for _, setting := range settings {
		names = append(names, statement.QuoteString(setting.name))
	}
	result, err := s.Query(ctx, fmt.Sprintf("SELECT currentDatabase() AS Database, "+
		"(SELECT groupArray([name, value, toString(changed)]) FROM system.settings WHERE name IN (%s)) AS Settings",
		strings.Join(names, ", ")), "JSONEachRow")
	if err != nil {
		return sessionState{}, fmt.Errorf("read session settings: %w", err)
	}
	var state sessionState
	if err := json.Unmarshal(result.Data, &state); err != nil {
		return sessionState{}, fmt.Errorf("read session settings: %w", err)
	}
	return state, nil
}

// restore puts the session back. It runs after the request, whose context may have ended.
func (state sessionState) restore(ctx context.Context, s *engine.Session) error {
	ctx = context.WithoutCancel(ctx)
	var changes []string
	for _, setting := range state.Settings {
		value := statement.QuoteString(setting[1])
		if setting[2] == "0" {
			value = "DEFAULT"
		}
		changes = append(changes, settingName(setting[0])+" = "+value)
	}
	if len(changes) > 0 {
		if err := s.Exec(ctx, "SET "+strings.Join(changes, ", ")); err != nil {
			return fmt.Errorf("restore session settings: %w", err)
		}
	}
	if err := s.Exec(ctx, "USE "+statement.QuoteName(state.Database)); err != nil {
		return fmt.Errorf("restore session database: %w", err)
	}
	return nil
}
