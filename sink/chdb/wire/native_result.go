package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// resultSender sends one statement's rows: a header, blocks, and what was read
// to make them.
type resultSender struct {
	conn     *nativeConn
	progress *progress
	fields   []field // of the header; nil until it is sent

	rows, blocks, bytes uint64
}

// begin sends the header, if blocks of such columns can be sent.
func (r *resultSender) begin(fields []field) error {
	for _, f := range fields {
		if _, err := parseType(f.Type); err != nil {
			return fmt.Errorf("column %s: %w", f.Name, err)
		}
	}
	r.fields = fields
	if err := r.conn.sendHeader(fields); err != nil {
		return err
	}
	return r.conn.flush()
}

// beginEmpty sends the header of a result without rows whose statement cannot
// be described: SHOW and its like, whose answer in a text format does name its
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
	var fields []field
	for i, name := range strings.Split(string(lines[0]), "\t") {
		if i < len(types) {
			fields = append(fields, field{name, types[i]})
		}
	}
	return r.begin(fields)
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
		r.progress.read(readRows, readBytes)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.sendChunk(chunk); err != nil {
			return err
		}
		if err := r.progress.tell(); err != nil {
			return err
		}
	}
}

// sendChunk sends the blocks of one chunk of the engine's.
func (r *resultSender) sendChunk(chunk []byte) error {
	for t := newChunkTape(chunk); !t.empty(); {
		if err := r.sendBlock(t); err != nil {
			return err
		}
	}
	return nil
}

// sendBlock looks a block over before it sends the first byte of it: an error
// in the middle of a packet could not be told to the client any more.
func (r *resultSender) sendBlock(t *tape) error {
	begin := t.pos
	fields, rows, err := readEngineBlock(t)
	if err != nil {
		return fmt.Errorf("read block of the engine: %w", truncated(err))
	}
	if len(fields) == 0 || rows == 0 {
		return nil
	}
	if r.fields == nil {
		if err := r.begin(fields); err != nil {
			return err
		}
	}
	if fields, err = withZones(fields, r.fields); err != nil {
		return err
	}
	block := t.buf[begin:t.pos]
	r.rows, r.blocks, r.bytes = r.rows+rows, r.blocks+1, r.bytes+uint64(len(block))
	return r.conn.sendData(func(w io.Writer) error {
		return copyEngineBlock(w, newChunkTape(block), fields, r.conn.revision)
	})
}

// withZones gives the columns of a block the zones of DateTime, which revision 0
// leaves out and the header has.
func withZones(block, header []field) ([]field, error) {
	if len(block) != len(header) {
		return nil, fmt.Errorf("the engine answers with %d columns, and described %d", len(block), len(header))
	}
	for i, f := range block {
		if f.Type == "DateTime" && strings.HasPrefix(header[i].Type, "DateTime(") {
			block[i].Type = header[i].Type
		}
	}
	return block, nil
}

// end closes the result: a block of nothing and the profile.
func (r *resultSender) end() error {
	if r.fields == nil {
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
