package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// Session is a connection to the engine, with settings, a current database and temporary tables of its own.
// It runs one statement at a time; a second one meanwhile gets SESSION_IS_LOCKED (373), as in ClickHouse.
type Session struct {
	engine     *Engine
	user       User
	connection uintptr
	token      string     // value of statement.SessionSetting, by which KILL QUERY finds the session's statement
	busy       sync.Mutex // held while a statement runs or a stream is open
	closed     bool       // guarded by busy
	leave      func()     // ends the turn of a user who only reads; guarded by busy
}

// Result is the whole answer to a statement.
type Result struct {
	Data      []byte // in the requested format
	Rows      uint64 // rows of the answer; for INSERT the rows written, those of materialized views included
	ReadRows  uint64 // rows read from storage
	ReadBytes uint64 // bytes read from storage
	Elapsed   time.Duration
}

// Session opens a session of user in database; an empty database means "default".
// A User without a name stands for this program and may do everything the engine allows.
func (e *Engine) Session(ctx context.Context, user User, database string) (*Session, error) {
	if err := ctx.Err(); err != nil {
		return nil, exception.Cancelled(err)
	}
	if !e.sessions.add() {
		return nil, exception.Newf(proto.ErrAborted, "The engine is closed")
	}
	connection, err := e.connect()
	if err != nil {
		e.sessions.done()
		return nil, fmt.Errorf("open session: %w", err)
	}
	s := &Session{engine: e, connection: connection, token: rand.Text() + "." + hex.EncodeToString([]byte(user.Name))}
	if err := s.prepare(ctx, user, database); err != nil {
		_ = s.Close() // never fails
		return nil, err
	}
	return s, nil
}

// prepare gives the session its token, the rights of its user and its database.
func (s *Session) prepare(ctx context.Context, user User, database string) error {
	if _, err := s.run(ctx, "SET "+statement.SessionSetting+" = '"+s.token+"'", "Null"); err != nil {
		return fmt.Errorf("name session: %w", err)
	}
	if err := s.become(ctx, user); err != nil {
		return err
	}
	if database != "" {
		return s.Exec(ctx, "USE "+statement.QuoteName(database))
	}
	return nil
}

// Close ends the session. It waits for a running statement. An open stream must be closed first.
func (s *Session) Close() error {
	s.busy.Lock()
	defer s.busy.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.engine.lib.CloseConn(s.connection)
	s.engine.sessions.done()
	return nil
}

// begin reserves the session for one statement; release ends the reservation.
func (s *Session) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return exception.Cancelled(err)
	}
	if !s.busy.TryLock() {
		return exception.Newf(proto.ErrSessionIsLocked, "Session is locked by a concurrent client: "+
			"it runs another statement, or has a stream open")
	}
	if s.closed {
		s.busy.Unlock()
		return exception.Newf(proto.ErrAborted, "The session is closed")
	}
	return nil
}

func (s *Session) release() {
	if s.leave != nil {
		s.leave()
		s.leave = nil
	}
	s.busy.Unlock()
}

// takeTurn waits until the session's user may run the statement, which release ends.
func (s *Session) takeTurn(ctx context.Context, parsed statement.Statement) (err error) {
	if s.user.ReadOnly && !parsed.ChangesSession() {
		s.leave, err = s.engine.readers.enter(ctx, func() { s.engine.kill(s.token) })
	}
	return err
}

// Exec runs any statement and discards its answer.
func (s *Session) Exec(ctx context.Context, query string) error {
	_, err := s.Query(ctx, query, "Null")
	return err
}

// Query runs any statement and returns its whole answer in format, whatever FORMAT clause the query has.
func (s *Session) Query(ctx context.Context, query, format string) (*Result, error) {
	parsed, err := statement.Parse(query)
	if err != nil {
		return nil, err
	}
	if err := statement.CheckFormat(format); err != nil {
		return nil, err
	}
	if parsed.TakesRows() {
		start := time.Now()
		rows, err := s.Insert(ctx, parsed.InsertHead, cmp.Or(parsed.Format, "Values"), strings.NewReader(parsed.Inline))
		if err != nil {
			return nil, err
		}
		return &Result{Rows: rows, Elapsed: time.Since(start)}, nil
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.release()
	if err := s.check(parsed); err != nil {
		return nil, err
	}
	if err := s.takeTurn(ctx, parsed); err != nil {
		return nil, err
	}
	if parsed.MayChangeSchema() {
		s.engine.schema.Add(1)
		defer s.engine.schema.Add(1)
	}
	return s.run(ctx, parsed.Text, format)
}

// Restore runs SET with assignments of values that the session had before. They may be defaults, which a user who only reads
// cannot ask for itself.
func (s *Session) Restore(ctx context.Context, assignments []string) error {
	parsed, err := statement.Parse("SET " + strings.Join(assignments, ", "))
	if err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.release()
	_, err = s.run(ctx, parsed.Text, "Null")
	return err
}

// run executes a query that check has accepted, on a session that begin has reserved.
func (s *Session) run(ctx context.Context, query, format string) (*Result, error) {
	lib := s.engine.lib
	stop := s.watch(ctx)
	queryText, queryLen := text(query)
	formatText, formatLen := text(format)
	handle := lib.Query(connectionPointer(s.connection), queryText, queryLen, formatText, formatLen)
	runtime.KeepAlive(query)
	runtime.KeepAlive(format)
	stop()
	defer lib.ResultDestroy(handle)
	if message := lib.ResultError(handle); message != "" {
		s.releaseFailed()
		return nil, s.failure(ctx, message)
	}
	return &Result{
		Data:      append([]byte(nil), lib.bytes(handle)...),
		Rows:      max(lib.ResultRows(handle), lib.ResultWrittenRows(handle)),
		ReadRows:  lib.ResultReadRows(handle),
		ReadBytes: lib.ResultReadBytes(handle),
		Elapsed:   time.Duration(lib.ResultElapsed(handle) * float64(time.Second)),
	}, nil
}

// failure turns the engine's message into an exception. When ctx has ended it is QUERY_WAS_CANCELLED and wraps ctx's error.
func (s *Session) failure(ctx context.Context, message string) error {
	e := exception.Parse(message)
	if cause := ctx.Err(); cause != nil {
		if e.Code == proto.ErrQueryWasCancelled {
			return e.WithCause(cause)
		}
		return exception.Cancelled(cause)
	}
	return e
}

// releaseFailed makes the library release what a failed statement holds, such as locks on tables and its entry in the
// process list, which it otherwise keeps until the connection's next statement. It must run after watch has stopped, else
// watch would kill it.
func (s *Session) releaseFailed() {
	lib := s.engine.lib
	queryText, queryLen := text("SELECT 1")
	formatText, formatLen := text("Null")
	lib.ResultDestroy(lib.Query(connectionPointer(s.connection), queryText, queryLen, formatText, formatLen))
}

// bytes is a result's data, in the library's memory: valid until the result is destroyed.
func (l *library) bytes(result uintptr) []byte {
	data, size := l.ResultBuffer(result), l.ResultLength(result)
	if data == nil || size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(data), size)
}

// sessionCount counts open sessions, so that the engine stops after the last is closed and none is opened later: the
// library would open the data directory again for it.
type sessionCount struct {
	mu     sync.Mutex
	open   sync.WaitGroup
	closed bool
}

// add counts one more session; it reports false when the engine is closing.
func (c *sessionCount) add() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	c.open.Add(1)
	return true
}

func (c *sessionCount) done() { c.open.Done() }

// close refuses further sessions and waits for the last to be closed; it reports false when it was called before.
func (c *sessionCount) close() bool {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	c.open.Wait()
	return first
}
