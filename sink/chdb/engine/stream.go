package engine

import (
	"context"
	"errors"
	"io"

	"github.com/citytally/citytally/sink/chdb/statement"
)

// Stream is an answer that arrives in chunks. It keeps its session busy until it is closed. Its methods are for one
// goroutine at a time.
type Stream struct {
	source chunkSource
	first  []byte // the first chunk, until Next returns it
	ended  error  // io.EOF, or why the answer broke off; nil while more may come
	closed bool
}

// chunkSource produces a Stream's chunks.
type chunkSource interface {
	next() ([]byte, error)
	stats() (rows, readRows, readBytes uint64)
	close(ended error)
}

// Stream runs a statement and returns its answer chunk by chunk in format, whatever FORMAT clause the query has. A SELECT
// takes the same memory whatever its answer's size; the small answers of other statements (SHOW, DESCRIBE, EXPLAIN …) are
// one chunk.
//
// Stream waits for the first chunk, so that most failing statements fail here; a later error comes from [Stream.Next].
func (s *Session) Stream(ctx context.Context, query, format string) (*Stream, error) {
	parsed, err := statement.Parse(query)
	if err != nil {
		return nil, err
	}
	if err := statement.CheckFormat(format); err != nil {
		return nil, err
	}
	switch {
	case parsed.Streams && format == "Native":
		return s.stream(ctx, parsed, format, s.openBlocks)
	case parsed.Streams:
		return s.stream(ctx, parsed, format, s.openPipe)
	}
	result, err := s.Query(ctx, query, format)
	if err != nil {
		return nil, err
	}
	return &Stream{source: &wholeSource{Result: *result}}, nil
}

// stream reserves the session for a statement and opens the source of its chunks.
func (s *Session) stream(ctx context.Context, parsed statement.Statement, format string,
	open func(ctx context.Context, query, format string) (chunkSource, error),
) (*Stream, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if err := s.check(parsed); err != nil {
		s.release()
		return nil, err
	}
	if err := s.takeTurn(ctx, parsed); err != nil {
		s.release()
		return nil, err
	}
	from, err := open(ctx, parsed.Text, format)
	if err != nil {
		s.release()
		return nil, err
	}
	st := &Stream{source: from}
	if st.first, st.ended = from.next(); st.ended != nil && st.ended != io.EOF {
		_ = st.Close() // frees the session; never fails
		return nil, st.ended
	}
	return st, nil
}

// Next returns the next chunk, io.EOF after the last, or an *exception.Error. In format Native a chunk is one or more whole
// blocks of revision 0; in other formats a chunk may end anywhere. The bytes are valid until the next call of Next or Close.
func (st *Stream) Next() ([]byte, error) {
	if chunk := st.first; chunk != nil {
		st.first = nil
		return chunk, nil
	}
	if st.ended != nil {
		return nil, st.ended
	}
	chunk, err := st.source.next()
	st.ended = err
	return chunk, err
}

// Stats returns the rows of the answer so far, and the rows and bytes read from storage for them. The rows are complete
// once Next has returned io.EOF. In format Native what was read from storage may lack the last blocks, because the library
// reports it with a chunk that never comes.
func (st *Stream) Stats() (rows, readRows, readBytes uint64) { return st.source.stats() }

// Close ends the stream and releases the session. A statement whose answer was not read to its end is cancelled.
func (st *Stream) Close() error {
	if st.closed {
		return nil
	}
	st.closed, st.first = true, nil
	st.source.close(st.ended)
	if st.ended == nil {
		st.ended = errors.New("read stream: it is closed")
	}
	return nil
}

// wholeSource gives an answer that is in memory as one chunk.
type wholeSource struct {
	Result
	given bool
}

func (w *wholeSource) next() ([]byte, error) {
	if w.given || len(w.Data) == 0 {
		return nil, io.EOF
	}
	w.given = true
	return w.Data, nil
}

func (w *wholeSource) stats() (rows, readRows, readBytes uint64) {
	return w.Rows, w.ReadRows, w.ReadBytes
}

func (w *wholeSource) close(error) {}
