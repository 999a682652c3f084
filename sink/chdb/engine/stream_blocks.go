package engine

import (
	"context"
	"io"
	"runtime"
)

// blockSource is the library's own stream: each chunk is one block, as a whole document of the format. It serves format
// Native alone, whose documents may follow one another; a JSON answer would begin anew with every block.
type blockSource struct {
	session *Session
	ctx     context.Context // of the statement, which outlives the call that started it
	stop    func()          // ends the watch over ctx
	handle  uintptr         // of the library's stream
	chunk   uintptr         // result behind the chunk returned last, 0 before the first

	rows, readRows, readBytes uint64
}

func (s *Session) openBlocks(ctx context.Context, query, format string) (chunkSource, error) {
	lib := s.engine.lib
	stop := s.watch(ctx)
	queryText, queryLen := text(query)
	formatText, formatLen := text(format)
	handle := lib.StreamQuery(connectionPointer(s.connection), queryText, queryLen, formatText, formatLen)
	runtime.KeepAlive(query)
	runtime.KeepAlive(format)
	if message := lib.ResultError(handle); message != "" {
		stop()
		lib.ResultDestroy(handle)
		s.releaseFailed()
		return nil, s.failure(ctx, message)
	}
	return &blockSource{session: s, ctx: ctx, stop: stop, handle: handle}, nil
}

func (b *blockSource) next() ([]byte, error) {
	lib := b.session.engine.lib
	b.dropChunk()
	b.chunk = lib.StreamFetch(connectionPointer(b.session.connection), b.handle)
	if message := lib.ResultError(b.chunk); message != "" {
		b.stop()
		b.session.releaseFailed()
		return nil, b.session.failure(b.ctx, message)
	}
	b.rows += lib.ResultRows(b.chunk)
	b.readRows += lib.ResultReadRows(b.chunk)
	b.readBytes += lib.ResultReadBytes(b.chunk)
	data := lib.bytes(b.chunk)
	if len(data) == 0 {
		return nil, io.EOF
	}
	return data, nil
}

func (b *blockSource) stats() (rows, readRows, readBytes uint64) {
	return b.rows, b.readRows, b.readBytes
}

func (b *blockSource) close(ended error) {
	lib := b.session.engine.lib
	b.dropChunk()
	if ended == nil {
		lib.StreamCancel(connectionPointer(b.session.connection), b.handle)
	}
	lib.ResultDestroy(b.handle)
	b.stop()
	b.session.release()
}

func (b *blockSource) dropChunk() {
	if b.chunk != 0 {
		b.session.engine.lib.ResultDestroy(b.chunk)
		b.chunk = 0
	}
}
