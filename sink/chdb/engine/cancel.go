package engine

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/citytally/citytally/sink/chdb/statement"
)

// Pauses between attempts to kill a statement: one attempt is not enough when the statement has not reached the engine's
// process list yet, or has not stopped yet. They double from the first to the last.
const (
	firstKillPause = 5 * time.Millisecond
	lastKillPause  = 500 * time.Millisecond
)

// watch kills the session's statement once ctx ends, and again until stop is called. When stop returns, no kill is under
// way any more.
func (s *Session) watch(ctx context.Context) (stop func()) {
	if ctx.Done() == nil {
		return func() {}
	}
	over := make(chan struct{})
	gone := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(gone)
		pause := time.NewTimer(firstKillPause)
		defer pause.Stop()
		for next := firstKillPause; ; next = min(2*next, lastKillPause) {
			s.engine.kill(s.token)
			pause.Reset(next)
			select {
			case <-over:
				return
			case <-pause.C:
			}
		}
	})
	return sync.OnceFunc(func() {
		close(over)
		if !unhook() {
			<-gone
		}
	})
}

// kill asks the engine to stop the statement of the session with that token. It does not wait for the statement's end,
// because KILL QUERY … SYNC can hang.
func (e *Engine) kill(token string) {
	e.killMu.Lock()
	defer e.killMu.Unlock()
	if e.killConnection == 0 {
		return
	}
	query := "KILL QUERY WHERE Settings['" + statement.SessionSetting + "'] = '" + token + "' ASYNC"
	queryText, queryLen := text(query)
	formatText, formatLen := text("Null")
	result := e.lib.Query(connectionPointer(e.killConnection), queryText, queryLen, formatText, formatLen)
	runtime.KeepAlive(query)
	if message := e.lib.ResultError(result); message != "" {
		e.log.Warn().Str("error", message).Msg("kill query")
	}
	e.lib.ResultDestroy(result)
}
