package engine

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/limits"
)

// gate lets a bounded number of statements of users who only read run at once. Others wait for their turn, and are turned
// away when too many wait or the wait is long. Users who write never wait.
type gate struct {
	running chan struct{}
	waiting chan struct{}
}

func newGate() *gate {
	return &gate{
		running: make(chan struct{}, limits.ReaderStatements(runtime.NumCPU())), waiting: make(chan struct{}, limits.ReaderQueue),
	}
}

// enter waits for the turn of one statement, which leave ends. A statement that is not over after limits.ReaderTurn loses its
// turn, and overdue is called: a client that does not read its answer keeps nobody else waiting.
func (g *gate) enter(ctx context.Context, overdue func()) (leave func(), err error) {
	if err := g.wait(ctx); err != nil {
		return nil, err
	}
	once := sync.OnceFunc(func() { <-g.running })
	turn := time.AfterFunc(limits.ReaderTurn, func() { overdue(); once() })
	return func() { turn.Stop(); once() }, nil
}

func (g *gate) wait(ctx context.Context) error {
	select {
	case g.running <- struct{}{}:
		return nil
	default:
	}
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return exception.Newf(proto.ErrTooManySimultaneousQueries,
			"Too many simultaneous queries: %d of users who only read wait already", cap(g.waiting))
	}
	patience := time.NewTimer(limits.ReaderPatience)
	defer patience.Stop()
	select {
	case g.running <- struct{}{}:
		return nil
	case <-patience.C:
		return exception.Newf(proto.ErrTooManySimultaneousQueries,
			"Too many simultaneous queries: others of users who only read have run for %s; try again later", limits.ReaderPatience)
	case <-ctx.Done():
		return exception.Cancelled(ctx.Err())
	}
}
