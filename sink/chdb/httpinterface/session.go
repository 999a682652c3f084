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
	// defaultSessionTimeout and maxSessionTimeout are ClickHouse's limits for how long a session is kept between two requests.
	defaultSessionTimeout = 60 * time.Second
	maxSessionTimeout     = 3600 * time.Second
	// maxKeptSessions is the most sessions that are kept for all users together; one user has at most half of them.
	maxKeptSessions = 1000
)

// sessionKey identifies a session. The user is a part of it, so two users never share a session.
type sessionKey struct{ user, id string }

// keptSession is an engine session that outlives a request (parameter session_id), with its temporary tables and with what
// SET and USE have changed.
type keptSession struct {
	*engine.Session
	key  sessionKey
	idle *time.Timer // closes the session; nil while a request uses it
	uses int         // how many requests have acquired it
}

// keptSessions are the sessions that outlive their requests.
type keptSessions struct {
	mu     sync.Mutex
	kept   map[sessionKey]*keptSession
	closed bool
}

func newKeptSessions() *keptSessions {
	return &keptSessions{kept: make(map[sessionKey]*keptSession)}
}

// acquire reserves the session of that key until release. When there is none, open makes it, or acquire returns
// SESSION_NOT_FOUND if mustExist is set (session_check=1).
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
	case len(s.kept) >= maxKeptSessions, len(s.kept) >= maxKeptSessions/2 && s.countOf(key.user) >= maxKeptSessions/2:
		s.mu.Unlock()
		return nil, exception.Newf(proto.ErrTooManySimultaneousQueries, "Too many sessions are kept (%d): "+
			"end yours with close_session=1, or give them a shorter session_timeout", maxKeptSessions)
	}
	session = &keptSession{key: key}
	s.kept[key] = session // before the session is open, so that a concurrent request finds it locked
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

// countOf is how many sessions of a user are kept. The caller holds mu.
func (s *keptSessions) countOf(user string) (n int) {
	for key := range s.kept {
		if key.user == user {
			n++
		}
	}
	return n
}

// release keeps a session for timeout, or closes it at once if end is set (close_session=1).
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

// expire closes a session that no request has acquired since uses was counted.
func (s *keptSessions) expire(session *keptSession, uses int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept[session.key] == session && session.idle != nil && session.uses == uses {
		delete(s.kept, session.key)
		_ = session.Close() // never fails
	}
}

// close closes all sessions. No request may be running.
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

// sessionState is the state of a kept session that a request's parameters are about to change.
type sessionState struct {
	Database string
	Settings [][3]string // name, value, and "1" when the value differs from the default
}

// saveState reads the current database and the current values of those settings.
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

// restore sets the session's database and settings back, also when ctx, the request's, has ended.
func (state sessionState) restore(ctx context.Context, s *engine.Session) error {
	ctx = context.WithoutCancel(ctx)
	var changes []string
	for _, setting := range state.Settings {
		value := statement.QuoteString(setting[1])
		if setting[2] == "0" || setting[0] == "readonly" && setting[1] == "0" { // from a higher readonly only the default leads back
			value = "DEFAULT"
		}
		changes = append(changes, settingName(setting[0])+" = "+value)
	}
	if len(changes) > 0 {
		if err := s.Restore(ctx, changes); err != nil {
			return fmt.Errorf("restore session settings: %w", err)
		}
	}
	if err := s.Exec(ctx, "USE "+statement.QuoteName(state.Database)); err != nil {
		return fmt.Errorf("restore session database: %w", err)
	}
	return nil
}
