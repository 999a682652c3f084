package wire

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/engine"
)

// streamBlocks sends a SELECT's answer in format Native as a client of the revision it gave (client_protocol_version) reads
// it. An answer without rows is the header alone, so that the client knows its columns.
func (run *queryRun) streamBlocks(ctx context.Context, session *engine.Session) (err error) {
	text := run.query.statement.Text
	var header []field
	// The description alone knows the zones of DateTime. What cannot be described is no SELECT, and has none; what fails
	// fails again, in its own words, when it runs.
	if columns, err := describe(ctx, session, "(\n"+text+"\n)"); err == nil {
		header = fieldsOf(columns)
	}
	stream, err := session.Stream(ctx, text, "Native")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		chunk, err := stream.Next()
		run.rows, run.readRows, run.readBytes = stream.Stats()
		switch {
		case errors.Is(err, io.EOF) && run.rows == 0 && len(header) > 0:
			var b proto.Buffer
			writeHeader(&b, header, run.query.revision)
			_, err = run.out.Write(b.Buf)
			return err
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		for t := newChunkTape(chunk); !t.empty(); {
			if err := run.sendBlock(t, header); err != nil {
				return err
			}
		}
	}
}

// sendBlock looks a block over before it sends the first byte of it, so that an exception never lies inside a block.
func (run *queryRun) sendBlock(t *tape, header []field) error {
	begin := t.pos
	fields, rows, err := readEngineBlock(t)
	if err != nil {
		return fmt.Errorf("read block of the engine: %w", truncated(err))
	}
	if rows == 0 {
		return nil
	}
	if header != nil {
		if fields, err = withZones(fields, header); err != nil {
			return err
		}
	}
	return copyEngineBlock(run.out, newChunkTape(t.buf[begin:t.pos]), fields, run.query.revision)
}
