package engine

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/exception"
	"github.com/citytally/citytally/sink/chdb/statement"
)

// insertChunkBytes is the most of a body that is handed to the engine at once.
const insertChunkBytes = 256 << 10

// Insert runs an INSERT whose rows come from body in format; query is the part before FORMAT, such as
// "INSERT INTO t (a, b) SETTINGS async_insert = 0". It takes the same memory whatever the size of the body.
// It returns the number of rows written, those of materialized views included.
//
// When body fails or ctx ends, the INSERT is cancelled and the error wraps the reason. The block being built is not
// committed; blocks that were full before (max_insert_block_size rows, about a million by default) are, as in every
// ClickHouse. Insert does not interrupt a Read of body: whoever ends ctx must also make that Read return, for example by
// closing the connection.
func (s *Session) Insert(ctx context.Context, query, format string, body io.Reader) (rows uint64, err error) {
	parsed, err := statement.Parse(query)
	if err != nil {
		return 0, err
	}
	if !parsed.TakesRows() {
		return 0, exception.Newf(proto.ErrBadArguments, "Not an INSERT that takes rows: %s", statement.Excerpt(query))
	}
	if err := statement.CheckFormat(format); err != nil {
		return 0, err
	}
	if strings.EqualFold(format, "Values") {
		body = statement.NewValuesReader(body)
	}
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.release()
	if s.user.onlyReads() {
		return 0, errReadOnly()
	}
	running, abort := context.WithCancel(ctx)
	defer abort()
	stop := s.watch(running)
	rows, err = s.insert(ctx, abort, parsed.InsertHead, format, body)
	stop()
	if err != nil {
		s.releaseFailed()
		return 0, err
	}
	return rows, nil
}

// insert feeds body to the library's insert stream for query. When body fails it calls abort, which ends the context that
// watch looks at and so kills the statement: InsertCancel alone would wait for the materialized views of the current block.
func (s *Session) insert(ctx context.Context, abort context.CancelFunc, query, format string, body io.Reader) (uint64, error) {
	lib := s.engine.lib
	query += "\n" // ends a comment; otherwise the FORMAT clause that the library appends would be part of it
	queryText, queryLen := text(query)
	formatText, formatLen := text(format)
	stream := lib.InsertOpen(connectionPointer(s.connection), queryText, queryLen, formatText, formatLen)
	runtime.KeepAlive(query)
	runtime.KeepAlive(format)
	defer lib.InsertDestroy(stream)
	if message := lib.InsertError(stream); message != "" {
		return 0, s.failure(ctx, message)
	}
	if err := s.feed(ctx, stream, body); err != nil {
		abort()
		lib.InsertCancel(stream)
		return 0, err
	}
	result := lib.InsertDone(stream)
	defer lib.ResultDestroy(result)
	if message := lib.ResultError(result); message != "" {
		return 0, s.failure(ctx, message)
	}
	return lib.ResultWrittenRows(result), nil
}

// feed appends body to an insert stream until body ends. It also returns nil when the engine takes no more rows; InsertDone
// then gives the reason.
func (s *Session) feed(ctx context.Context, stream uintptr, body io.Reader) error {
	chunk := make([]byte, insertChunkBytes)
	for {
		n, err := readHalf(body, chunk)
		ended := errors.Is(err, io.EOF) // decompressing readers wrap it
		if refusal := (*exception.Error)(nil); errors.As(err, &refusal) {
			return refusal
		}
		if err != nil && !ended {
			return exception.Newf(proto.ErrQueryWasCancelled, "Query was cancelled: read rows: %v", err).WithCause(err)
		}
		if cause := ctx.Err(); cause != nil {
			return exception.Cancelled(cause)
		}
		if n > 0 && s.engine.lib.InsertAppend(stream, &chunk[0], uintptr(n)) != 0 || ended {
			return nil
		}
	}
}

// readHalf reads until at least half of chunk is full or body gives an error. io.ReadAtLeast cannot replace it: that returns
// io.ErrUnexpectedEOF both for a body that ended and for one that broke off, and only the first may be committed.
func readHalf(body io.Reader, chunk []byte) (int, error) {
	n := 0
	for n < len(chunk)/2 {
		read, err := body.Read(chunk[n:])
		n += read
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
