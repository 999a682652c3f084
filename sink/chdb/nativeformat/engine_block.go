package nativeformat

import (
	"fmt"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/proto"
)

// Block is one block of revision 0, as the engine reads and writes it.
type Block struct {
	Columns []Column
	Rows    uint64
	Bytes   []byte // the whole block, encoded; part of the chunk it was cut from
}

// CutBlock cuts the first block off a chunk of the engine's answer. It moves
// over the whole block, so that a block that cannot be re-encoded fails before
// its first byte is sent.
func CutBlock(chunk []byte) (block Block, rest []byte, err error) {
	r := newChunkReader(chunk)
	columns, rows, err := readDimensions(r)
	if err != nil {
		return Block{}, nil, fmt.Errorf("read block of the engine: %w", truncated(err))
	}
	block.Rows = rows
	for range columns {
		c, err := readColumnHead(r)
		if err != nil {
			return Block{}, nil, fmt.Errorf("read block of the engine: %w", err)
		}
		if err := skipValues(r, c, rows); err != nil {
			return Block{}, nil, fmt.Errorf("read block of the engine: %w", err)
		}
		block.Columns = append(block.Columns, c)
	}
	block.Bytes = chunk[:r.pos]
	return block, chunk[r.pos:], nil
}

// TakeZones gives the block's DateTime columns the time zones of the described
// columns, because revision 0 leaves them out.
func (b *Block) TakeZones(described []Column) error {
	if len(b.Columns) != len(described) {
		return fmt.Errorf("the engine answers with %d columns, and described %d", len(b.Columns), len(described))
	}
	for i, c := range b.Columns {
		if c.Type == "DateTime" && strings.HasPrefix(described[i].Type, "DateTime(") {
			b.Columns[i].Type = described[i].Type
		}
	}
	return nil
}

// CopyTo writes the block to dst as a client of that revision reads it, with
// the types of b.Columns.
func (b *Block) CopyTo(dst io.Writer, revision int) error {
	r := newChunkReader(b.Bytes)
	var head proto.Buffer
	writeBlockInfo(&head)
	if _, err := dst.Write(head.Buf); err != nil {
		return err
	}
	if err := r.copyTo(dst); err != nil {
		return err
	}
	if _, _, err := readDimensions(r); err != nil {
		return err
	}
	for _, c := range b.Columns {
		head.Reset()
		writeColumnHead(&head, c, revision)
		if err := r.withoutCopy(func() error { _, err := readColumnHead(r); return err }); err != nil {
			return err
		}
		if err := r.insert(head.Buf); err != nil {
			return err
		}
		if err := skipValues(r, c, b.Rows); err != nil {
			return err
		}
	}
	return r.copyTo(nil)
}
