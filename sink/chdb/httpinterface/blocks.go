package httpinterface

import (
	"context"
	"errors"
	"io"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// streamBlocks sends an answer in format Native in the revision that the client gave as client_protocol_version. An answer
// without rows is a header block, so that the client knows the columns.
func (run *execution) streamBlocks(ctx context.Context, session *engine.Session) (err error) {
	text := run.request.statement.Text
	// The description has the time zones of DateTime, which blocks lack. An error here is ignored: a statement that cannot be
	// described is no SELECT, and one that fails does so again when it runs.
	described, err := tables.DescribeSelect(ctx, session, text)
	if err != nil {
		described = nil
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
		case errors.Is(err, io.EOF) && run.rows == 0 && len(described) > 0:
			_, err = run.out.Write(nativeformat.HeaderBlock(described, run.request.revision))
			return err
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		for len(chunk) > 0 {
			var block nativeformat.Block
			if block, chunk, err = nativeformat.CutBlock(chunk); err != nil {
				return err
			}
			if err := run.sendBlock(block, described); err != nil {
				return err
			}
		}
	}
}

// sendBlock sends a block with the time zones of the described columns; described is nil for a statement other than SELECT.
func (run *execution) sendBlock(block nativeformat.Block, described []nativeformat.Column) error {
	if block.Rows == 0 {
		return nil
	}
	if described != nil {
		if err := block.TakeZones(described); err != nil {
			return err
		}
	}
	return block.CopyTo(run.out, run.request.revision)
}
