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

// resultSender sends one statement's rows: a header, blocks, and what was read
// to make them.
type resultSender struct {
	conn     *connection
	progress *progress
	columns  []nativeformat.Column // of the header; nil until it is sent

	rows, blocks, bytes uint64
}

// begin sends the header, if blocks of such columns can be sent.
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

// beginEmpty sends the header of a result without rows whose statement cannot
// be tables.Column: SHOW and its like, whose answer in a text format does name its
// columns.
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

// end closes the result: a block of nothing and the profile.
func (r *resultSender) end() error {
	if r.columns == nil {
		return nil
	}
	if err := r.conn.sendHeader(nil); err != nil {
		return err
	}
	// Clients of ClickHouse's first years crash when they are left to calculate
	// the rows before LIMIT themselves.
	profile := proto.Profile{Rows: r.rows, Blocks: r.blocks, Bytes: r.bytes, CalculatedRowsBeforeLimit: true}
	var b proto.Buffer
	profile.EncodeAware(&b, r.conn.revision)
	return r.conn.send(b.Buf)
}
