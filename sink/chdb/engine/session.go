package engine

import (
	"cmp"
	"context"
	"crypto/rand"
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

// Session is a connection of its own to the engine: its own settings, current database and temporary tables.
// It runs one statement at a time; a second one meanwhile gets *exception.Error 373 (SESSION_IS_LOCKED), as ClickHouse answers.
type Session struct {
	engine     *Engine
	user       User
	connection uintptr
	token      string     // in statement.SessionSetting, for KILL QUERY
	busy       sync.Mutex // held while a statement runs or a stream is open
	closed     bool       // guarded by busy
}

// Result is a whole answer in memory.
type Result struct {
	Data      []byte // in the format asked for
	Rows      uint64 // of the answer; for INSERT those written, materialized views included
	ReadRows  uint64 // from storage
	ReadBytes uint64 // from storage
	Elapsed   time.Duration
}

// Session opens a session of user in database; an empty database means "default".
// A user without a name is the caller itself and may do everything the engine allows.
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
	s := &Session{engine: e, connection: connection, token: rand.Text()}
	if err := s.prepare(ctx, user, database); err != nil {
		_ = s.Close() // a session nobody has seen has nothing to wait for
		return nil, err
	}
	return s, nil
}

// prepare gives the session its token and database, and locks it down last.
func (s *Session) prepare(ctx context.Context, user User, database string) error {
	if _, err := s.run(ctx, "SET "+statement.SessionSetting+" = '"+s.token+"'", "Null"); err != nil {
		return fmt.Errorf("name session: %w", err)
	}
	if database != "" {
		if err := s.Exec(ctx, "USE "+statement.QuoteName(database)); err != nil {
			return err
		}
	}
	if user.ReadOnly {
		if err := s.Exec(ctx, "SET readonly = 2"); err != nil {
			return fmt.Errorf("make session read-only: %w", err)
		}
		s.user = user
	}
	return nil
}

// Close ends the session. It waits for a running statement; a stream must be closed before.
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

// begin takes the session for one statement; release gives it back.
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

func (s *Session) release() { s.busy.Unlock() }

// Exec runs any statement and drops its answer.
func (s *Session) Exec(ctx context.Context, query string) error {
	_, err := s.Query(ctx, query, "Null")
	return err
}

// Query runs any statement and returns its whole answer in format. The query's own FORMAT clause, if any, is ignored:
// format decides.
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
	return s.run(ctx, parsed.Text, format)
}

// run executes a text that has been vetted on a session that has been taken.
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

// failure makes an Error of what the engine said, and says so when it was this package that stopped the statement.
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

// releaseFailed runs a statement that does nothing. The library keeps what a failed statement held, its place in the process list
// and its locks on tables included, until the connection's next one. It is for when the watch over the failed one is over.
func (s *Session) releaseFailed() {
	lib := s.engine.lib
	queryText, queryLen := text("SELECT 1")
	formatText, formatLen := text("Null")
	lib.ResultDestroy(lib.Query(connectionPointer(s.connection), queryText, queryLen, formatText, formatLen))
}

// bytes is the data of a result, in the library's memory: valid until the result is destroyed.
func (l *library) bytes(result uintptr) []byte {
	data, size := l.ResultBuffer(result), l.ResultLength(result)
	if data == nil || size == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(data), size)
}

// sessionCount counts open sessions, so that the engine stops after the last. The library would take the data directory
// again, unguarded, if a connection were opened after that.
type sessionCount struct {
	mu     sync.Mutex
	open   sync.WaitGroup
	closed bool
}

// add counts one more session in; it reports false when the engine is closing.
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

// close lets nobody in any more and waits for the last to leave; it reports false when that has been done before.
func (c *sessionCount) close() bool {
	c.mu.Lock()
	first := !c.closed
	c.closed = true
	c.mu.Unlock()
	c.open.Wait()
	return first
}
