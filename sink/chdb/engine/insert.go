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

// insertChunkBytes is how much of a body is handed to the engine at once.
const insertChunkBytes = 256 << 10

// Insert runs an INSERT whose rows come from body in format: query is the part before FORMAT, such as
// "INSERT INTO t (a, b) SETTINGS async_insert = 0". Memory is flat whatever the size of the body.
// It returns the rows written, those of materialized views included.
//
// When body fails or ctx ends, the INSERT is cancelled and the error wraps the reason. Nothing of the block being built is
// committed; blocks the engine had filled before (max_insert_block_size rows, a million by default) are, as in every
// ClickHouse. Insert does not interrupt a Read of body: what ends ctx must also make that return, as closing a
// connection does.
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
	if s.user.ReadOnly {
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

// insert feeds body to the library's stream for query. When body breaks it aborts the statement, which makes its watch kill
// it: cancelling the stream alone would wait for the views of the block at hand.
func (s *Session) insert(ctx context.Context, abort context.CancelFunc, query, format string, body io.Reader) (uint64, error) {
	lib := s.engine.lib
	query += "\n" // ends a comment, else the FORMAT clause the library appends would be part of it
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

// feed appends body to an insert stream until it ends. It returns nil also when the engine takes no more: the reason
// comes when the insert is finished.
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

// readHalf reads until at least half of chunk is full or body gives an error. io.ReadAtLeast would not do: it reports an end
// of body and a body that broke off by the same io.ErrUnexpectedEOF, and only the former may be committed.
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
