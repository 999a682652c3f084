package httpinterface

import (
	"context"
	"errors"
	"io"

	"github.com/citytally/citytally/sink/chdb/engine"
	"github.com/citytally/citytally/sink/chdb/nativeformat"
	"github.com/citytally/citytally/sink/chdb/tables"
)

// streamBlocks sends a SELECT's answer in format Native as a client of the revision it gave (client_protocol_version) reads
// it. An answer without rows is the header alone, so that the client knows its columns.
func (run *execution) streamBlocks(ctx context.Context, session *engine.Session) (err error) {
	text := run.request.statement.Text
	// The description alone knows the zones of DateTime. What cannot be described is no SELECT, and has none; what fails
	// fails again, in its own words, when it runs.
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

// sendBlock sends a block with the zones of the described columns; none are described for a statement other than SELECT.
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
