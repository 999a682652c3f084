package wire

import (
	"fmt"
	"io"

	"github.com/ClickHouse/ch-go/proto"
)

// Limits of a block, those of ClickHouse's own reader or below.
const (
	maxBlockColumns = 1 << 16
	maxBlockRows    = 1 << 40
)

// field is a column's name and ClickHouse type.
type field struct{ Name, Type string }

// writeBlockInfo writes what stands before every block on the wire: no
// overflow row, no bucket.
func writeBlockInfo(b *proto.Buffer) { proto.BlockInfo{BucketNum: -1}.Encode(b) }

// writeHeader writes a block of those columns and no rows, which has no column
// prefixes either.
func writeHeader(b *proto.Buffer, fields []field, revision int) {
	writeBlockInfo(b)
	b.PutInt(len(fields))
	b.PutInt(0)
	for _, f := range fields {
		b.PutString(f.Name)
		b.PutString(f.Type)
		putCustomFlag(b, revision)
	}
}

// putCustomFlag says, to clients that ask, that a column's values lie as its
// type alone tells.
func putCustomFlag(b *proto.Buffer, revision int) {
	if proto.FeatureCustomSerialization.In(revision) {
		b.PutBool(false)
	}
}

// readDimensions reads how many columns and rows a block has.
func readDimensions(t *tape) (columns, rows uint64, err error) {
	if columns, err = t.uvarint(); err != nil {
		return 0, 0, err
	}
	if rows, err = t.uvarint(); err != nil {
		return 0, 0, truncated(err)
	}
	if columns > maxBlockColumns || rows > maxBlockRows {
		return 0, 0, fmt.Errorf("a block of %d columns and %d rows", columns, rows)
	}
	return columns, rows, nil
}

// readEngineBlock moves over one block of the engine's and returns its columns
// and how many rows it has.
func readEngineBlock(t *tape) (fields []field, rows uint64, err error) {
	columns, rows, err := readDimensions(t)
	if err != nil {
		return nil, 0, err
	}
	for range columns {
		f, err := readField(t)
		if err != nil {
			return nil, 0, err
		}
		if err := passValues(t, f, rows); err != nil {
			return nil, 0, err
		}
		fields = append(fields, f)
	}
	return fields, rows, nil
}

func readField(t *tape) (f field, err error) {
	if f.Name, err = t.string(maxNameBytes); err != nil {
		return field{}, truncated(err)
	}
	if f.Type, err = t.string(maxTypeBytes); err != nil {
		return field{}, truncated(err)
	}
	return f, nil
}

func passValues(t *tape, f field, rows uint64) error {
	c, err := parseType(f.Type)
	if err != nil {
		return fmt.Errorf("column %s: %w", f.Name, err)
	}
	if err := c.passColumn(t, rows); err != nil {
		return fmt.Errorf("column %s of type %s: %w", f.Name, f.Type, truncated(err))
	}
	return nil
}

// copyEngineBlock writes one block of the engine's, which speaks revision 0,
// to dst as a client of that revision reads it. The columns' types are those
// of fields, because revision 0 loses the zone of a DateTime.
func copyEngineBlock(dst io.Writer, t *tape, fields []field, revision int) error {
	var head proto.Buffer
	writeBlockInfo(&head)
	if _, err := dst.Write(head.Buf); err != nil {
		return err
	}
	if err := t.copyTo(dst); err != nil {
		return err
	}
	columns, rows, err := readDimensions(t)
	if err != nil {
		return err
	}
	if columns != uint64(len(fields)) {
		return fmt.Errorf("a block of %d columns where the result has %d", columns, len(fields))
	}
	for _, f := range fields {
		head.Reset()
		head.PutString(f.Name)
		head.PutString(f.Type)
		putCustomFlag(&head, revision)
		if err := t.drop(func() error { _, err := readField(t); return err }); err != nil {
			return err
		}
		if err := t.put(head.Buf); err != nil {
			return err
		}
		if err := passValues(t, f, rows); err != nil {
			return err
		}
	}
	return t.copyTo(nil)
}

// copyClientBlock writes one block a client of that revision sent to dst as
// the engine reads it, at revision 0. A block without columns, which ends the
// data, or without rows writes nothing.
func copyClientBlock(dst io.Writer, t *tape, revision int) (columns, rows uint64, err error) {
	if err := skipBlockInfo(t); err != nil {
		return 0, 0, truncated(err)
	}
	if columns, rows, err = readDimensions(t); err != nil {
		return 0, 0, truncated(err)
	}
	if rows == 0 {
		dst = io.Discard
	}
	var head proto.Buffer
	head.PutUVarInt(columns)
	head.PutUVarInt(rows)
	if _, err := dst.Write(head.Buf); err != nil {
		return 0, 0, err
	}
	for range columns {
		if err := t.copyTo(dst); err != nil {
			return 0, 0, err
		}
		f, err := readField(t)
		if err != nil {
			return 0, 0, err
		}
		if proto.FeatureCustomSerialization.In(revision) {
			if err := t.drop(func() error { return refuseCustom(t, f) }); err != nil {
				return 0, 0, err
			}
		}
		if err := passValues(t, f, rows); err != nil {
			return 0, 0, err
		}
	}
	return columns, rows, t.copyTo(nil)
}

func refuseCustom(t *tape, f field) error {
	custom, err := t.byte()
	if err != nil {
		return truncated(err)
	}
	if custom != 0 {
		return exceptionf(proto.ErrNotImplemented, "Column %s comes in a serialization of its own (sparse, for one); "+
			"send plain columns", f.Name)
	}
	return nil
}

// skipBlockInfo reads the numbered fields before a block.
func skipBlockInfo(t *tape) error {
	for {
		number, err := t.uvarint()
		if err != nil {
			return err
		}
		switch number {
		case 0:
			return nil
		case 1: // is_overflows
			err = t.pass(1)
		case 2: // bucket_num
			err = t.pass(4)
		default:
			err = fmt.Errorf("block info field %d is not known", number)
		}
		if err != nil {
			return err
		}
	}
}
