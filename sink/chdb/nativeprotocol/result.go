package nativeprotocol

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/proto"

	"github.com/citytally/citytally/sink/chdb/nativeformat"
)

// resultSender sends the answer to one statement: a header, blocks of rows, and a
// profile.
type resultSender struct {
	conn     *connection
	progress *progress
	columns  []nativeformat.Column // of the header; nil before that is sent

	rows, blocks, bytes uint64
}

// begin sends the header. It returns an error, and sends nothing, when blocks of
// such columns cannot be sent.
func (r *resultSender) begin(columns []nativeformat.Column) error {
	if err := nativeformat.CheckTypes(columns); err != nil {
		return err
	}
	r.columns = columns
	if err := r.conn.sendHeader(columns); err != nil {
		return err
	}
	return r.conn.flush()
}

// beginEmpty sends the header of a result without rows for a statement that
// cannot be described, such as SHOW. It runs the statement again in a text format
// that names its columns.
func (r *resultSender) beginEmpty(ctx context.Context, query string) error {
	result, err := r.conn.session.Query(ctx, query, "TSVRawWithNamesAndTypes")
	if err != nil {
		return err
	}
	lines := bytes.SplitN(result.Data, []byte("\n"), 3)
	if len(lines) < 2 {
		return nil
	}
	types := strings.Split(string(lines[1]), "\t")
	var columns []nativeformat.Column
	for i, name := range strings.Split(string(lines[0]), "\t") {
		if i < len(types) {
			columns = append(columns, nativeformat.Column{Name: name, Type: types[i]})
		}
	}
	return r.begin(columns)
}

// stream runs a statement and sends its blocks as they come.
func (r *resultSender) stream(ctx context.Context, query string) (err error) {
	stream, err := r.conn.session.Stream(ctx, query, "Native")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stream.Close()) }()
	for {
		chunk, err := stream.Next()
		_, readRows, readBytes := stream.Stats()
		r.progress.setRead(readRows, readBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.sendChunk(chunk); err != nil {
			return err
		}
		if err := r.progress.send(); err != nil {
			return err
		}
	}
}

// sendChunk sends the blocks of one chunk of the engine's answer.
func (r *resultSender) sendChunk(chunk []byte) error {
	for len(chunk) > 0 {
		block, rest, err := nativeformat.CutBlock(chunk)
		if err != nil {
			return err
		}
		if err := r.sendBlock(block); err != nil {
			return err
		}
		chunk = rest
	}
	return nil
}

func (r *resultSender) sendBlock(block nativeformat.Block) error {
	if len(block.Columns) == 0 || block.Rows == 0 {
		return nil
	}
	if r.columns == nil {
		if err := r.begin(block.Columns); err != nil {
			return err
		}
	}
	if err := block.TakeZones(r.columns); err != nil {
		return err
	}
	r.rows, r.blocks, r.bytes = r.rows+block.Rows, r.blocks+1, r.bytes+uint64(len(block.Bytes))
	return r.conn.sendData(func(w io.Writer) error { return block.CopyTo(w, r.conn.revision) })
}

// end sends an empty block, which ends the rows, and the profile.
func (r *resultSender) end() error {
	if r.columns == nil {
		return nil
	}
	if err := r.conn.sendHeader(nil); err != nil {
		return err
	}
	// Early clients crash when CalculatedRowsBeforeLimit is false.
	profile := proto.Profile{Rows: r.rows, Blocks: r.blocks, Bytes: r.bytes, CalculatedRowsBeforeLimit: true}
	var b proto.Buffer
	profile.EncodeAware(&b, r.conn.revision)
	return r.conn.send(b.Buf)
}
